// Lines of the audit, as tests of the core write them.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "audit_chain.hpp"
#include "audit_line.hpp"

namespace pg_takeout {

// A chain that grows line by line.
struct TestChain {
  std::uint64_t sequence = 0;
  Sha256Digest head{};

  std::string add(std::string_view event, const AuditBody& body = {}, std::uint64_t export_id = 0) {
    char line[audit_line_room];
    const std::size_t length =
        write_audit_line(line, {++sequence, 849'000'000'000'000 + static_cast<std::int64_t>(sequence), head}, event,
                         export_id, body, &head);
    REQUIRE(length > 0);
    return {line, length};
  }
};

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
