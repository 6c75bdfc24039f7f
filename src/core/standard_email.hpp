// Email addresses.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// What is both an addr-spec of RFC 5322 section 3.4.1 (the successor of RFC 822), without comments, folding white space
// and obsolete forms, and a Mailbox of RFC 5321 section 4.1.2:
//
//   local part   atoms with dots between them, or a quoted string; at most 64 octets
//   domain       see check_domain(), or [IPv4 address] or [IPv6:IPv6 address] (RFC 5321 section 4.1.3)
//
// and at most 254 octets long (RFC 5321 section 4.5.3.1.3 less the angle brackets). Any character beyond ASCII may stand in
// the local part (RFC 6531 section 3.3, RFC 6532 section 3.1).
[[nodiscard]] BrokenRule check_email(std::string_view text);

}  // namespace pg_takeout
