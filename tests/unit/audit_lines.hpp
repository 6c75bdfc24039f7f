// Lines of the audit, as tests of the core write them.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "audit_chain.hpp"
#include "audit_file.hpp"
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

}  // namespace pg_takeout
