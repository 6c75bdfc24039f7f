#include "standard_url.hpp"

#include <cstddef>
#include <cstdint>

#include "address_text.hpp"
#include "byte_set.hpp"

namespace pg_takeout {

namespace {

// RFC 3986 section 2 and appendix A.
constexpr ByteSet unreserved = ascii_alphanumeric | ByteSet("-._~");
constexpr ByteSet sub_delims = ByteSet("!$&'()*+,;=");
constexpr ByteSet scheme_byte = ascii_alphanumeric | ByteSet("+-.");
constexpr ByteSet host_byte = unreserved | sub_delims;
constexpr ByteSet user_byte = host_byte | ByteSet(":");
constexpr ByteSet path_byte = user_byte | ByteSet("@/");
constexpr ByteSet query_byte = path_byte | ByteSet("?");

// Of bytes of the set, and of % before two hexadecimal digits.
bool is_of(std::string_view text, const ByteSet& set) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (set.holds(text[i])) continue;
    if (text[i] != '%' || text.size() - i < 3 || !hex_digit.holds_all_of(text.substr(i + 1, 2))) return false;
    i += 2;
  }
  return true;
}

// Takes what comes before the first of the bytes, or all, off the text.
std::string_view take_until(std::string_view& text, std::string_view bytes) {
  const std::string_view part = text.substr(0, text.find_first_of(bytes));
  text.remove_prefix(part.size());
  return part;
}

// RFC 3986 section 3.2.2, IPvFuture.
bool is_future_address(std::string_view text) {
  if (text.empty() || (text.front() | 0x20) != 'v') return false;
  text.remove_prefix(1);
  const std::string_view version = take_until(text, ".");
  return !version.empty() && hex_digit.holds_all_of(version) && text.size() > 1 &&
         user_byte.holds_all_of(text.substr(1));
}

BrokenRule check_host_and_port(std::string_view text) {
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    const std::string_view address = take_until(text, "]");
    Ipv6Address ipv6;
    if (text.empty() || !(parse_ipv6(address, LeadingZeros::refused, ipv6) || is_future_address(address)))
      return "what stands in brackets is no IPv6 address (RFC 3986 section 3.2.2)";
    text.remove_prefix(1);
  } else {
    const std::string_view name = take_until(text, ":");
    if (name.empty()) return "has no host (RFC 3986 section 3.2.2)";
    if (!is_of(name, host_byte)) return "its host has a character that is not allowed there (RFC 3986 section 3.2.2)";
  }
  if (text.empty()) return nullptr;
  if (!text.starts_with(':') || !ascii_digit.holds_all_of(text.substr(1)))
    return "its port is not a number (RFC 3986 section 3.2.3)";
  return nullptr;
}

BrokenRule check_authority(std::string_view text) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!is_of(text.substr(0, at), user_byte))
      return "its user information has a character that is not allowed there (RFC 3986 section 3.2.1)";
    text.remove_prefix(at + 1);
  }
  return check_host_and_port(text);
}

}  // namespace

BrokenRule check_url(std::string_view text) {
  const std::string_view scheme = take_until(text, ":");
  if (scheme.empty() || !ascii_letter.holds(scheme.front()) || !scheme_byte.holds_all_of(scheme) || text.empty())
    return "does not begin with a scheme (RFC 3986 section 3.1)";
  if (!text.starts_with("://")) return "has no host after its scheme (RFC 3986 section 3.2)";
  text.remove_prefix(3);
  if (const BrokenRule rule = check_authority(take_until(text, "/?#"))) return rule;
  if (!is_of(take_until(text, "?#"), path_byte))
    return "its path has a character to be percent-encoded (RFC 3986 section 3.3)";
  if (text.starts_with('?')) {
    text.remove_prefix(1);
    if (!is_of(take_until(text, "#"), query_byte))
      return "its query has a character to be percent-encoded (RFC 3986 section 3.4)";
  }
  if (text.starts_with('#') && !is_of(text.substr(1), query_byte))
    return "its fragment has a character to be percent-encoded (RFC 3986 section 3.5)";
  return nullptr;
}

}  // namespace pg_takeout
