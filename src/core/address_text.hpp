// IP addresses as other standards quote them in text.
#pragma once

#include <cstdint>
#include <string_view>

namespace pg_takeout {

// Whether 010 is ten (RFC 5321 section 4.1.3 allows it) or an error (RFC 3986 section 3.2.2), because to many programs it
// is eight.
enum class LeadingZeros { refused, allowed };

// Four numbers of 0 to 255 with dots between them.
[[nodiscard]] bool parse_ipv4(std::string_view text, LeadingZeros zeros, std::uint8_t* address);

struct Ipv6Address {
  std::uint8_t bytes[16];
  unsigned groups_left_out;  // by the ::, 0 where there is none
};

// RFC 4291 section 2.2, the form with an IPv4 address at its end too. No zone, no prefix length.
[[nodiscard]] bool parse_ipv6(std::string_view text, LeadingZeros zeros, Ipv6Address& address);

}  // namespace pg_takeout
