#include "cron.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "cron_zone.hpp"
#include "error.hpp"

using namespace pg_takeout;

namespace {

// Minutes from 1970-01-01 00:00.
std::int64_t minute(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  const std::chrono::sys_days date = std::chrono::year(year) / month / day;
  return date.time_since_epoch().count() * 1440 + hour * 60 + minute;
}

std::string detail_of(const std::string& expression) {
  try {
    (void)parse_cron(expression);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_option);
    return error.detail();
  }
  return "";
}

// A zone whose clocks change at given instants.
class TestZone final : public Zone {
 public:
  struct Change {
    std::int64_t instant;
    std::int64_t offset;
  };

  TestZone(std::int64_t first_offset, std::vector<Change> changes)
      : first_offset_(first_offset), changes_(std::move(changes)) {}

  [[nodiscard]] ZoneOffset at(std::int64_t instant) const override {
    std::int64_t offset = first_offset_;
    for (const Change& change : changes_) {
      if (instant < change.instant) return {offset, change.instant};
      offset = change.offset;
    }
    return {offset, forever};
  }

 private:
  std::int64_t first_offset_;
  std::vector<Change> changes_;
};

// Helsinki in 2026: 03:00 becomes 04:00 on 29 March, 04:00 becomes 03:00 on 25 October.
const std::int64_t spring = minute(2026, 3, 29, 1) * 60;
const std::int64_t autumn = minute(2026, 10, 25, 1) * 60;
const TestZone& helsinki() {
  static const TestZone zone(7200, {{spring, 10800}, {autumn, 7200}});
  return zone;
}

std::vector<std::int64_t> runs(const char* expression, const Zone& zone, std::int64_t after, int count) {
  const Cron cron = parse_cron(expression);
  std::vector<std::int64_t> found;
  for (int i = 0; i < count; ++i) {
    const auto next = next_run(cron, zone, after);
    if (!next) break;
    found.push_back(after = *next);
  }
  return found;
}

}  // namespace

TEST_CASE("fields take lists, ranges, steps and names") {
  const auto bits = [](std::initializer_list<int> values) {
    std::uint64_t set = 0;
    for (const int value : values) set |= std::uint64_t{1} << value;
    return set;
  };
  const Cron cron = parse_cron("\t5,10-12,50/4  */8 1-10/3 JAN,nov-dec Mon-Fri/2 ");
  CHECK(cron.minutes == bits({5, 10, 11, 12, 50, 54, 58}));
  CHECK(cron.hours == bits({0, 8, 16}));
  CHECK(cron.days == bits({1, 4, 7, 10}));
  CHECK(cron.months == bits({1, 11, 12}));
  CHECK(cron.weekdays == bits({1, 3, 5}));
  CHECK(parse_cron("* * * * *").minutes == (std::uint64_t{1} << 60) - 1);
}

TEST_CASE("Sunday is 0 and 7, and ends a range") {
  CHECK(parse_cron("0 0 * * 7").weekdays == 1);
  CHECK(parse_cron("0 0 * * sun").weekdays == 1);
  CHECK(parse_cron("0 0 * * fri-sun").weekdays == 0b1100001);
  CHECK(parse_cron("0 0 * * 5-7").weekdays == 0b1100001);
  CHECK(parse_cron("0 0 * * 0-7").weekdays == 0b1111111);
  CHECK(parse_cron("0 0 * * */7").weekdays == 1);
}

TEST_CASE("named expressions are what they stand for") {
  for (const auto& [name, meaning] : {std::pair{"@hourly", "0 * * * *"},
                                      {"@daily", "0 0 * * *"},
                                      {"@midnight", "0 0 * * *"},
                                      {" @Weekly ", "0 0 * * 0"},
                                      {"@monthly", "0 0 1 * *"},
                                      {"@yearly", "0 0 1 1 *"},
                                      {"@annually", "0 0 1 1 *"}}) {
    const std::int64_t start = minute(2026, 11, 24, 11, 42);
    CHECK(next_minute(parse_cron(name), start) == next_minute(parse_cron(meaning), start));
  }
}

