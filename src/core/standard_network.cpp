#include "standard_network.hpp"

#include <cstddef>

#include "address_text.hpp"
#include "byte_set.hpp"

namespace pg_takeout {

namespace {

// -1 for what is no length.
int prefix_length(std::string_view digits) {
  if (digits.empty() || digits.size() > 3 || !ascii_digit.holds_all_of(digits)) return -1;
  if (digits.size() > 1 && digits.front() == '0') return -1;
  int length = 0;
  for (const char digit : digits) length = 10 * length + (digit - '0');
  return length;
}

bool has_host_bits(const std::uint8_t* address, int width, int prefix) {
  for (int bit = prefix; bit < width; ++bit)
    if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
  return false;
}

}  // namespace

BrokenRule check_ip_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return "has no / and length of the prefix (RFC 4632 section 3.1)";
  const std::string_view address = text.substr(0, slash);
  Ipv6Address ipv6;
  std::uint8_t ipv4[4];
  const bool is_ipv4 = parse_ipv4(address, LeadingZeros::refused, ipv4);
  if (!is_ipv4 && !parse_ipv6(address, LeadingZeros::refused, ipv6))
    return "does not begin with an IPv4 or IPv6 address (RFC 4632 section 3.1, RFC 4291 section 2.2)";

  const int width = is_ipv4 ? 32 : 128;
  const int prefix = prefix_length(text.substr(slash + 1));
  if (prefix < 0 || prefix > width) return "its prefix is not 0 to 32, or 128 for IPv6 (RFC 4632 section 3.1)";
  return has_host_bits(is_ipv4 ? ipv4 : ipv6.bytes, width, prefix)
             ? "has bits set behind its prefix (RFC 4632 section 3.1)"
             : nullptr;
}

}  // namespace pg_takeout
