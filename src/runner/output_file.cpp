#include "output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <utility>

#include "beside.hpp"
#include "failure.hpp"

namespace pg_takeout {

namespace {

constexpr std::int64_t writeback_size = 8 * 1024 * 1024;  // bytes

std::string random_name() {
  std::random_device random;
  const std::uint64_t number = std::uint64_t{random()} << 32 | random();
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return std::string(temporary_prefix) + digits;
}

}  // namespace

OutputFile::OutputFile(FileDescriptor directory, std::string name, bool sync, std::function<void()> meanwhile)
    : directory_(std::move(directory)), name_(std::move(name)), sync_(sync), meanwhile_(std::move(meanwhile)) {
  file_ = FileDescriptor(openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  // Not every file system has files without names: EOPNOTSUPP, and EISDIR or ENOENT from old kernels.
  if (!file_.is_open()) {
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) fail("cannot create");
    while (!open_temporary()) continue;
  } else {
    flock(file_.get(), LOCK_EX | LOCK_NB);
  }
}

OutputFile::OutputFile(FileDescriptor directory, std::string name, bool sync, std::function<void()> meanwhile,
                       unsigned mode)
    : OutputFile(std::move(directory), std::move(name), sync, std::move(meanwhile)) {
  // Whatever the umask.
  if (mode != 0600 && fchmod(file_.get(), mode) != 0) fail("cannot set the mode of");
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
}

// False where the file was taken for abandoned, and removed, before it was locked.
bool OutputFile::open_temporary() {
  temporary_ = random_name();
  file_ = FileDescriptor(
      openat(directory_.get(), temporary_.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600));
  if (!file_.is_open()) fail("cannot create");
  flock(file_.get(), LOCK_EX);
  struct stat status {};
  return fstat(file_.get(), &status) != 0 || status.st_nlink > 0;
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail("cannot write");
    if (written <= 0) continue;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    written_ += written;
  }
  if (sync_ && written_ - writeback_started_ >= writeback_size) start_writeback();
}

// The disk is busy while the export goes on, and fsync() finds little left to do. Only a hint: whether the bytes are safe, that
// alone tells.
void OutputFile::start_writeback() {
  (void)sync_file_range(file_.get(), writeback_started_, written_ - writeback_started_, SYNC_FILE_RANGE_WRITE);
  writeback_started_ = written_;
}

void OutputFile::settle() {
  sync(file_, "cannot write to the disk");
  settled_ = true;
}

void OutputFile::finish() {
  if (!settled_) settle();
  if (temporary_.empty()) give_name();
  const FileDescriptor lock(fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));  // holds it until the end
  // Some file systems report a failed write only here.
  if (!file_.close()) fail("cannot write");
  if (renameat(directory_.get(), temporary_.c_str(), directory_.get(), name_.c_str()) != 0) fail("cannot rename to");
  temporary_.clear();
  sync(directory_, "cannot write to the disk the directory of");
}

void OutputFile::sync(const FileDescriptor& descriptor, const char* what) {
  if (!sync_) return;
  const auto own = std::make_shared<FileDescriptor>(fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  errno = run_beside([own] { return fsync(own->get()) == 0 ? 0 : errno; }, meanwhile_);
  if (errno != 0) fail(what);
}

// A link cannot take the place of a file, a rename can: so it has a temporary name for a moment.
void OutputFile::give_name() {
  const std::string temporary = random_name();
  const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
  if (linkat(AT_FDCWD, self.c_str(), directory_.get(), temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) fail("cannot name");
  temporary_ = temporary;
}

void OutputFile::fail(const char* what) const {
  throw system_failure(ExitCode::not_delivered, std::string(what) + " \"" + name_ + "\"");
}

FilePlace place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  FilePlace place{FileDescriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                  slash == std::string::npos ? path : path.substr(slash + 1)};
  if (!place.directory.is_open())
    throw system_failure(ExitCode::not_delivered, "cannot open directory \"" + folder + "\"");
  if (place.name.empty() || place.name == "." || place.name == "..")
    throw Failure(ExitCode::usage, "\"" + path + "\" is not the name of a file");
  return place;
}

}  // namespace pg_takeout
