// A file of the audit in memory, for tests and fuzz targets of what reads it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace pg_takeout {

// Gives at most `block` bytes at a time.
struct TestFile {
  std::string bytes;
  std::size_t block = 1 << 20;

  static std::ptrdiff_t read(void* file, std::uint64_t offset, char* buffer, std::size_t size) {
    const auto& self = *static_cast<TestFile*>(file);
    if (offset >= self.bytes.size()) return 0;
    const std::size_t length = std::min({size, self.block, self.bytes.size() - static_cast<std::size_t>(offset)});
    std::memcpy(buffer, self.bytes.data() + offset, length);
    return static_cast<std::ptrdiff_t>(length);
  }
};

}  // namespace pg_takeout
