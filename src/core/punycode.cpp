#include "punycode.hpp"

#include <algorithm>
#include <cstdint>

namespace pg_takeout {

namespace {

// RFC 3492 section 5.
constexpr std::uint32_t base = 36;
constexpr std::uint32_t least_threshold = 1;
constexpr std::uint32_t greatest_threshold = 26;
constexpr std::uint32_t skew = 38;
constexpr std::uint32_t damp = 700;
constexpr std::uint32_t initial_bias = 72;
constexpr std::uint32_t initial_character = 0x80;

// RFC 3492 section 6.1.
std::uint32_t adapted_bias(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / damp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (base - least_threshold) * greatest_threshold / 2; k += base) delta /= base - least_threshold;
  return k + (base - least_threshold + 1) * delta / (delta + skew);
}

// Digits of a delta as a variable-length integer, RFC 3492 section 3.3.
std::size_t digit_count(std::uint32_t delta, std::uint32_t bias) {
  std::size_t digits = 1;
  for (std::uint32_t k = base;; k += base) {
    const std::uint32_t threshold =
        k <= bias ? least_threshold : std::min(std::max(k - bias, least_threshold), greatest_threshold);
    if (delta < threshold) return digits;
    delta = (delta - threshold) / (base - threshold);
    ++digits;
  }
}

}  // namespace

std::size_t a_label_length(const char32_t* characters, std::size_t count) {
  const char32_t* const end = characters + count;
  const auto basic = static_cast<std::uint32_t>(
      std::count_if(characters, end, [](char32_t character) { return character < initial_character; }));
  std::size_t length = 4 + basic + (basic > 0 ? 1 : 0);

  std::uint32_t handled = basic;
  std::uint32_t smallest = initial_character;
  std::uint32_t delta = 0;
  std::uint32_t bias = initial_bias;
  while (handled < count) {
    std::uint32_t next = UINT32_MAX;
    for (const char32_t* at = characters; at < end; ++at)
      if (*at >= smallest) next = std::min<std::uint32_t>(next, *at);
    delta += (next - smallest) * (handled + 1);
    smallest = next;
    for (const char32_t* at = characters; at < end; ++at) {
      if (*at < smallest) ++delta;
      if (*at != smallest) continue;
      length += digit_count(delta, bias);
      bias = adapted_bias(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++smallest;
  }
  return length;
}

}  // namespace pg_takeout
