#include "spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "failure.hpp"
#include "output_file.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t piece = 1 << 20;

}  // namespace

void Spool::fail(const char* what) const {
  throw system_failure(ExitCode::not_delivered,
                       std::string("cannot ") + what + " the spool directory \"" + directory_ + "\"");
}

void Spool::open() {
  if (file_.is_open()) return;
  file_ = FileDescriptor(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (file_.is_open()) return;
  // Not every file system has files without names; see OutputFile.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) fail("make a file in");
  std::string path = directory_ + "/" + temporary_prefix + "XXXXXX";
  file_ = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
  if (!file_.is_open() || unlink(path.c_str()) != 0) fail("make a file in");
}

void Spool::write(std::string_view bytes) {
  open();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail("write to");
    if (written <= 0) continue;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

int Spool::rewound() {
  open();
  if (lseek(file_.get(), 0, SEEK_SET) != 0) fail("read from");
  return file_.get();
}

void Spool::drain(const std::function<void(std::string_view)>& take) {
  std::vector<char> room(std::min<std::uint64_t>(size_, piece));
  for (std::uint64_t done = 0; done < size_;) {
    const ssize_t got = pread(file_.get(), room.data(), room.size(), static_cast<off_t>(done));
    if (got == 0) errno = EIO;
    if (got <= 0 && errno != EINTR) fail("read from");
    if (got <= 0) continue;
    take({room.data(), static_cast<std::size_t>(got)});
    (void)fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(done), got);
    done += static_cast<std::uint64_t>(got);
  }
  size_ = 0;
  file_ = FileDescriptor();
}

}  // namespace pg_takeout
