// A file that appears under its name when it is whole, and not before.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "file_descriptor.hpp"
#include "output.hpp"

namespace pg_takeout {

// Readable by its owner only, unless the mode says otherwise, and locked (flock) by its writer until it has its name.
// Written without a name where the file system can do that, else under a temporary one beside it; settle() writes it through
// to the disk; finish() does if that was left out, gives it its name, in the place of a file that has it, and writes through
// the directory.
class OutputFile final : public Output {
 public:
  // name: of the file in the directory. sync: false leaves it to the kernel when to write to the disk. meanwhile: called while
  // the disk is waited for; what it throws ends the wait.
  OutputFile(FileDescriptor directory, std::string name, bool sync, std::function<void()> meanwhile);
  OutputFile(FileDescriptor directory, std::string name, bool sync, std::function<void()> meanwhile, unsigned mode);
  ~OutputFile() override;

  void write(std::string_view bytes) override;
  void settle() override;
  void finish() override;

 private:
  bool open_temporary();
  void start_writeback();
  void give_name();
  void sync(const FileDescriptor& descriptor, const char* what);
  [[noreturn]] void fail(const char* what) const;

  FileDescriptor directory_;
  std::string name_;
  std::string temporary_;  // empty while the file has no name
  FileDescriptor file_;
  bool sync_;
  std::function<void()> meanwhile_;
  std::int64_t written_ = 0;            // bytes
  std::int64_t writeback_started_ = 0;  // for the bytes before
  bool settled_ = false;
};

// The start of the temporary names, and so of what a killed program may leave.
inline constexpr char temporary_prefix[] = ".takeout-";

// The directory of a path, and its last part. Throws Failure (not_delivered).
struct FilePlace {
  FileDescriptor directory;
  std::string name;
};
[[nodiscard]] FilePlace place_of(const std::string& path);

}  // namespace pg_takeout
