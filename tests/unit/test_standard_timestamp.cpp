#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "standard_timestamp.hpp"
#include "value_text.hpp"

using namespace pg_takeout;
using Catch::Matchers::Contains;

namespace {

std::string rule_of(const std::string& text) {
  const BrokenRule rule = check_timestamp(text);
  return rule == nullptr ? "" : rule;
}

}  // namespace

TEST_CASE("complete dates and times of ISO 8601 are taken") {
  for (const char* const text :
       {"2026-01-31T23:59:59Z", "2026-01-31t23:59:59z", "2026-01-31T23:59:59", "2026-01-31T23:59:59.123456789012Z",
        "2026-01-31T23:59:59,5+02:00", "2026-01-31T23:59:59-05", "20260131T235959Z", "20260131T235959.5+0530",
        "20260131T235959-08", "0000-02-29T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-31T24:00:00Z",
        "2026-01-31T24:00:00.000", "2016-12-31T23:59:60Z", "2017-01-01T05:29:60+05:30", "2016-12-31T15:59:60.5-08:00",
        "2012-06-30T23:59:60", "2026-01-31T00:00:00-00:00", "2026-01-31T00:00:00+23:59"}) {
    INFO(text);
    CHECK(rule_of(text).empty());
  }
}

TEST_CASE("what breaks a rule of ISO 8601 names the rule") {
  const std::pair<const char*, const char*> broken[] = {
      {"", "YYYY-MM-DD"},
      {"2026-1-31T00:00:00Z", "YYYY-MM-DD"},
      {"2026-0131T00:00:00Z", "YYYY-MM-DD"},
      {"202601-31T00:00:00Z", "YYYY-MM-DD"},
      {"+2026-01-31T00:00:00Z", "YYYY-MM-DD"},
      {"2026-W05-6T00:00:00Z", "YYYY-MM-DD"},
      {"2026-031T00:00:00Z", "YYYY-MM-DD"},
      {"2026-00-31T00:00:00Z", "month"},
      {"2026-13-31T00:00:00Z", "month"},
      {"2026-02-29T00:00:00Z", "day"},
      {"1900-02-29T00:00:00Z", "day"},
      {"2026-04-31T00:00:00Z", "day"},
      {"2026-01-00T00:00:00Z", "day"},
      {"2026-01-31 00:00:00Z", "T between"},
      {"2026-01-31", "T between"},
      {"2026-01-31T00:00Z", "hh:mm:ss"},
      {"2026-01-31T000000Z", "hh:mm:ss"},
      {"20260131T00:00:00Z", "hhmmss"},
      {"2026-01-31T25:00:00Z", "hour"},
      {"2026-01-31T24:00:01Z", "hour"},
      {"2026-01-31T24:00:00.1Z", "hour"},
      {"2026-01-31T00:60:00Z", "minute"},
      {"2026-01-31T00:00:61Z", "second"},
      {"2026-01-31T00:00:60Z", "second 60"},
      {"2026-01-30T23:59:60Z", "second 60"},
      {"2016-12-31T23:59:60+01:00", "second 60"},
      {"2017-01-01T00:59:60+01:30", "second 60"},
      {"2026-01-31T00:00:00.Z", "fraction"},
      {"2026-01-31T00:00:00+1:00", "zone"},
      {"2026-01-31T00:00:00+0100", "zone"},
      {"20260131T000000+01:00", "zone"},
      {"2026-01-31T00:00:00+24:00", "23:59"},
      {"2026-01-31T00:00:00+01:60", "23:59"},
      {"2026-01-31T00:00:00UTC", "zone"},
      {"2026-01-31T00:00:00ZZ", "more than"},
      {"2026-01-31T00:00:00Z ", "more than"},
      {" 2026-01-31T00:00:00Z", "YYYY-MM-DD"},
  };
  for (const auto& [text, words] : broken) {
    INFO(text);
    CHECK_THAT(rule_of(text), Contains(words));
  }
}

TEST_CASE("dates are those of the calendar") {
  int days = 0;
  for (int year = 1896; year <= 2005; ++year) {
    for (int month = 0; month <= 13; ++month) {
      for (int day = 0; day <= 32; ++day) {
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
        days += check_date(text) == nullptr ? 1 : 0;
        CHECK((check_date(text) == nullptr) ==
              (check_date(std::string(text, 4) + std::string(text + 5, 2) + std::string(text + 8, 2)) == nullptr));
      }
    }
  }
  CHECK(days == 110 * 365 + 110 / 4);  // 1896 to 2004 are 28 fourth years, 1900 is no leap year
  CHECK(check_date("2026-01-31T00:00:00Z") != nullptr);
}

TEST_CASE("the timestamps that an export writes follow the standard") {
  char text[max_value_text];
  for (std::int64_t microseconds = -63'000'000'000'000'000; microseconds < 252'000'000'000'000'000;
       microseconds += 3'456'789'012'345) {
    const std::string zulu(text, write_timestamp(text, microseconds, true));
    INFO(zulu);
    REQUIRE(check_timestamp(zulu) == nullptr);
    REQUIRE(check_timestamp(std::string(text, write_timestamp(text, microseconds, false))) == nullptr);
  }
  CHECK(check_timestamp(std::string(text, write_timestamp(text, timestamp_infinity, true))) != nullptr);
}
