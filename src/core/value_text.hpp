// The text of values that are not text: numbers, times, identifiers, networks. Each function writes at `out` without a
// terminator and returns the end. Room needed: at most the constant beside it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cell.hpp"

namespace pg_takeout {

inline constexpr std::size_t max_value_text = 64;  // bytes: none of these functions writes more

char* write_integer(char* out, std::int64_t value);
// Shortest decimal that reads back as the same value, in PostgreSQL's layout; NaN, Infinity, -Infinity as it spells them.
// As in PostgreSQL, never a decimal that lies halfway between two values.
char* write_float4(char* out, float value);
char* write_float8(char* out, double value);
char* write_uuid(char* out, const unsigned char* bytes);
// RFC 3339 full-date; infinity, -infinity and years BC as PostgreSQL's ISO style has them.
char* write_date(char* out, std::int64_t days);
// RFC 3339 partial-time, with as many fractional digits as are not zero.
char* write_time(char* out, std::int64_t microseconds);
// RFC 3339 date-time with T; zulu adds Z. Infinity and BC as above (BC: with a space, +00 instead of Z).
char* write_timestamp(char* out, std::int64_t microseconds, bool zulu);

// The date of the timestamp written last: rows in time order share it for a day. One for each column or writer.
struct DayText {
  std::int64_t day = INT64_MIN;
  std::uint32_t length = 0;
  bool before_christ = false;
  char text[16];  // PostgreSQL's last timestamp is in the year 294276: at most 12 bytes
};
char* write_timestamp(char* out, std::int64_t microseconds, bool zulu, DayText& last_day);

// Address and, always, its prefix: 203.0.113.0/24, 2001:db8::/48 (RFC 5952).
char* write_network(char* out, const Network& network);

// Whether RFC 3339 can say it: finite and in the years 1 to 9999.
[[nodiscard]] bool is_rfc3339_date(std::int64_t days);
[[nodiscard]] bool is_rfc3339_timestamp(std::int64_t microseconds);

// Whether it is finite and not BC: what is then no RFC 3339 text has a year of more than four digits.
[[nodiscard]] bool is_date_of_our_era(std::int64_t days);
[[nodiscard]] bool is_timestamp_of_our_era(std::int64_t microseconds);

// A numeric as PostgreSQL keeps it: base-10000 digits, most significant first, the first with weight `weight`.
struct NumericDigits {
  const std::int16_t* digits;
  std::int32_t count;
  std::int32_t weight;         // the first digit stands for digits[0] * 10000 ^ weight
  std::int32_t display_scale;  // decimal digits after the point that are shown
  bool negative;
};
[[nodiscard]] std::size_t numeric_text_bound(const NumericDigits& numeric);
char* write_numeric(char* out, const NumericDigits& numeric);

}  // namespace pg_takeout
