"""What disks do wrong, by a library that is preloaded."""

import subprocess

import pytest

from runner import environment
from throwaway_server import wait_until

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is(const char *name) { const char *fault = getenv("FAULT"); return fault && strcmp(fault, name) == 0; }

// Fails, or takes its time, or waits for who says go on, or does none of it.
static int meets(const char *name) {
  const char *fault = getenv("FAULT");
  if (is("slow")) usleep(300 * 1000);
  if (fault && strncmp(fault, "held ", 5) == 0 && strcmp(fault + 5, name) == 0) {
    close(creat(getenv("FAULT_REACHED"), 0600));
    while (access(getenv("FAULT_GO_ON"), F_OK) != 0) usleep(10 * 1000);
  }
  if (is(name)) errno = EIO;
  return is(name);
}

static int has_type(int fd, mode_t type) { struct stat s; return fstat(fd, &s) == 0 && (s.st_mode & S_IFMT) == type; }

int fsync(int fd) {
  if (meets(has_type(fd, S_IFDIR) ? "fsync of a directory" : "fsync")) return -1;
  return ((int (*)(int)) dlsym(RTLD_NEXT, "fsync"))(fd);
}

int linkat(int a, const char *b, int c, const char *d, int flags) {
  if (meets("linkat")) return -1;
  return ((int (*)(int, const char *, int, const char *, int)) dlsym(RTLD_NEXT, "linkat"))(a, b, c, d, flags);
}

static int is_locked(int directory, const char *name) {
  int fd = openat(directory, name, O_RDWR);
  int locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
  close(fd);
  return locked;
}

int renameat(int a, const char *b, int c, const char *d) {
  if (meets("renameat") || (is("rename without a lock") && !is_locked(a, b))) return -1;
  return ((int (*)(int, const char *, int, const char *)) dlsym(RTLD_NEXT, "renameat"))(a, b, c, d);
}

int openat(int fd, const char *path, int flags, ...) {
  va_list list; va_start(list, flags); int mode = va_arg(list, int); va_end(list);
  if ((is("tmpfile") || is("fchmod") || is("removal of a temporary file")) && (flags & O_TMPFILE) == O_TMPFILE) { errno = EOPNOTSUPP; return -1; }
  int result = ((int (*)(int, const char *, int, ...)) dlsym(RTLD_NEXT, "openat"))(fd, path, flags, mode);
  static int removed = 0;
  if (is("removal of a temporary file") && (flags & O_EXCL) && !removed++) unlinkat(fd, path, 0);
  return result;
}

int fchmod(int fd, mode_t mode) {
  if (meets("fchmod")) return -1;
  return ((int (*)(int, mode_t)) dlsym(RTLD_NEXT, "fchmod"))(fd, mode);
}

// As a file system that is mounted from elsewhere.
int flock(int fd, int operation) {
  if (is("lock for readers") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) { errno = EBADF; return -1; }
  return ((int (*)(int, int)) dlsym(RTLD_NEXT, "flock"))(fd, operation);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset) {
  meets("pread");
  return ((ssize_t (*)(int, void *, size_t, off_t)) dlsym(RTLD_NEXT, "pread"))(fd, bytes, size, offset);
}

// As a container's rules for system calls that it does not know.
long syscall(long number, ...) {
  va_list list; va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (is("openat2") && number == SYS_openat2) { errno = EPERM; return -1; }
  return ((long (*)(long, ...)) dlsym(RTLD_NEXT, "syscall"))(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  static size_t room = 1000000;
  if (is("write") && has_type(fd, S_IFREG)) {
    if (room == 0) { errno = ENOSPC; return -1; }
    if (size > room) size = room;
    room -= size;
  }
  return ((ssize_t (*)(int, const void *, size_t)) dlsym(RTLD_NEXT, "write"))(fd, bytes, size);
}
"""


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    """faults(database, name): an environment in which what the name says fails; where that is "slow", all of it takes 0.3 s."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "faults.c").write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "faults.so", folder / "faults.c", "-ldl"], check=True)
    return lambda database, name, **variables: environment(database, LD_PRELOAD=str(folder / "faults.so"), FAULT=name, **variables)


class HeldDisk:
    """An environment in which a call to the system does not return until it may."""

    def __init__(self, faults, database, call, folder):
        self._reached, self._go_on = folder / "reached", folder / "go on"
        self.environ = faults(database, f"held {call}", FAULT_REACHED=str(self._reached), FAULT_GO_ON=str(self._go_on))

    def reached(self):
        """Returns once a call waits."""
        wait_until(self._reached.exists)

    def go_on(self):
        self._go_on.touch()


@pytest.fixture
def held_disk(faults, database, tmp_path_factory):
    """held_disk(call): call is what the source above says it meets, such as "fsync of a directory"."""
    return lambda call: HeldDisk(faults, database, call, tmp_path_factory.mktemp("held"))
