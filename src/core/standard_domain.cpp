#include "standard_domain.hpp"

#include <cstddef>

#include "byte_set.hpp"
#include "punycode.hpp"
#include "utf8_reader.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t max_label = 63;
constexpr std::size_t max_domain = 253;

constexpr ByteSet label_byte = ascii_alphanumeric | ByteSet("-");
constexpr ByteSet u_label_byte = label_byte | not_ascii;

constexpr BrokenRule label_too_long = "a label of the domain is longer than 63 octets (RFC 1035 section 2.3.4)";

struct Block {
  char32_t first;
  char32_t last;
};

// DISALLOWED by RFC 5892 as a whole, but for upper case letters.
constexpr Block barred_blocks[] = {
    {0x0080, 0x00b6},    // controls, space, signs
    {0x00b8, 0x00bf},    //
    {0x00d7, 0x00d7},    // multiplication sign
    {0x00f7, 0x00f7},    // division sign
    {0x2000, 0x200b},    // spaces
    {0x200e, 0x20cf},    // directions, punctuation, superscripts, currencies
    {0x2190, 0x2bff},    // arrows, mathematics, boxes, dingbats
    {0x2e00, 0x2e2e},    // punctuation
    {0x3000, 0x3004},    // ideographic space and full stop
    {0xd800, 0xf8ff},    // private use
    {0xfdd0, 0xfdef},    // noncharacters
    {0xfe00, 0xfe1f},    // variation selectors, vertical forms
    {0xfe30, 0xfe6f},    // forms of punctuation
    {0xfeff, 0xff20},    // byte order mark, full-width punctuation
    {0xff3b, 0xff40},    //
    {0xff5b, 0xff65},    //
    {0xffe0, 0xffff},    // specials
    {0x1f000, 0x1fbef},  // pictures
    {0xe0000, 0x10ffff}  // tags, private use
};

bool is_barred(char32_t character) {
  for (const Block& block : barred_blocks)
    if (character >= block.first && character <= block.last) return true;
  return (character & 0xfffe) == 0xfffe;
}

// length: its octets as an A-label.
BrokenRule check_u_label(std::string_view label, std::size_t& length) {
  char32_t characters[max_label];
  std::size_t count = 0;
  for (std::size_t at = 0; at < label.size();) {
    const char32_t character = next_character(label, at);
    if (character == invalid_character) return "is not valid UTF-8";
    if (character >= 0x80 && is_barred(character))
      return "the domain has a character that no label may have (RFC 5892 section 2)";
    if (count == max_label) return label_too_long;
    characters[count++] = character;
  }
  if (count > 3 && characters[2] == '-' && characters[3] == '-')
    return "a label of the domain has hyphens as its third and fourth characters (RFC 5891 section 4.2.3.1)";
  length = a_label_length(characters, count);
  return length > max_label ? label_too_long : nullptr;
}

BrokenRule check_label(std::string_view label, std::size_t& length) {
  if (label.empty()) return "the domain has an empty label (RFC 5321 section 4.1.2)";
  if (label.front() == '-' || label.back() == '-')
    return "a label of the domain begins or ends with a hyphen (RFC 1123 section 2.1)";
  bool ascii = true;
  for (const char byte : label) {
    if (!u_label_byte.holds(byte))
      return "the domain has a character that is no letter, digit or hyphen (RFC 1123 section 2.1)";
    ascii &= label_byte.holds(byte);
  }
  if (!ascii) return check_u_label(label, length);
  length = label.size();
  return length > max_label ? label_too_long : nullptr;
}

}  // namespace

BrokenRule check_domain(std::string_view text) {
  std::size_t total = 0;
  for (;;) {
    const std::string_view label = text.substr(0, text.find('.'));
    std::size_t length = 0;
    if (const BrokenRule rule = check_label(label, length)) return rule;
    total += length;
    text.remove_prefix(label.size());
    if (text.empty()) {
      if (ascii_digit.holds_all_of(label)) return "the last label of the domain is a number (RFC 1123 section 2.1)";
      break;
    }
    text.remove_prefix(1);
    ++total;
  }
  return total > max_domain ? "the domain is longer than 255 octets (RFC 1035 section 2.3.4)" : nullptr;
}

}  // namespace pg_takeout