TEST_CASE("errors point at the character") {
  CHECK(detail_of("0 25 * * *") == "At character 3: hour 25 is not between 0 and 23.");
  CHECK(detail_of("") == "At character 1: the expression is empty.");
  CHECK(detail_of("  ") == "At character 3: the expression is empty.");
  CHECK(detail_of("0 6 * *") == "At character 8: the day of the week is missing.");
  CHECK(detail_of("0 6 * * * *") == "At character 11: there are more than five fields.");
  CHECK(detail_of("0 6 * * 1#2") == "At character 10: unexpected \"#\".");
  CHECK(detail_of("0 6 L * *") == "At character 5: \"L\" is not a day of the month.");
  CHECK(detail_of("0 6 * january *") == "At character 7: \"january\" is not a month, whose names have three letters.");
  CHECK(detail_of("*/0 6 * * *") == "At character 3: a step is at least 1.");
  CHECK(detail_of("*/90 6 * * *") == "At character 3: a step of 90 leaves the minutes, which end at 59.");
  CHECK(detail_of("0 22-2 * * *") == "At character 3: the range ends before it begins.");
  CHECK(detail_of("1, 6 * * *") == "At character 3: the minute is cut short.");
  CHECK(detail_of("1- 6 * * *") == "At character 3: the minute is cut short.");
  CHECK(detail_of("4294967296 6 * * *") == "At character 1: minute 4294967296 is not between 0 and 59.");
  CHECK(detail_of("-1 6 * * *") == "At character 1: unexpected \"-\".");
  CHECK(detail_of("0 6 0 * *") == "At character 5: day of the month 0 is not between 1 and 31.");
  CHECK(detail_of("0 6 30 2 *") == "At character 5: no month of these has a day 30.");
  CHECK(detail_of("0 6 31 2,4,jun *") == "At character 5: no month of these has a day 31.");
  CHECK(detail_of("@reboot").starts_with("At character 1: the names are"));
  // Characters, not bytes.
  CHECK(detail_of("ä 6 * * *") == "At character 1: unexpected \"ä\".");
  CHECK(detail_of("0 ä6 * * *") == "At character 3: unexpected \"ä\".");
  CHECK(detail_of("0 6ä€ * * *") == "At character 4: unexpected \"ä\".");
  CHECK(detail_of(std::string(301, ' ')) == "It has 301 bytes; at most 300 are allowed.");
}

TEST_CASE("no text makes the parser read outside or give empty fields") {
  std::mt19937 random(5);
  const std::string alphabet = "0123456789*/,- \tsunjafeb@L#\xC3\xA4";
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (unsigned k = random() % 16; k > 0; --k) text += alphabet[random() % alphabet.size()];
    try {
      const Cron cron = parse_cron(text);
      REQUIRE((cron.minutes && cron.hours && cron.days && cron.months && cron.weekdays));
      REQUIRE(cron.minutes >> 60 == 0);
      REQUIRE(cron.hours >> 24 == 0);
      REQUIRE(((cron.days & 1) == 0 && cron.days >> 32 == 0));
      REQUIRE(((cron.months & 1) == 0 && cron.months >> 13 == 0));
      REQUIRE(cron.weekdays >> 7 == 0);
      REQUIRE(next_minute(cron, 0).has_value());
    } catch (const Error& error) {
      REQUIRE(error.detail().starts_with("At character "));
    }
  }
}

TEST_CASE("a day of the month or a weekday is enough where both are restricted") {
  const std::int64_t start = minute(2026, 11, 1);  // a Sunday
  CHECK(next_minute(parse_cron("0 0 13 * fri"), start) == minute(2026, 11, 6));
  CHECK(next_minute(parse_cron("0 0 13 * fri"), minute(2026, 11, 6, 0, 1)) == minute(2026, 11, 13));
  CHECK(next_minute(parse_cron("0 0 * * fri"), minute(2026, 11, 7)) == minute(2026, 11, 13));
  CHECK(next_minute(parse_cron("0 0 13 * *"), start) == minute(2026, 11, 13));
  // */2 begins with *: the first Monday on an odd day.
  CHECK(next_minute(parse_cron("0 0 */2 * mon"), start) == minute(2026, 11, 9));
  CHECK(next_minute(parse_cron("0 0 30 2 mon"), start) == minute(2027, 2, 1));
}

