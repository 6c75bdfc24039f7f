// Numbers and times as a sheet holds them: at most 15 significant digits, times as days since the end of 1899 (ECMA-376
// part 1, 18.17.4.1). Each function writes at `out` (at most max_sheet_value bytes) and returns the end, or nullptr where
// a sheet cannot hold the value and its text has to stand instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pg_takeout {

inline constexpr std::size_t max_sheet_value = 64;

// Up to 15 digits: Excel shows no more and reads longer ones as another number.
[[nodiscard]] char* write_sheet_integer(char* out, std::int64_t value);
// A numeric's text. Zeros at the end of its fraction are left out.
[[nodiscard]] char* write_sheet_decimal(char* out, std::string_view text);
// Finite, not subnormal, up to 9.99999999999999e307 (Excel's limits). All digits stay: a sheet's numbers are doubles.
[[nodiscard]] char* write_sheet_float8(char* out, double value);
[[nodiscard]] char* write_sheet_float4(char* out, float value);

// From 1900-03-01 to 9999-12-31. Earlier days have two numbers: Excel counts a 29 February 1900, others do not.
[[nodiscard]] char* write_sheet_date(char* out, std::int64_t days);
// To 8.64 microseconds (15 digits), never rounded into the next day.
[[nodiscard]] char* write_sheet_timestamp(char* out, std::int64_t microseconds);
// A fraction of a day; 24:00:00 is none.
[[nodiscard]] char* write_sheet_time(char* out, std::int64_t microseconds);

}  // namespace pg_takeout
