// Looking for the few bytes that a format must treat specially, and copying the clean runs between them.
// The vector code reads and writes inside [bytes, bytes + size) only. scalar_find() is the specification.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace pg_takeout {

#if defined(__SSE2__)

// Sixteen bytes that are compared at once. A comparison gives 0xff for each byte that matches, else 0.
struct ByteBlock {
  __m128i bytes;

  static ByteBlock load(const char* from) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))}; }
  static ByteBlock of_words(std::uint64_t low, std::uint64_t high) {
    return {_mm_set_epi64x(static_cast<std::int64_t>(high), static_cast<std::int64_t>(low))};
  }
  void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes); }

  [[nodiscard]] ByteBlock equal_to(char byte) const { return {_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte))}; }
  [[nodiscard]] ByteBlock at_most(char byte) const {
    return {_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(byte)), bytes)};
  }
  friend ByteBlock operator|(ByteBlock a, ByteBlock b) { return {_mm_or_si128(a.bytes, b.bytes)}; }
  friend ByteBlock operator&(ByteBlock a, ByteBlock b) { return {_mm_and_si128(a.bytes, b.bytes)}; }

  // Of a comparison: 0 when no byte matched.
  [[nodiscard]] std::uint64_t mask() const { return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes)); }
  // Of a mask that is not 0: the index of the first byte that matched.
  static std::size_t first(std::uint64_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)); }
};
#define PG_TAKEOUT_BYTE_BLOCK 1

#elif defined(__aarch64__) && defined(__ARM_NEON)

struct ByteBlock {
  uint8x16_t bytes;

  static ByteBlock load(const char* from) { return {vld1q_u8(reinterpret_cast<const std::uint8_t*>(from))}; }
  static ByteBlock of_words(std::uint64_t low, std::uint64_t high) {
    return {vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)))};
  }
  void store(char* to) const { vst1q_u8(reinterpret_cast<std::uint8_t*>(to), bytes); }

  [[nodiscard]] ByteBlock equal_to(char byte) const {
    return {vceqq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(byte)))};
  }
  [[nodiscard]] ByteBlock at_most(char byte) const {
    return {vcleq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(byte)))};
  }
  friend ByteBlock operator|(ByteBlock a, ByteBlock b) { return {vorrq_u8(a.bytes, b.bytes)}; }
  friend ByteBlock operator&(ByteBlock a, ByteBlock b) { return {vandq_u8(a.bytes, b.bytes)}; }

  // NEON has no movemask: narrowing by four bits leaves a nibble for each byte.
  [[nodiscard]] std::uint64_t mask() const {
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(bytes), 4)), 0);
  }
  static std::size_t first(std::uint64_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)) / 4; }
};
#define PG_TAKEOUT_BYTE_BLOCK 1

#endif

// The sets of bytes that are looked for. No set holds the byte 0 unless it holds all control characters: the vector
// code fills up short runs with copies of their own bytes.

// What makes a field need quotes (RFC 4180 section 2, rule 6).
struct CsvSpecialBytes {
  char delimiter;

  [[nodiscard]] bool holds(char byte) const { return byte == delimiter || byte == '"' || byte == '\r' || byte == '\n'; }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  [[nodiscard]] ByteBlock matches(ByteBlock block) const {
    return (block.equal_to(delimiter) | block.equal_to('"')) | (block.equal_to('\r') | block.equal_to('\n'));
  }
#endif
};

// What must be doubled inside quotes (RFC 4180 section 2, rule 7).
struct QuoteByte {
  [[nodiscard]] bool holds(char byte) const { return byte == '"'; }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  [[nodiscard]] ByteBlock matches(ByteBlock block) const { return block.equal_to('"'); }
#endif
};

struct LineBreakBytes {
  [[nodiscard]] bool holds(char byte) const { return byte == '\r' || byte == '\n'; }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  [[nodiscard]] ByteBlock matches(ByteBlock block) const { return block.equal_to('\r') | block.equal_to('\n'); }
#endif
};

// What must be escaped inside a JSON string (RFC 8259 section 7).
struct JsonSpecialBytes {
  [[nodiscard]] bool holds(char byte) const {
    return static_cast<unsigned char>(byte) < 0x20 || byte == '"' || byte == '\\';
  }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  [[nodiscard]] ByteBlock matches(ByteBlock block) const {
    return block.at_most(0x1f) | (block.equal_to('"') | block.equal_to('\\'));
  }
#endif
};

