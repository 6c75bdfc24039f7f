// Dates and times of day as ISO 8601 writes them.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// A day that exists in the Gregorian calendar, years 0000 to 9999: YYYY-MM-DD or YYYYMMDD (ISO 8601-1:2019, complete
// representations of a calendar date).
[[nodiscard]] BrokenRule check_date(std::string_view text);

// A complete representation of calendar date and time (ISO 8601-1:2019 section 5.4.2.1), which RFC 3339 section 5.6 narrows:
//
//   YYYY-MM-DDThh:mm:ss   or in the basic form YYYYMMDDThhmmss, not half of one and half of the other
//   .123 or ,123          a fraction of the second
//   Z, +hh:mm, +hh        the zone, +hhmm in the basic form; none for a local time
//
// T and Z may be lower case (RFC 3339 section 5.6). 24:00:00 is the end of a day (ISO 8601-1:2019/Amd 1:2022). Second 60 is
// a leap second, so in UTC it follows 23:59:59 on the last day of a month (ITU-R TF.460-6); a local time is read as UTC for
// that. -00:00 is RFC 3339's zone that is not known. Not taken: a space for the T, week dates and days of the year, times
// without seconds.
[[nodiscard]] BrokenRule check_timestamp(std::string_view text);

}  // namespace pg_takeout
