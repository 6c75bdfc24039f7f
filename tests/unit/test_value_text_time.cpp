#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "value_text.hpp"

using namespace pg_takeout;

namespace {

constexpr std::int64_t day_microseconds = 86'400'000'000;
constexpr std::int64_t first_day = -2'451'545;    // 4714-11-24 BC, PostgreSQL's first date
constexpr std::int64_t last_day = 2'145'031'948;  // 5874897-12-31, its last
constexpr std::int64_t first_timestamp = -211'813'488'000'000'000;
constexpr std::int64_t end_of_timestamps = 9'223'371'331'200'000'000;

std::string date_text(std::int64_t days) {
  char text[max_value_text];
  return {text, write_date(text, days)};
}
std::string time_text(std::int64_t microseconds) {
  char text[max_value_text];
  return {text, write_time(text, microseconds)};
}
std::string timestamp_text(std::int64_t microseconds, bool zulu) {
  char text[max_value_text];
  return {text, write_timestamp(text, microseconds, zulu)};
}

std::string pad(std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::string civil_text(std::int64_t year, unsigned month, unsigned day) {
  const bool before_christ = year <= 0;
  return pad(before_christ ? 1 - year : year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) +
         (before_christ ? " BC" : "");
}

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

}  // namespace

TEST_CASE("every day from 4714 BC to 12000 follows the one before") {
  static constexpr unsigned month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t year = -4713;
  unsigned month = 11;
  unsigned day = 24;
  for (std::int64_t days = first_day; year <= 12'000; ++days) {
    if (date_text(days) != civil_text(year, month, day)) {
      FAIL("day " << days << ": " << date_text(days) << ", not " << civil_text(year, month, day));
    }
    if (++day > month_days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0)) {
      day = 1;
      if (++month > 12) {
        month = 1;
        ++year;
      }
    }
  }
  SUCCEED();
}

TEST_CASE("dates are those of std::chrono over the whole of its range") {
  using namespace std::chrono;
  const sys_days start = sys_days{year{2000} / January / 1};
  const std::int64_t first = (sys_days{year{-4713} / November / 24} - start).count();
  const std::int64_t end = (sys_days{year::max() / December / 31} - start).count();
  for (std::int64_t day = first; day <= end; day += 17) {
    const year_month_day date{start + days{day}};
    const std::string expected = civil_text(static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                            static_cast<unsigned>(date.day()));
    if (date_text(day) != expected) FAIL("day " << day << ": " << date_text(day) << ", not " << expected);
  }
  SUCCEED();
}

