#include "address_mask.hpp"

#include <algorithm>
#include <cstring>

namespace pg_takeout {

namespace {

bool starts_with(const Network& network, const std::uint8_t* bytes, std::size_t size) {
  return std::memcmp(network.address, bytes, size) == 0;
}

unsigned longest_ipv6_prefix(const Network& address, unsigned ipv4, unsigned ipv6) {
  static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  static constexpr std::uint8_t local_nat64[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
  static constexpr std::uint8_t six_to_four[2] = {0x20, 0x02};
  static constexpr std::uint8_t teredo[4] = {0x20, 0x01, 0x00, 0x00};
  if (starts_with(address, mapped, sizeof mapped) || starts_with(address, nat64, sizeof nat64)) return 96 + ipv4;
  if (starts_with(address, local_nat64, sizeof local_nat64)) return std::min(ipv6, 48U);
  if (starts_with(address, six_to_four, sizeof six_to_four)) return std::min(ipv6, 16 + ipv4);
  if (starts_with(address, teredo, sizeof teredo)) return std::min(ipv6, 32 + ipv4);
  return ipv6;
}

}  // namespace

void mask_ipv6_address(Network* address, MaskLengths lengths) {
  const unsigned ipv4 = std::min<unsigned>(lengths.ipv4, 32);
  const unsigned ipv6 = std::min<unsigned>(lengths.ipv6, 128);
  address->version = 6;
  address->prefix =
      static_cast<std::uint8_t>(std::min<unsigned>(address->prefix, longest_ipv6_prefix(*address, ipv4, ipv6)));
  std::size_t kept_bytes = address->prefix / 8;
  const unsigned bits = address->prefix % 8;
  if (bits > 0) address->address[kept_bytes++] &= static_cast<std::uint8_t>(0xff00U >> bits);
  std::memset(address->address + kept_bytes, 0, sizeof address->address - kept_bytes);
}

}  // namespace pg_takeout
