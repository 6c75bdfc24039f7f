#include "address_text.hpp"

#include <algorithm>
#include <cstring>

#include "byte_set.hpp"

namespace pg_takeout {

namespace {

constexpr int group_count = 8;

// A number of one to three digits up to 255; -1 if it is none.
int octet_of(std::string_view digits, LeadingZeros zeros) {
  if (digits.empty() || digits.size() > 3 || !ascii_digit.holds_all_of(digits)) return -1;
  if (zeros == LeadingZeros::refused && digits.size() > 1 && digits.front() == '0') return -1;
  int value = 0;
  for (const char digit : digits) value = 10 * value + (digit - '0');
  return value <= 255 ? value : -1;
}

// One to four hexadecimal digits; -1 if there are others.
int group_of(std::string_view digits) {
  if (digits.empty() || digits.size() > 4 || !hex_digit.holds_all_of(digits)) return -1;
  int value = 0;
  for (const char digit : digits) value = 16 * value + (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  return value;
}

// The groups that are written, and where among them the :: stands.
struct Groups {
  std::uint8_t bytes[2 * group_count];
  int count = 0;
  int gap = -1;

  void add(int group) {
    bytes[2 * count] = static_cast<std::uint8_t>(group >> 8);
    bytes[2 * count + 1] = static_cast<std::uint8_t>(group);
    ++count;
  }
};

// Takes the group or, at the end, the IPv4 address that begins the text off it.
bool take_group(std::string_view& text, LeadingZeros zeros, Groups& groups) {
  const std::string_view part = text.substr(0, text.find(':'));
  text.remove_prefix(part.size());
  if (part.find('.') != std::string_view::npos) {
    if (!text.empty() || groups.count > group_count - 2) return false;
    if (!parse_ipv4(part, zeros, groups.bytes + 2 * groups.count)) return false;
    groups.count += 2;
    return true;
  }
  const int group = group_of(part);
  if (group < 0 || groups.count == group_count) return false;
  groups.add(group);
  return true;
}

// Takes the : or :: between two groups, or the :: at the end.
bool take_separator(std::string_view& text, Groups& groups) {
  text.remove_prefix(1);
  if (!text.starts_with(':')) return !text.empty();
  if (groups.gap >= 0) return false;
  groups.gap = groups.count;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool parse_ipv4(std::string_view text, LeadingZeros zeros, std::uint8_t* address) {
  for (int i = 0; i < 4; ++i) {
    const std::string_view digits = text.substr(0, text.find('.'));
    const int octet = octet_of(digits, zeros);
    if (octet < 0) return false;
    address[i] = static_cast<std::uint8_t>(octet);
    text.remove_prefix(digits.size());
    if (i == 3) break;
    if (text.empty()) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

bool parse_ipv6(std::string_view text, LeadingZeros zeros, Ipv6Address& address) {
  Groups groups;
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
  } else if (text.empty()) {
    return false;
  }
  while (!text.empty()) {
    if (!take_group(text, zeros, groups)) return false;
    if (!text.empty() && !take_separator(text, groups)) return false;
  }
  const int left_out = group_count - groups.count;
  if (groups.gap < 0 ? left_out != 0 : left_out < 1) return false;

  const auto before = static_cast<std::size_t>(2 * std::max(groups.gap, 0));
  const auto written = static_cast<std::size_t>(2 * groups.count);
  std::memset(address.bytes, 0, sizeof address.bytes);
  std::memcpy(address.bytes, groups.bytes, before);
  std::memcpy(address.bytes + sizeof address.bytes - (written - before), groups.bytes + before, written - before);
  address.groups_left_out = static_cast<unsigned>(left_out);
  return true;
}

}  // namespace pg_takeout
