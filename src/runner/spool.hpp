// Bytes of a file that wait: for those in front of them, or until they are all there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "file_descriptor.hpp"

namespace pg_takeout {

// A file without a name in the directory. These throw Failure (not_delivered).
class Spool {
 public:
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}

  // Makes the file; else the first bytes do.
  void open();
  void write(std::string_view bytes);
  // Hands over all, piece by piece. What has been moved takes no room any more, where the file system can do that.
  void drain(const std::function<void(std::string_view)>& take);
  // The file to be read from its beginning, by a child say.
  [[nodiscard]] int rewound();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string directory_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace pg_takeout
