#include "standard_email.hpp"

#include <cstddef>

#include "address_text.hpp"
#include "byte_set.hpp"
#include "standard_domain.hpp"
#include "utf8_reader.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t max_address = 254;
constexpr std::size_t max_local_part = 64;
// RFC 5321 section 4.1.3: "The "::" represents at least 2 16-bit groups of zeros."
constexpr unsigned least_groups_left_out = 2;

constexpr ByteSet atom_byte =
    ascii_alphanumeric | ByteSet("!#$%&'*+-/=?^_`{|}~") | not_ascii;  // RFC 5322 section 3.2.3
// RFC 5321 section 4.1.2: what stands for itself in a quoted string, and what may follow a backslash.
constexpr ByteSet quoted_byte = ByteSet::range(32, 33) | ByteSet::range(35, 91) | ByteSet::range(93, 126) | not_ascii;
constexpr ByteSet escaped_byte = ByteSet::range(32, 126);

// length: of the local part, without the @.
BrokenRule check_atoms(std::string_view text, std::size_t& length) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t atom = at;
    while (at < text.size() && atom_byte.holds(text[at])) ++at;
    const bool ends = at == text.size() || text[at] == '.' || text[at] == '@';
    if (!ends) return "the local part has a character that only a quoted string may have (RFC 5322 section 3.2.3)";
    if (at == atom && (text.empty() || text.front() == '@'))
      return "nothing stands before the @ (RFC 5322 section 3.4.1)";
    if (at == atom) return "the local part has a dot at an end or two in a row (RFC 5322 section 3.2.3)";
    if (at == text.size() || text[at] != '.') break;
    ++at;
  }
  length = at;
  return nullptr;
}

BrokenRule check_quoted(std::string_view text, std::size_t& length) {
  std::size_t at = 1;
  for (;; ++at) {
    if (at == text.size()) return "the quoted string has no end (RFC 5322 section 3.2.4)";
    if (text[at] == '"') break;
    if (text[at] == '\\') {
      if (++at == text.size() || !escaped_byte.holds(text[at]))
        return "a backslash stands before what it cannot quote (RFC 5321 section 4.1.2)";
    } else if (!quoted_byte.holds(text[at])) {
      return "the quoted string has a control character (RFC 5321 section 4.1.2)";
    }
  }
  length = at + 1;
  return nullptr;
}

BrokenRule check_literal(std::string_view text) {
  constexpr BrokenRule rule = "the domain literal is no address of RFC 5321 section 4.1.3";
  if (!text.ends_with(']')) return rule;
  std::string_view address = text.substr(1, text.size() - 2);
  std::uint8_t ipv4[4];
  if (parse_ipv4(address, LeadingZeros::allowed, ipv4)) return nullptr;

  // RFC 5234 section 2.3: the tag of the grammar is case-insensitive.
  const auto is_letter = [&](std::size_t i, char lower) { return (address[i] | 0x20) == lower; };
  if (address.size() < 5 || !is_letter(0, 'i') || !is_letter(1, 'p') || !is_letter(2, 'v') || address[3] != '6' ||
      address[4] != ':')
    return rule;
  address.remove_prefix(5);
  Ipv6Address ipv6;
  if (!parse_ipv6(address, LeadingZeros::allowed, ipv6)) return rule;
  const bool too_full = ipv6.groups_left_out > 0 && ipv6.groups_left_out < least_groups_left_out;
  return too_full ? rule : nullptr;
}

}  // namespace

BrokenRule check_email(std::string_view text) {
  if (text.size() > max_address) return "longer than 254 octets (RFC 5321 section 4.5.3.1.3)";
  std::size_t local_part = 0;
  const BrokenRule rule = text.starts_with('"') ? check_quoted(text, local_part) : check_atoms(text, local_part);
  if (rule != nullptr) return rule;
  if (local_part == text.size()) return "there is no @ (RFC 5322 section 3.4.1)";
  if (text[local_part] != '@')
    return "the local part is not all of atoms and not all of a quoted string (RFC 5322 section 3.4.1)";
  if (local_part > max_local_part) return "the local part is longer than 64 octets (RFC 5321 section 4.5.3.1.1)";
  if (!is_utf8(text.substr(0, local_part))) return "is not valid UTF-8";

  const std::string_view domain = text.substr(local_part + 1);
  return domain.starts_with('[') ? check_literal(domain) : check_domain(domain);
}

}  // namespace pg_takeout
