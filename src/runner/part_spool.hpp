// Bytes of a file that wait for those in front of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "file_descriptor.hpp"

namespace pg_takeout {

// A file without a name, made when the first bytes come. These throw Failure (not_delivered).
class PartSpool {
 public:
  explicit PartSpool(std::string directory) : directory_(std::move(directory)) {}

  void write(std::string_view bytes);
  // Hands over all, piece by piece. What has been moved takes no room any more, where the file system can do that.
  void drain(const std::function<void(std::string_view)>& take);

 private:
  void open();

  std::string directory_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace pg_takeout
