// Limits of dataset exports, from the table takeout.limits.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

// Where takeout.limits has no row: rows of a value or a page, exports a minute.
inline constexpr int64 default_rows = 1000000;
inline constexpr int default_requests_per_minute = 500;

struct Limits {
  int64 max_rows;           // -1: none
  uint64 max_bytes;         // UINT64_MAX: none
  Interval* max_period;     // null: none
  int requests_per_minute;  // 0: no limit
};
inline constexpr Limits no_limits{-1, UINT64_MAX, nullptr, 0};

// Those in force for the session's user, the dataset (null: any that has no limits of its own) and the method: of the
// rows that apply, the most specific (role before dataset before method); without one, 1,000,000 rows and
// takeout.max_result_bytes for a value or a page, neither for a stream, and 500 requests a minute. A value is never larger
// than takeout.max_result_bytes. Raises 22023 for more requests a minute than the server keeps count of.
Limits limits_of(const char* dataset, Method method);

// Whether the request's period is longer than the limit, or has no beginning.
[[nodiscard]] bool is_over_period(const ExportRequest* request, const Limits* limits);
// Raises 54000 where it is, or where the dataset has no time column to go by. A period without an end gets one, so that
// rows with time stamps of the future do not leave beside those of the longest period.
void hold_to_period(ExportRequest* request, const Limits* limits);

[[noreturn]] void raise_too_many_rows(const char* dataset, int64 limit, Method method);
[[noreturn]] void raise_too_many_bytes(const ExportRequest* request, uint64 limit, uint64 actual);

// The way on when a file gets too large, as an error's HINT.
const char* size_hint(Method method);

}  // namespace pg_takeout
