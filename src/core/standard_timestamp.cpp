#include "standard_timestamp.hpp"

#include <cstddef>

#include "byte_set.hpp"

namespace pg_takeout {

namespace {

constexpr int minutes_a_day = 24 * 60;

// A year, a month 1 to 12, a day of it.
struct Date {
  int year;
  int month;
  int day;
};

struct TimeOfDay {
  int hour;
  int minute;
  int second;
  bool fraction_is_zero = true;
};

// Takes exactly `count` digits off the text.
bool take_number(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count || !ascii_digit.holds_all_of(text.substr(0, count))) return false;
  number = 0;
  for (std::size_t i = 0; i < count; ++i) number = 10 * number + (text[i] - '0');
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char byte) {
  if (!text.starts_with(byte)) return false;
  text.remove_prefix(1);
  return true;
}

int days_in_month(int year, int month) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes the date off the text; extended: whether it has hyphens.
BrokenRule take_date(std::string_view& text, Date& date, bool& extended) {
  constexpr BrokenRule form = "does not begin with YYYY-MM-DD or YYYYMMDD (ISO 8601, calendar date)";
  if (!take_number(text, 4, date.year)) return form;
  extended = take(text, '-');
  if (!take_number(text, 2, date.month)) return form;
  if (extended && !take(text, '-')) return form;
  if (!take_number(text, 2, date.day)) return form;
  if (date.month < 1 || date.month > 12) return "its month is not 01 to 12 (ISO 8601, calendar date)";
  if (date.day < 1 || date.day > days_in_month(date.year, date.month))
    return "its day does not exist in its month (ISO 8601, calendar date)";
  return nullptr;
}

BrokenRule take_time(std::string_view& text, TimeOfDay& time, bool extended) {
  const BrokenRule form = extended ? "its time does not begin with hh:mm:ss (ISO 8601, extended form)"
                                   : "its time does not begin with hhmmss (ISO 8601, basic form)";
  if (!take_number(text, 2, time.hour)) return form;
  if (extended && !take(text, ':')) return form;
  if (!take_number(text, 2, time.minute)) return form;
  if (extended && !take(text, ':')) return form;
  if (!take_number(text, 2, time.second)) return form;
  if (take(text, '.') || take(text, ',')) {
    std::size_t digits = 0;
    for (; digits < text.size() && ascii_digit.holds(text[digits]); ++digits)
      time.fraction_is_zero &= text[digits] == '0';
    if (digits == 0) return "its fraction has no digits (ISO 8601, decimal fraction)";
    text.remove_prefix(digits);
  }
  return nullptr;
}

// Takes the zone, if there is one, off the text; east_of_utc: in minutes.
BrokenRule take_zone(std::string_view& text, int& east_of_utc, bool extended) {
  constexpr BrokenRule form = "its zone is not Z, +hh:mm or +hh in the form of the time (ISO 8601, time shift)";
  east_of_utc = 0;
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return nullptr;
  const bool west = text.front() == '-';
  if (!take(text, '-') && !take(text, '+')) return form;
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) return form;
  if (!text.empty() && ((extended && !take(text, ':')) || !take_number(text, 2, minutes))) return form;
  if (hours > 23 || minutes > 59) return "its zone is more than 23:59 from UTC (RFC 3339 section 5.6)";
  east_of_utc = (west ? -1 : 1) * (60 * hours + minutes);
  return nullptr;
}

// Whether a leap second could follow 23:59:59 of UTC here.
bool is_end_of_utc_month(const Date& date, const TimeOfDay& time, int east_of_utc) {
  const int minute = 60 * time.hour + time.minute - east_of_utc;
  const int day_shift = minute < 0 ? -1 : minute >= minutes_a_day ? 1 : 0;
  if (minute - day_shift * minutes_a_day != minutes_a_day - 1) return false;
  // A day before the first of a month is the last of another.
  const int day = date.day + day_shift;
  return day == 0 || day == days_in_month(date.year, date.month);
}

BrokenRule check_time(const Date& date, const TimeOfDay& time, int east_of_utc) {
  const bool ends_day = time.hour == 24 && time.minute == 0 && time.second == 0 && time.fraction_is_zero;
  if (time.hour > 23 && !ends_day) return "its hour is not 00 to 23, nor 24:00:00 (ISO 8601, clock hour)";
  if (time.minute > 59) return "its minute is not 00 to 59 (ISO 8601, clock minute)";
  if (time.second > 60) return "its second is not 00 to 60 (ISO 8601, clock second)";
  if (time.second == 60 && !is_end_of_utc_month(date, time, east_of_utc))
    return "second 60 is not the last of a UTC month (ITU-R TF.460-6)";
  return nullptr;
}

}  // namespace

BrokenRule check_date(std::string_view text) {
  Date date{};
  bool extended = false;
  if (const BrokenRule rule = take_date(text, date, extended)) return rule;
  return text.empty() ? nullptr : "has more than a calendar date (ISO 8601, calendar date)";
}

BrokenRule check_timestamp(std::string_view text) {
  Date date{};
  bool extended = false;
  if (const BrokenRule rule = take_date(text, date, extended)) return rule;
  if (!take(text, 'T') && !take(text, 't')) return "has no T between date and time (ISO 8601, date and time of day)";
  TimeOfDay time{};
  if (const BrokenRule rule = take_time(text, time, extended)) return rule;
  int east_of_utc = 0;
  if (const BrokenRule rule = take_zone(text, east_of_utc, extended)) return rule;
  if (!text.empty()) return "has more than date, time and zone (ISO 8601, date and time of day)";
  return check_time(date, time, east_of_utc);
}

}  // namespace pg_takeout
