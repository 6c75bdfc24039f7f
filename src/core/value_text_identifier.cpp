#include <cstring>

#include "digit_pairs.hpp"
#include "hex_text.hpp"
#include "value_text.hpp"

namespace pg_takeout {

namespace {

char* write_ipv4(char* out, const std::uint8_t* address) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = write_octet(out, address[i]);
  }
  return out;
}

// RFC 5952 section 4.1: no leading zeros, lower case.
char* write_hex_group(char* out, std::uint32_t group) {
  for (int shift = 12; shift >= 0; shift -= 4) {
    if (shift == 0 || group >> shift != 0) *out++ = "0123456789abcdef"[(group >> shift) & 0xf];
  }
  return out;
}

struct ZeroRun {
  int first = 0;
  int length = 0;
};

// RFC 5952 section 4.2: the longest run of at least two groups, the first of equal ones.
ZeroRun longest_zero_run(const std::uint32_t (&groups)[8]) {
  ZeroRun best;
  for (int i = 0; i < 8;) {
    int end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  return best.length >= 2 ? best : ZeroRun{};
}

char* write_ipv6(char* out, const std::uint8_t* address) {
  std::uint32_t groups[8];
  for (int i = 0; i < 8; ++i) groups[i] = static_cast<std::uint32_t>(address[2 * i] << 8 | address[2 * i + 1]);
  const ZeroRun zeros = longest_zero_run(groups);
  // RFC 5952 section 5, for the prefixes that PostgreSQL's inet prints so: IPv4-mapped and IPv4-compatible (RFC 4291
  // section 2.5.5).
  const bool holds_ipv4 = zeros.first == 0 && ((zeros.length == 5 && groups[5] == 0xffff) || zeros.length == 6);
  const int groups_in_hex = holds_ipv4 ? 6 : 8;
  for (int i = 0; i < groups_in_hex;) {
    if (zeros.length > 0 && i == zeros.first) {
      *out++ = ':';
      *out++ = ':';
      i += zeros.length;
      continue;
    }
    if (i > 0 && out[-1] != ':') *out++ = ':';
    out = write_hex_group(out, groups[i++]);
  }
  if (!holds_ipv4) return out;
  if (out[-1] != ':') *out++ = ':';
  return write_ipv4(out, address + 12);
}

}  // namespace

char* write_uuid(char* out, const unsigned char* bytes) {
  char digits[32];
  write_hex_block(digits, bytes);
  std::memcpy(out, digits, 8);
  out[8] = '-';
  std::memcpy(out + 9, digits + 8, 4);
  out[13] = '-';
  std::memcpy(out + 14, digits + 12, 4);
  out[18] = '-';
  std::memcpy(out + 19, digits + 16, 4);
  out[23] = '-';
  std::memcpy(out + 24, digits + 20, 12);
  return out + 36;
}

char* write_network(char* out, const Network& network) {
  out = network.version == 4 ? write_ipv4(out, network.address) : write_ipv6(out, network.address);
  *out++ = '/';
  return write_octet(out, network.prefix);
}

}  // namespace pg_takeout
