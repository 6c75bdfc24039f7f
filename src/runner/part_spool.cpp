#include "part_spool.hpp"

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

[[noreturn]] void fail(const char* what) {
  throw system_failure(ExitCode::not_delivered, std::string("cannot ") + what + " a part of the file");
}

}  // namespace

void PartSpool::open() {
  file_ = FileDescriptor(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (file_.is_open()) return;
  // Not every file system has files without names; see OutputFile.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) fail("keep");
  std::string path = directory_ + "/" + temporary_prefix + "XXXXXX";
  file_ = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
  if (!file_.is_open() || unlink(path.c_str()) != 0) fail("keep");
}

void PartSpool::write(std::string_view bytes) {
  if (!file_.is_open()) open();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail("write");
    if (written <= 0) continue;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void PartSpool::drain(const std::function<void(std::string_view)>& take) {
  std::vector<char> room(std::min<std::uint64_t>(size_, piece));
  for (std::uint64_t done = 0; done < size_;) {
    const ssize_t got = pread(file_.get(), room.data(), room.size(), static_cast<off_t>(done));
    if (got == 0) errno = EIO;
    if (got <= 0 && errno != EINTR) fail("read");
    if (got <= 0) continue;
    take({room.data(), static_cast<std::size_t>(got)});
    (void)fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(done), got);
    done += static_cast<std::uint64_t>(got);
  }
  size_ = 0;
  file_ = FileDescriptor();
}

}  // namespace pg_takeout