// Where an escape of ST_Xstring may begin (ECMA-376 part 1, 22.9.2.19): control characters, what looks like an escape,
// U+FFFE and U+FFFF.
struct XstringBytes {
  [[nodiscard]] bool holds(char byte) const {
    return static_cast<unsigned char>(byte) < 0x20 || byte == '_' || byte == '\xEF';
  }
#ifdef PG_TAKEOUT_BYTE_BLOCK
  [[nodiscard]] ByteBlock matches(ByteBlock block) const {
    return block.at_most(0x1f) | (block.equal_to('_') | block.equal_to('\xEF'));
  }
#endif
};

// The index of the first byte that is in the set, or size.
template <class Set>
[[nodiscard]] std::size_t scalar_find(const char* bytes, std::size_t size, Set set) {
  std::size_t i = 0;
  while (i < size && !set.holds(bytes[i])) ++i;
  return i;
}

#ifdef PG_TAKEOUT_BYTE_BLOCK

namespace byte_scan_detail {

template <class Word>
Word load_word(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <class Word>
void store_word(char* to, Word word) {
  std::memcpy(to, &word, sizeof word);
}

// One to fifteen bytes as a block that holds each of them at least once and no other; copied to `to` on the way.
template <bool copies>
ByteBlock take_short(char* to, const char* from, std::size_t size) {
  if (size >= 8) {
    const auto head = load_word<std::uint64_t>(from);
    const auto tail = load_word<std::uint64_t>(from + size - 8);
    if constexpr (copies) {
      store_word(to, head);
      store_word(to + size - 8, tail);
    }
    return ByteBlock::of_words(head, tail);
  }
  if (size >= 4) {
    const auto head = load_word<std::uint32_t>(from);
    const auto tail = load_word<std::uint32_t>(from + size - 4);
    if constexpr (copies) {
      store_word(to, head);
      store_word(to + size - 4, tail);
    }
    const std::uint64_t both = head | (static_cast<std::uint64_t>(tail) << 32);
    return ByteBlock::of_words(both, both);
  }
  const auto first = static_cast<unsigned char>(from[0]);
  const auto middle = static_cast<unsigned char>(from[size / 2]);
  const auto last = static_cast<unsigned char>(from[size - 1]);
  if constexpr (copies) {
    to[0] = static_cast<char>(first);
    to[size / 2] = static_cast<char>(middle);
    to[size - 1] = static_cast<char>(last);
  }
  const std::uint64_t low = first | (std::uint64_t{middle} << 8) | (std::uint64_t{last} << 16);
  const std::uint64_t all = low * 0x0000'0100'0001 | std::uint64_t{first} * 0x0101'0000'0000'0000;
  return ByteBlock::of_words(all, all);
}

template <bool copies, class Set>
std::size_t scan(char* to, const char* from, std::size_t size, Set set) {
  if (size < 16) {
    if (size == 0) return 0;
    if (set.matches(take_short<copies>(to, from, size)).mask() == 0) return size;
    return scalar_find(from, size, set);
  }
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    const ByteBlock block = ByteBlock::load(from + i);
    if constexpr (copies) block.store(to + i);
    if (const auto mask = set.matches(block).mask()) return i + ByteBlock::first(mask);
  }
  if (i == size) return size;
  // The last block overlaps the one before, whose bytes are known to be clean.
  i = size - 16;
  const ByteBlock block = ByteBlock::load(from + i);
  if constexpr (copies) block.store(to + i);
  const auto mask = set.matches(block).mask();
  return mask ? i + ByteBlock::first(mask) : size;
}

}  // namespace byte_scan_detail

template <class Set>
[[nodiscard]] std::size_t find_byte(const char* bytes, std::size_t size, Set set) {
  return byte_scan_detail::scan<false>(nullptr, bytes, size, set);
}

// Copies the bytes before the first one that is in the set and returns their number. `to` has room for `size` bytes;
// what lies behind the clean ones is undefined afterwards.
template <class Set>
[[nodiscard]] std::size_t copy_clean(char* to, const char* from, std::size_t size, Set set) {
  return byte_scan_detail::scan<true>(to, from, size, set);
}

#else

template <class Set>
[[nodiscard]] std::size_t find_byte(const char* bytes, std::size_t size, Set set) {
  return scalar_find(bytes, size, set);
}

template <class Set>
[[nodiscard]] std::size_t copy_clean(char* to, const char* from, std::size_t size, Set set) {
  std::size_t i = 0;
  for (; i < size && !set.holds(from[i]); ++i) to[i] = from[i];
  return i;
}

#endif

}  // namespace pg_takeout
