#include "utf8.hpp"

namespace pg_takeout {

std::size_t utf8_character(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
  return length;
}

std::string valid_utf8(std::string_view text) {
  std::string result;
  for (std::size_t length = 0; !text.empty(); text.remove_prefix(length)) {
    length = utf8_character(text);
    result += length == 0 ? utf8_replacement : text.substr(0, length);
    if (length == 0) length = 1;
  }
  return result;
}

}  // namespace pg_takeout