TEST_CASE("rare days are found and the calendar ends") {
  CHECK(next_minute(parse_cron("59 23 29 2 *"), minute(2096, 3, 1)) == minute(2104, 2, 29, 23, 59));
  // 29 February is a Sunday in 2088 and then in 2128, because 2100 has none.
  CHECK(next_minute(parse_cron("0 0 29 2 */7"), minute(2088, 3, 1)) == minute(2128, 2, 29));
  CHECK(next_minute(parse_cron("0 0 31 12 *"), minute(9999, 12, 31)) == minute(9999, 12, 31));
  CHECK_FALSE(next_minute(parse_cron("0 0 31 12 *"), minute(9999, 12, 31, 0, 1)).has_value());
  CHECK(next_minute(parse_cron("0 0 1 1 *"), minute(1960, 6, 1)) == minute(1961, 1, 1));
}

TEST_CASE("a skipped time runs once, at the first valid minute") {
  const std::int64_t before = spring - 86400;
  CHECK(runs("30 3 * * *", helsinki(), before, 3) ==
        std::vector<std::int64_t>{spring - 86400 + 1800, spring, spring + 86400 - 1800});
  // All that the gap swallows is one run, also with the one that is due there anyway.
  CHECK(runs("*/15 3 * * *", helsinki(), spring - 60, 2) == std::vector<std::int64_t>{spring, spring + 82800});
  CHECK(runs("*/15 3,4 * * *", helsinki(), spring - 60, 2) == std::vector<std::int64_t>{spring, spring + 900});
  CHECK(runs("0 * * * *", helsinki(), spring - 3601, 3) ==
        std::vector<std::int64_t>{spring - 3600, spring, spring + 3600});
}

TEST_CASE("a time that comes twice runs the first time") {
  const std::int64_t three = autumn - 3600;  // 03:00 for the first time
  CHECK(runs("30 3 * * *", helsinki(), three, 2) == std::vector<std::int64_t>{three + 1800, three + 1800 + 90000});
  CHECK(runs("0 * * * *", helsinki(), three - 1, 3) == std::vector<std::int64_t>{three, autumn + 3600, autumn + 7200});
  // Asked in the second hour, it is not due again.
  CHECK(runs("30 3 * * *", helsinki(), autumn + 60, 1) == std::vector<std::int64_t>{three + 1800 + 90000});
}

TEST_CASE("a gap that ends within a minute is followed by a whole one; a day can be skipped") {
  const std::int64_t change = minute(1937, 7, 1) * 60 - 1172;  // Amsterdam: from +01:19:32 to +01:20
  const TestZone amsterdam(4772, {{change, 4800}});
  for (const std::int64_t run : runs("* * * * *", amsterdam, change - 200, 6)) {
    CHECK((run + amsterdam.at(run).seconds) % 60 == 0);
  }
  const TestZone apia(-36000, {{minute(2011, 12, 30, 10) * 60, 50400}});
  CHECK(runs("0 9 * * *", apia, minute(2011, 12, 30) * 60, 2) ==
        std::vector<std::int64_t>{minute(2011, 12, 30, 10) * 60, minute(2011, 12, 30, 19) * 60});
}

TEST_CASE("runs are what going through every minute finds") {
  // Changes of odd lengths close to each other.
  const TestZone zone(
      0, {{7 * 3600, 3600}, {9 * 3600, 1800}, {9 * 3600 + 2700, 5400}, {20 * 3600, -36000}, {50 * 3600, 46800}});
  for (const char* const expression :
       {"*/7 * * * *", "0 * * * *", "30 8 * * *", "15,45 */2 * * *", "0 0 2 * *", "59 23 * * *"}) {
    const Cron cron = parse_cron(expression);
    // Every local minute of some days, each at the first instant that shows it or that comes after its gap.
    std::vector<std::int64_t> expected;
    for (std::int64_t local = -1440; local < 5 * 1440; ++local) {
      if (next_minute(cron, local) != local) continue;
      std::int64_t instant = -2 * 86400;
      while (instant + zone.at(instant).seconds < local * 60) instant += 60;
      if (expected.empty() || instant > expected.back()) expected.push_back(instant);
    }
    std::int64_t after = expected.front();
    for (std::size_t i = 1; i < expected.size(); ++i) {
      INFO(expression << " after " << after);
      const auto next = next_run(cron, zone, after);
      REQUIRE(next == expected[i]);
      after = *next;
    }
  }
}
