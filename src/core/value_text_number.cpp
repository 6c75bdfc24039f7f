#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "digit_pairs.hpp"
#include "value_text.hpp"

namespace pg_takeout {

namespace {

constexpr int base10000_digits = 4;  // decimal digits of one digit of a numeric

int count_digits(std::uint64_t value) {
  // 1233 / 4096 is log10(2): right but for the powers of ten just above the estimate.
  static constexpr std::uint64_t powers[] = {
      0,
      10,
      100,
      1'000,
      10'000,
      100'000,
      1'000'000,
      10'000'000,
      100'000'000,
      1'000'000'000,
      10'000'000'000,
      100'000'000'000,
      1'000'000'000'000,
      10'000'000'000'000,
      100'000'000'000'000,
      1'000'000'000'000'000,
      10'000'000'000'000'000,
      100'000'000'000'000'000,
      1'000'000'000'000'000'000,
      10'000'000'000'000'000'000U,
  };
  const int estimate = (std::bit_width(value | 1) * 1233) >> 12;
  return estimate + (value >= powers[estimate] ? 1 : 0);
}

char* write_unsigned(char* out, std::uint64_t value) {
  if (value < 10'000) return write_up_to_four_digits(out, static_cast<std::uint32_t>(value));
  char* const end = out + count_digits(value);
  char* position = end;
  while (value >= 100) {
    position -= 2;
    write_two_digits(position, static_cast<std::uint32_t>(value % 100));
    value /= 100;
  }
  if (value >= 10) {
    write_two_digits(position - 2, static_cast<std::uint32_t>(value));
  } else {
    position[-1] = static_cast<char>('0' + value);
  }
  return end;
}

char* write_bytes(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

__extension__ using Whole = unsigned __int128;

// Whether the scientific text lies halfway between the value and one of its neighbours, where readers that do not round to
// even go wrong. Such decimals exist only among values without a fraction (and, but for one in ages, below 2^126).
template <class Float>
bool is_halfway(const char* text, const char* end, Float value) {
  const Float magnitude = std::fabs(value);
  if (magnitude < std::ldexp(Float{1}, std::numeric_limits<Float>::digits) || magnitude >= std::ldexp(Float{1}, 126)) {
    return false;
  }
  Whole decimal = 0;
  int exponent = 0;
  const char* at = text + (value < 0 ? 1 : 0);
  bool is_fraction = false;
  for (; *at != 'e'; ++at) {
    if (*at == '.') {
      is_fraction = true;
      continue;
    }
    decimal = 10 * decimal + static_cast<Whole>(*at - '0');
    if (is_fraction) --exponent;
  }
  int written_exponent = 0;
  std::from_chars(at + 2, end, written_exponent);  // behind "e+"
  exponent += written_exponent;
  if (exponent < 0) return false;
  for (; exponent > 0; --exponent) decimal *= 10;
  const auto twice_midpoint = [magnitude](Float neighbour) {
    return static_cast<Whole>(magnitude) + static_cast<Whole>(neighbour);
  };
  return 2 * decimal == twice_midpoint(std::nextafter(magnitude, Float{0})) ||
         2 * decimal == twice_midpoint(std::nextafter(magnitude, std::numeric_limits<Float>::infinity()));
}

// The layout is PostgreSQL's: plain digits for exponents from -4 up to the digits that every decimal of the type
// keeps (6 for float4, 15 for float8), else one digit, point, digits, e, sign and at least two digits. Both are numbers
// of RFC 8259 section 6.
template <class Float>
char* write_float(char* out, Float value, Float first_in_scientific) {
  if (std::isnan(value)) return write_bytes(out, "NaN");
  if (std::isinf(value)) return write_bytes(out, value < 0 ? "-Infinity" : "Infinity");
  const Float magnitude = std::fabs(value);
  if (magnitude < first_in_scientific) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<Float>(whole) == value && (whole != 0 || !std::signbit(value))) return write_integer(out, whole);
  }
  const bool plain = magnitude == 0 || (magnitude >= static_cast<Float>(1e-4) && magnitude < first_in_scientific);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  char* end = std::to_chars(out, out + max_value_text, value, format).ptr;
  // More digits, as PostgreSQL does. The text is "d.ddde+dd".
  for (auto digits = std::max<std::ptrdiff_t>(std::find(out, end, 'e') - out - (value < 0 ? 3 : 2), 0);
       is_halfway(out, end, value);) {
    end = std::to_chars(out, out + max_value_text, value, format, static_cast<int>(++digits)).ptr;
  }
  return end;
}

}  // namespace

char* write_integer(char* out, std::int64_t value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  return write_unsigned(out, magnitude);
}

char* write_float4(char* out, float value) { return write_float(out, value, 1e6F); }

char* write_float8(char* out, double value) { return write_float(out, value, 1e15); }

std::size_t numeric_text_bound(const NumericDigits& numeric) {
  const std::size_t whole = numeric.weight < 0 ? 1 : (static_cast<std::size_t>(numeric.weight) + 1) * base10000_digits;
  const auto fraction = static_cast<std::size_t>(numeric.display_scale < 0 ? 0 : numeric.display_scale);
  // Sign and point, and the last group of the fraction, which is written whole before it is cut.
  return whole + fraction + 2 + base10000_digits;
}

char* write_numeric(char* out, const NumericDigits& numeric) {
  const auto digit = [&numeric](std::int32_t index) -> std::uint32_t {
    return index >= 0 && index < numeric.count ? static_cast<std::uint32_t>(numeric.digits[index]) : 0;
  };
  if (numeric.negative) *out++ = '-';
  std::int32_t index = 0;
  if (numeric.weight < 0) {
    *out++ = '0';
    index = numeric.weight + 1;
  } else {
    out = write_up_to_four_digits(out, digit(index++));
    while (index <= numeric.weight) out = write_four_digits(out, digit(index++));
  }
  if (numeric.display_scale > 0) {
    *out++ = '.';
    char* const end = out + numeric.display_scale;
    while (out < end) out = write_four_digits(out, digit(index++));
    out = end;
  }
  return out;
}

}  // namespace pg_takeout
