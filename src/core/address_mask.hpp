// Masking of IP addresses: what is left of an address that leaves the database.
#pragma once

#include <algorithm>
#include <cstring>

#include "cell.hpp"

namespace pg_takeout {

// Longest prefixes, in bits, that may leave.
struct MaskLengths {
  std::uint8_t ipv4 = 24;
  std::uint8_t ipv6 = 48;
};

void mask_ipv6_address(Network* address, MaskLengths lengths);

// The network that stands for the address: host bits are zero and the prefix is at most as long as allowed;
// a shorter one stays. An IPv4 address inside IPv6 is held to the IPv4 length too:
// ::ffff:0:0/96 (RFC 4291) and 64:ff9b::/96 (RFC 6052) keep 96 + ipv4 bits, 2002::/16 (6to4, RFC 3056) the smaller
// of ipv6 and 16 + ipv4; 2001::/32 (Teredo, RFC 4380) the smaller of ipv6 and 32 + ipv4; 64:ff9b:1::/48 (RFC 8215)
// at most 48.
//
// In place: a copy of what was just written byte by byte would wait for the bytes.
inline void mask_address(Network* address, MaskLengths lengths) {
  if (address->version != 4) return mask_ipv6_address(address, lengths);
  const unsigned prefix = std::min({unsigned{address->prefix}, unsigned{lengths.ipv4}, 32U});
  const auto mask = static_cast<std::uint32_t>(0xffff'ffff'0000'0000U >> prefix);
  address->prefix = static_cast<std::uint8_t>(prefix);
  for (unsigned i = 0; i < 4; ++i) address->address[i] &= static_cast<std::uint8_t>(mask >> (24 - 8 * i));
  std::memset(address->address + 4, 0, sizeof address->address - 4);
}

}  // namespace pg_takeout