TEST_CASE("the calendar repeats every 400 years up to PostgreSQL's last date") {
  std::mt19937_64 random(8);
  for (int i = 0; i < 200'000; ++i) {
    const std::int64_t cycles = static_cast<std::int64_t>(random() % 14'000);
    const std::int64_t day = static_cast<std::int64_t>(random() % 146'097);
    const std::string text = date_text(day);
    const std::int64_t year = std::stoll(text) + 400 * cycles;
    REQUIRE(date_text(day + 146'097 * cycles) == std::to_string(year) + text.substr(4));
  }
  CHECK(date_text(last_day) == "5874897-12-31");
  CHECK(date_text(first_day) == "4714-11-24 BC");
}

TEST_CASE("dates have PostgreSQL's names for infinity and its years BC") {
  CHECK(date_text(date_infinity) == "infinity");
  CHECK(date_text(-date_infinity) == "-infinity");
  CHECK(date_text(0) == "2000-01-01");
  CHECK(date_text(-730'119) == "0001-01-01");
  CHECK(date_text(-730'120) == "0001-12-31 BC");
  CHECK(date_text(-730'485) == "0001-01-01 BC");
  CHECK(date_text(2'921'940) == "10000-01-01");
}

TEST_CASE("times have as many fractional digits as are not zero") {
  CHECK(time_text(0) == "00:00:00");
  CHECK(time_text(day_microseconds) == "24:00:00");
  CHECK(time_text(day_microseconds - 1) == "23:59:59.999999");
  CHECK(time_text(1) == "00:00:00.000001");
  CHECK(time_text(100'000) == "00:00:00.1");
  CHECK(time_text(11'045'678'900) == "03:04:05.6789");
  for (std::int64_t second = 0; second < 86'400; ++second) {
    char expected[16];
    std::snprintf(expected, sizeof expected, "%02d:%02d:%02d", static_cast<int>(second / 3600),
                  static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
    REQUIRE(time_text(second * 1'000'000) == expected);
  }
}

TEST_CASE("timestamps are date, T and time, with Z where the zone is known") {
  CHECK(timestamp_text(0, true) == "2000-01-01T00:00:00Z");
  CHECK(timestamp_text(0, false) == "2000-01-01T00:00:00");
  CHECK(timestamp_text(-1, true) == "1999-12-31T23:59:59.999999Z");
  CHECK(timestamp_text(820'638'245'678'901, true) == "2026-01-02T03:04:05.678901Z");
  CHECK(timestamp_text(820'638'245'670'000, false) == "2026-01-02T03:04:05.67");
  CHECK(timestamp_text(timestamp_infinity, true) == "infinity");
  CHECK(timestamp_text(-timestamp_infinity, false) == "-infinity");
  CHECK(timestamp_text(first_timestamp, true) == "4714-11-24 00:00:00+00 BC");
  CHECK(timestamp_text(first_timestamp, false) == "4714-11-24 00:00:00 BC");
  CHECK(timestamp_text(end_of_timestamps - 1, true) == "294276-12-31T23:59:59.999999Z");
}

TEST_CASE("a timestamp is its date and its time, whatever was written before") {
  std::mt19937_64 random(9);
  DayText last;
  for (int i = 0; i < 200'000; ++i) {
    const std::int64_t range = i % 2 == 0 ? 3 * day_microseconds : 2'000'000 * day_microseconds;
    const std::int64_t value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(range)) - range / 2;
    std::int64_t day = value / day_microseconds;
    if (value % day_microseconds < 0) --day;
    std::string date = date_text(day);
    const bool before_christ = date.ends_with(" BC");
    if (before_christ) date.resize(date.size() - 3);
    const std::string time = time_text(value - day * day_microseconds);
    const std::string expected = before_christ ? date + " " + time + "+00 BC" : date + "T" + time + "Z";
    char text[max_value_text];
    REQUIRE(std::string(text, write_timestamp(text, value, true, last)) == expected);
    REQUIRE(timestamp_text(value, true) == expected);
  }
}

TEST_CASE("RFC 3339 can say the years 1 to 9999") {
  for (const auto& [day, expected] : {std::pair<std::int64_t, bool>{-730'120, false},
                                      {-730'119, true},
                                      {0, true},
                                      {2'921'939, true},
                                      {2'921'940, false},
                                      {date_infinity, false},
                                      {-date_infinity, false}}) {
    CHECK(is_rfc3339_date(day) == expected);
  }
  CHECK(is_rfc3339_timestamp(-730'119 * day_microseconds));
  CHECK_FALSE(is_rfc3339_timestamp(-730'119 * day_microseconds - 1));
  CHECK(is_rfc3339_timestamp(2'921'940 * day_microseconds - 1));
  CHECK_FALSE(is_rfc3339_timestamp(2'921'940 * day_microseconds));
  CHECK_FALSE(is_rfc3339_timestamp(timestamp_infinity));
  CHECK_FALSE(is_rfc3339_timestamp(-timestamp_infinity));
}

TEST_CASE("our era is what is finite and not BC") {
  CHECK(is_date_of_our_era(-730'119));
  CHECK_FALSE(is_date_of_our_era(-730'120));
  CHECK(is_date_of_our_era(last_day));
  CHECK_FALSE(is_date_of_our_era(date_infinity));
  CHECK_FALSE(is_date_of_our_era(-date_infinity));
  CHECK(is_timestamp_of_our_era(-730'119 * day_microseconds));
  CHECK_FALSE(is_timestamp_of_our_era(-730'119 * day_microseconds - 1));
  CHECK(is_timestamp_of_our_era(end_of_timestamps - 1));
  CHECK_FALSE(is_timestamp_of_our_era(timestamp_infinity));
  CHECK_FALSE(is_timestamp_of_our_era(-timestamp_infinity));
}
