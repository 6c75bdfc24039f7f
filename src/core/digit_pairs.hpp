// Decimal digits, two at a time: the text of 00 to 99 in one table, so that a number costs half the divisions.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace pg_takeout {

inline constexpr auto digit_pairs = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

// value: 0 to 99.
inline char* write_two_digits(char* out, std::uint32_t value) {
  std::memcpy(out, &digit_pairs[2 * value], 2);
  return out + 2;
}

// value: 0 to 9999.
inline char* write_four_digits(char* out, std::uint32_t value) {
  return write_two_digits(write_two_digits(out, value / 100), value % 100);
}

// value: at most 9999; no leading zeros.
inline char* write_up_to_four_digits(char* out, std::uint32_t value) {
  if (value >= 1000) return write_four_digits(out, value);
  if (value >= 100) {
    *out++ = static_cast<char>('0' + value / 100);
    return write_two_digits(out, value % 100);
  }
  if (value >= 10) return write_two_digits(out, value);
  *out++ = static_cast<char>('0' + value);
  return out;
}

// The text of 0 to 255 and, in the fourth byte, its length: the parts of IPv4 addresses.
inline constexpr auto octet_texts = [] {
  std::array<char, 4 * 256> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    char* out = &table[4 * i];
    if (i >= 100) *out++ = static_cast<char>('0' + i / 100);
    if (i >= 10) *out++ = static_cast<char>('0' + i / 10 % 10);
    *out++ = static_cast<char>('0' + i % 10);
    table[4 * i + 3] = static_cast<char>(out - &table[4 * i]);
  }
  return table;
}();

// Writes four bytes, of which one to three count.
inline char* write_octet(char* out, std::uint8_t value) {
  const char* const text = &octet_texts[4 * std::size_t{value}];
  std::memcpy(out, text, 4);
  return out + text[3];
}

}  // namespace pg_takeout
