// Unicode characters out of UTF-8, one by one.
#pragma once

#include <cstddef>
#include <string_view>

namespace pg_takeout {

inline constexpr char32_t invalid_character = 0xffffffff;

// The character that begins at text[at], at < text.size(), and moves `at` behind it; invalid_character where there is
// none, with `at` unmoved (RFC 3629 section 4: no overlong forms, no surrogates, nothing beyond U+10FFFF).
[[nodiscard]] inline char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size() - at) return invalid_character;
  char32_t character = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return invalid_character;
    character = character << 6 | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  if (overlong || surrogate || character > 0x10ffff) return invalid_character;
  at += length;
  return character;
}

[[nodiscard]] inline bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (next_character(text, at) == invalid_character) return false;
  return true;
}

}  // namespace pg_takeout
