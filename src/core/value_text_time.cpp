#include <cstring>

#include "digit_pairs.hpp"
#include "value_text.hpp"

namespace pg_takeout {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

struct CivilDate {
  std::int64_t year;  // astronomical: 0 is 1 BC
  std::uint32_t month;
  std::uint32_t day;
};

// Years are counted from March, so that a leap day is the last of its year, in eras of 400 years (146,097 days).
constexpr std::int64_t days_from_march_0000 = 730'425;  // to 2000-01-01

constexpr CivilDate civil_date(std::int64_t days) {
  days += days_from_march_0000;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<std::uint32_t>(days - era * 146'097);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {era * 400 + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

constexpr std::int64_t first_rfc3339_day = -730'119;     // 0001-01-01
constexpr std::int64_t end_of_rfc3339_days = 2'921'940;  // 10000-01-01
static_assert(civil_date(first_rfc3339_day).year == 1 && civil_date(first_rfc3339_day - 1).year == 0);
static_assert(civil_date(end_of_rfc3339_days).year == 10'000 && civil_date(end_of_rfc3339_days - 1).year == 9'999);

char* write_bytes(char* out, const char* bytes, std::size_t size) {
  std::memcpy(out, bytes, size);
  return out + size;
}

char* write_infinity(char* out, bool negative) {
  return negative ? write_bytes(out, "-infinity", 9) : write_bytes(out, "infinity", 8);
}

// Year, month, day; a year BC without its mark.
char* write_civil_date(char* out, const CivilDate& date) {
  const std::int64_t year = date.year > 0 ? date.year : 1 - date.year;
  if (year < 10'000) {
    out = write_four_digits(out, static_cast<std::uint32_t>(year));
  } else {
    out = write_integer(out, year);
  }
  *out++ = '-';
  out = write_two_digits(out, date.month);
  *out++ = '-';
  return write_two_digits(out, date.day);
}

// microseconds: 0 to one day, both included (PostgreSQL has 24:00:00).
char* write_time_of_day(char* out, std::int64_t microseconds) {
  const auto seconds = static_cast<std::uint32_t>(microseconds / microseconds_per_second);
  auto fraction = static_cast<std::uint32_t>(microseconds % microseconds_per_second);
  out = write_two_digits(out, seconds / 3600);
  *out++ = ':';
  out = write_two_digits(out, seconds / 60 % 60);
  *out++ = ':';
  out = write_two_digits(out, seconds % 60);
  if (fraction == 0) return out;
  *out++ = '.';
  write_two_digits(out, fraction / 10'000);
  write_four_digits(out + 2, fraction % 10'000);
  out += 6;
  while (out[-1] == '0') --out;
  return out;
}

}  // namespace

char* write_date(char* out, std::int64_t days) {
  if (days == date_infinity || days <= -date_infinity) return write_infinity(out, days < 0);
  const CivilDate date = civil_date(days);
  out = write_civil_date(out, date);
  return date.year > 0 ? out : write_bytes(out, " BC", 3);
}

char* write_time(char* out, std::int64_t microseconds) { return write_time_of_day(out, microseconds); }

char* write_timestamp(char* out, std::int64_t microseconds, bool zulu, DayText& last_day) {
  if (microseconds == timestamp_infinity || microseconds <= -timestamp_infinity) {
    return write_infinity(out, microseconds < 0);
  }
  std::int64_t day = microseconds / microseconds_per_day;
  std::int64_t time = microseconds % microseconds_per_day;
  if (time < 0) {
    --day;
    time += microseconds_per_day;
  }
  if (day != last_day.day) {
    const CivilDate date = civil_date(day);
    last_day.length = static_cast<std::uint32_t>(write_civil_date(last_day.text, date) - last_day.text);
    last_day.before_christ = date.year <= 0;
    last_day.day = day;
  }
  std::memcpy(out, last_day.text, sizeof last_day.text);
  out += last_day.length;
  if (last_day.before_christ) {
    *out++ = ' ';
    out = write_time_of_day(out, time);
    if (zulu) out = write_bytes(out, "+00", 3);
    return write_bytes(out, " BC", 3);
  }
  *out++ = 'T';
  out = write_time_of_day(out, time);
  if (zulu) *out++ = 'Z';
  return out;
}

char* write_timestamp(char* out, std::int64_t microseconds, bool zulu) {
  DayText day;
  return write_timestamp(out, microseconds, zulu, day);
}

bool is_rfc3339_date(std::int64_t days) { return days >= first_rfc3339_day && days < end_of_rfc3339_days; }

bool is_rfc3339_timestamp(std::int64_t microseconds) {
  return microseconds >= first_rfc3339_day * microseconds_per_day &&
         microseconds < end_of_rfc3339_days * microseconds_per_day;
}

bool is_date_of_our_era(std::int64_t days) { return days >= first_rfc3339_day && days != date_infinity; }

bool is_timestamp_of_our_era(std::int64_t microseconds) {
  return microseconds >= first_rfc3339_day * microseconds_per_day && microseconds != timestamp_infinity;
}

}  // namespace pg_takeout
