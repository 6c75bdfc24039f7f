// Bytes as lower-case hexadecimal digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pg_takeout {

inline constexpr auto hex_pairs = [] {
  std::array<char, 512> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    table[2 * i] = "0123456789abcdef"[i / 16];
    table[2 * i + 1] = "0123456789abcdef"[i % 16];
  }
  return table;
}();

// Writes 2 * size digits and returns their end. The specification of write_hex().
inline char* scalar_write_hex(char* out, const unsigned char* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, out += 2) std::memcpy(out, &hex_pairs[2 * std::size_t{bytes[i]}], 2);
  return out;
}

#if defined(__SSE2__)

// Sixteen bytes to 32 digits.
inline void write_hex_block(char* out, const unsigned char* bytes) {
  const __m128i input = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i nibble = _mm_set1_epi8(0x0f);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(input, 4), nibble);
  const __m128i low = _mm_and_si128(input, nibble);
  const auto digits = [](__m128i nibbles) {
    const __m128i is_letter = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
    const __m128i base = _mm_add_epi8(nibbles, _mm_set1_epi8('0'));
    return _mm_add_epi8(base, _mm_and_si128(is_letter, _mm_set1_epi8('a' - '0' - 10)));
  };
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), digits(_mm_unpacklo_epi8(high, low)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), digits(_mm_unpackhi_epi8(high, low)));
}

#else

inline void write_hex_block(char* out, const unsigned char* bytes) { scalar_write_hex(out, bytes, 16); }

#endif

inline char* write_hex(char* out, const unsigned char* bytes, std::size_t size) {
  for (; size >= 16; size -= 16, bytes += 16, out += 32) write_hex_block(out, bytes);
  return scalar_write_hex(out, bytes, size);
}

// The reverse, of lower-case digits; false where there are other characters, or not two for each byte.
inline bool read_hex(std::string_view text, unsigned char* bytes, std::size_t size) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() != 2 * size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(16 * high + low);
  }
  return true;
}

}  // namespace pg_takeout
