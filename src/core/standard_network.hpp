// IP networks.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// An address, a slash and the length of its prefix, with no bits of the host: 203.0.113.0/24 (RFC 4632 section 3.1) or
// 2001:db8::/48 (RFC 4291 section 2.3). Decimal numbers have no leading zeros.
[[nodiscard]] BrokenRule check_ip_network(std::string_view text);

}  // namespace pg_takeout
