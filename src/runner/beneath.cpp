#include "beneath.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "failure.hpp"

namespace pg_takeout {

namespace {

// The server has checked it too; what it says is not to be relied on here.
bool is_safe_part(const std::string& part) {
  return !part.empty() && part[0] != '.' && part[0] != '-' &&
         std::none_of(part.begin(), part.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F || c == '\\'; });
}

struct CloseListing {
  void operator()(DIR* listing) const { closedir(listing); }
};

int open_folder(int parent, const std::string& name) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long folder = syscall(SYS_openat2, parent, name.c_str(), &how, sizeof how);
  if (folder >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(folder);
  // A kernel before 5.6, or a container that allows what it knows: one part that is no link and not .. leads nowhere else.
  return openat(parent, name.c_str(), static_cast<int>(how.flags));
}

}  // namespace

void check_path(const std::string& path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (!is_safe_part(path.substr(begin, end - begin)))
      throw Failure(ExitCode::not_delivered, "\"" + path + "\" is not the name of a file below a directory");
    begin = end + 1;
  }
}

FilePlace place_beneath(const FileDescriptor& root, const std::string& path, bool make_folders) {
  const auto fail = [&path](const char* what) {
    return system_failure(ExitCode::not_delivered, std::string(what) + " \"" + path + "\"");
  };
  check_path(path);
  FilePlace place{FileDescriptor(fcntl(root.get(), F_DUPFD_CLOEXEC, 3)), ""};
  for (std::size_t begin = 0;;) {
    const std::size_t slash = path.find('/', begin);
    const std::string part = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
    if (slash == std::string::npos) {
      place.name = part;
      return place;
    }
    if (make_folders) {
      const bool is_made = mkdirat(place.directory.get(), part.c_str(), 0755) == 0;
      if (!is_made && errno != EEXIST) throw fail("cannot make a folder for");
      if (is_made && fsync(place.directory.get()) != 0) throw fail("cannot write to the disk the folder of");
    }
    FileDescriptor folder(open_folder(place.directory.get(), part));
    if (!folder.is_open()) throw fail("cannot open the folder of");
    place.directory = std::move(folder);
    begin = slash + 1;
  }
}

void remove_abandoned(const FileDescriptor& directory) {
  const int copy = openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  const std::unique_ptr<DIR, CloseListing> listing(fdopendir(copy));
  while (const dirent* entry = listing != nullptr ? readdir(listing.get()) : nullptr) {
    if (!std::string_view(entry->d_name).starts_with(temporary_prefix)) continue;
    constexpr int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    // Over NFS only who may write may lock; elsewhere the file's mode may be one for readers.
    FileDescriptor file(openat(directory.get(), entry->d_name, O_RDWR | flags));
    if (!file.is_open()) file = FileDescriptor(openat(directory.get(), entry->d_name, O_RDONLY | flags));
    // Its writer holds a lock on it as long as it lives.
    if (file.is_open() && flock(file.get(), LOCK_EX | LOCK_NB) == 0) unlinkat(directory.get(), entry->d_name, 0);
  }
}

}  // namespace pg_takeout
