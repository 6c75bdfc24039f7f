// Cron expressions: five fields, or a name such as @daily, for a minute of local time (crontab(5)).
//
//   minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec, day of the week 0-7 or sun-sat (0 and 7 are Sunday)
//   * any    a-b from a to b    x,y both    */n every n-th from the first    a-b/n every n-th from a to b    a/n from a on
//
// Where both day fields are restricted, that is, neither begins with *, a day that matches one of them is enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pg_takeout {

// Bit n stands for the value n.
struct Cron {
  std::uint64_t minutes;
  std::uint64_t hours;
  std::uint64_t days;      // of the month
  std::uint64_t months;    // from 1
  std::uint64_t weekdays;  // from 0, Sunday, to 6
  bool either_day;         // a day of the month or a weekday is enough
};

// Throws Error (invalid_option) whose detail begins with the place of the wrong character: "At character 3: ".
[[nodiscard]] Cron parse_cron(std::string_view expression);

// The first local minute from `minute` on that the expression names, both counted from 1970-01-01 00:00. None within the
// 40 years that the rarest expression takes, or within what the calendar holds.
[[nodiscard]] std::optional<std::int64_t> next_minute(const Cron& cron, std::int64_t minute);

}  // namespace pg_takeout
