#include "postgres.hpp"

#include "audit_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

extern "C" {
#include "storage/fd.h"
}

#include "settings.hpp"

namespace pg_takeout {

namespace {

constexpr char name_format[] = "audit-%010llu-%.8s.jsonl";
constexpr Size name_length = sizeof "audit-0000000001-01234567.jsonl" - 1;

// Of the names for which `is_candidate` holds, the one that no other `precedes`.
template <typename Candidate, typename Precedes>
bool choose_file(Candidate is_candidate, Precedes precedes, AuditFile* chosen, AuditFailure* failure) {
  failure->error_number = 0;
  DIR* directory = opendir(settings::audit_directory);
  if (directory == nullptr) return audit_failed(failure, "could not open the audit directory", "");
  bool found = false;
  AuditFile file;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    if (!read_audit_file_name(entry->d_name, &file) || !is_candidate(file.name)) continue;
    if (found && !precedes(file.name, chosen->name)) continue;
    *chosen = file;
    found = true;
  }
  const int error = errno;
  closedir(directory);
  errno = error;
  return error == 0 ? found : audit_failed(failure, "could not read the audit directory", "");
}

bool sync_directory(const char* path, AuditFailure* failure) {
  const int directory = open(path, O_RDONLY | O_CLOEXEC);
  if (directory < 0) return audit_failed(failure, "could not open the audit directory", "");
  const int result = pg_fsync(directory);
  const int error = errno;
  close(directory);
  errno = error;
  // Some file systems do not sync directories, and do not need it.
  if (result == 0 || error == EBADF || error == EINVAL) return true;
  return audit_failed(failure, "could not flush the audit directory", "");
}

}  // namespace

bool audit_failed(AuditFailure* failure, const char* action, const char* file) {
  failure->error_number = errno;
  failure->action = action;
  failure->hint = errno == ENOSPC || errno == EDQUOT
                      ? "Make room in the audit directory."
                      : "The administrator of the server finds its path in the server log.";
  strlcpy(failure->file, file, sizeof failure->file);
  return false;
}

bool audit_refused(AuditFailure* failure, const char* reason, const char* hint) {
  *failure = {0, reason, hint, ""};
  return false;
}

bool read_audit_file_name(const char* name, AuditFile* file) {
  unsigned long long number;
  char chain[9];
  int length = 0;
  if (strlen(name) != name_length) return false;
  if (sscanf(name, "audit-%10llu-%8[0-9a-f].jsonl%n", &number, chain, &length) != 2 ||
      static_cast<Size>(length) != name_length)
    return false;
  strlcpy(file->name, name, sizeof file->name);
  file->number = number;
  return true;
}

void name_audit_file(AuditFile* file, uint64 number, const char* chain) {
  file->number = number;
  snprintf(file->name, sizeof file->name, name_format, static_cast<unsigned long long>(number), chain);
}

const char* audit_path(const char* name) {
  static char path[MAXPGPATH];
  snprintf(path, sizeof path, "%s/%s", settings::audit_directory, name);
  return path;
}

bool next_audit_file(const char* after, AuditFile* file, AuditFailure* failure) {
  return choose_file([after](const char* name) { return after == nullptr || strcmp(name, after) > 0; },
                     [](const char* name, const char* other) { return strcmp(name, other) < 0; }, file, failure);
}

bool previous_audit_file(const char* before, AuditFile* file, AuditFailure* failure) {
  return choose_file([before](const char* name) { return before == nullptr || strcmp(name, before) < 0; },
                     [](const char* name, const char* other) { return strcmp(name, other) > 0; }, file, failure);
}

bool make_audit_directory(AuditFailure* failure) {
  if (mkdir(settings::audit_directory, S_IRWXU) == 0) {
    char parent[MAXPGPATH];
    strlcpy(parent, settings::audit_directory, sizeof parent);
    get_parent_directory(parent);
    return sync_directory(parent[0] == '\0' ? "." : parent, failure);
  }
  if (errno == EEXIST) return true;
  return audit_failed(failure, "could not create the audit directory", "");
}

bool sync_audit_directory(AuditFailure* failure) { return sync_directory(settings::audit_directory, failure); }

bool lock_audit_directory() {
  static int directory = -1;
  if (directory >= 0) return true;
  directory = open(settings::audit_directory, O_RDONLY | O_CLOEXEC);
  // Where there is no directory yet there is nobody else, and not all network file systems lock directories.
  if (directory < 0 || flock(directory, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true;
  close(directory);
  directory = -1;
  return false;
}

void describe_audit_home(char* text, Size room) {
  char host[65] = "";
  gethostname(host, sizeof host - 1);
  struct stat status {};
  stat(settings::audit_directory, &status);
  snprintf(text, room, "%s:%llu", host, static_cast<unsigned long long>(status.st_ino));
}

bool audit_is_inside_data_directory() {
  char* directory = realpath(settings::audit_directory, nullptr);
  char* data = realpath(DataDir, nullptr);
  const bool inside = directory != nullptr && data != nullptr && path_is_prefix_of_path(data, directory);
  free(directory);
  free(data);
  return inside;
}

std::ptrdiff_t read_audit_file(void* file, std::uint64_t offset, char* buffer, std::size_t size) {
  return pread(*static_cast<int*>(file), buffer, size, static_cast<off_t>(offset));
}

int open_audit_file(const char* name, int flags, AuditFailure* failure) {
  const int file = BasicOpenFilePerm(audit_path(name), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0)
    audit_failed(failure, (flags & O_CREAT) != 0 ? "could not create an audit file" : "could not open an audit file",
                 name);
  return file;
}

}  // namespace pg_takeout
