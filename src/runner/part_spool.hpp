// Bytes of a file that wait for those in front of them.
#pragma once

#include <cstdint>
#include <string>

#include "file_descriptor.hpp"
#include "output.hpp"

namespace pg_takeout {

// A file without a name, made when the first bytes come. These throw Failure (not_delivered).
class PartSpool {
 public:
  explicit PartSpool(std::string directory) : directory_(std::move(directory)) {}

  void write(std::string_view bytes);
  // Moves all to the output. What has been moved takes no room any more, where the file system can do that.
  void drain(Output& output);

 private:
  void open();

  std::string directory_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace pg_takeout
