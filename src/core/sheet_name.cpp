#include "sheet_name.hpp"

#include <algorithm>

namespace pg_takeout {

namespace {

constexpr std::size_t max_units = 31;

struct Character {
  std::uint32_t code;
  std::size_t length;  // bytes of UTF-8
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {lead, 1};
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3F);
  return {code, length};
}

bool is_forbidden(std::uint32_t code) {
  return code < 0x20 || code == 0x7F || code == 0xFFFE || code == 0xFFFF ||
         (code < 0x80 && std::string_view("[]:*?/\\").find(static_cast<char>(code)) != std::string_view::npos);
}

// Lower case of the letters of Latin, Greek and Cyrillic, without a locale.
std::uint32_t lower(std::uint32_t code) {
  if (code >= 'A' && code <= 'Z') return code + 32;
  if (code >= 0xC0 && code <= 0xDE && code != 0xD7) return code + 32;
  if ((code >= 0x100 && code <= 0x137) || (code >= 0x14A && code <= 0x177)) return code | 1;
  if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E)) return (code + 1) & ~1U;
  if (code >= 0x391 && code <= 0x3A9) return code + 32;
  if (code >= 0x410 && code <= 0x42F) return code + 32;
  if (code >= 0x400 && code <= 0x40F) return code + 80;
  return code;
}

bool same_name(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const Character first = first_character(a);
    const Character second = first_character(b);
    if (lower(first.code) != lower(second.code)) return false;
    a.remove_prefix(first.length);
    b.remove_prefix(second.length);
  }
  return a.empty() && b.empty();
}

// The start of the text that has at most `units` UTF-16 units, cut between characters.
std::string_view cut(std::string_view text, std::size_t units) {
  std::size_t size = 0;
  while (size < text.size()) {
    const Character character = first_character(text.substr(size));
    const std::size_t needed = character.code >= 0x10000 ? 2 : 1;
    if (needed > units) break;
    units -= needed;
    size += character.length;
  }
  return text.substr(0, size);
}

std::string without_forbidden(std::string_view wanted) {
  std::string name;
  while (!wanted.empty()) {
    const Character character = first_character(wanted);
    if (is_forbidden(character.code)) {
      name += '_';
    } else {
      name += wanted.substr(0, character.length);
    }
    wanted.remove_prefix(character.length);
  }
  return name;
}

std::string numbered(std::string_view base, std::uint32_t number) {
  const std::string suffix = number > 1 ? " (" + std::to_string(number) + ")" : std::string();
  std::string name(cut(base, max_units - suffix.size()));
  if (name.front() == '\'') name.front() = '_';
  if (name.back() == '\'') name.back() = '_';
  return name + suffix;
}

}  // namespace

std::string make_sheet_name(std::string_view wanted, std::uint32_t number, std::span<const std::string> taken) {
  std::string base = without_forbidden(wanted);
  if (base.empty()) base = "Sheet1";
  if (same_name(base, "History")) base += '_';
  for (;; ++number) {
    std::string name = numbered(base, number);
    const auto is_same = [&](const std::string& other) { return same_name(name, other); };
    if (std::none_of(taken.begin(), taken.end(), is_same)) return name;
    if (number == 0) number = 1;
  }
}

}  // namespace pg_takeout
