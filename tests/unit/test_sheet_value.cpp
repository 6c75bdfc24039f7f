#include "sheet_value.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

using namespace pg_takeout;

namespace {

template <class Value>
std::string written(char* (*write)(char*, Value), Value value) {
  char text[max_sheet_value + 1];
  char* const end = write(text, value);
  if (end == nullptr) return "text";
  REQUIRE(end - text <= static_cast<std::ptrdiff_t>(max_sheet_value));
  return {text, end};
}

std::string integer(std::int64_t value) { return written(write_sheet_integer, value); }
std::string decimal(std::string_view text) { return written(write_sheet_decimal, text); }
std::string float8(double value) { return written(write_sheet_float8, value); }
std::string float4(float value) { return written(write_sheet_float4, value); }
std::string date(std::int64_t days) { return written(write_sheet_date, days); }
std::string timestamp(std::int64_t microseconds) { return written(write_sheet_timestamp, microseconds); }
std::string time_of_day(std::int64_t microseconds) { return written(write_sheet_time, microseconds); }

constexpr std::int64_t day = 86'400'000'000;
constexpr std::int64_t day_1900_03_01 = -36465;  // from 2000-01-01
constexpr std::int64_t day_9999_12_31 = 2921939;

}  // namespace

TEST_CASE("integers are numbers up to 15 digits") {
  CHECK(integer(0) == "0");
  CHECK(integer(-7) == "-7");
  CHECK(integer(999'999'999'999'999) == "999999999999999");
  CHECK(integer(-999'999'999'999'999) == "-999999999999999");
  CHECK(integer(1'000'000'000'000'000) == "text");
  CHECK(integer(-1'000'000'000'000'000) == "text");
  CHECK(integer(INT64_MIN) == "text");
}

TEST_CASE("decimals are numbers up to 15 significant digits, without zeros at the end of the fraction") {
  CHECK(decimal("0") == "0");
  CHECK(decimal("0.00") == "0");
  CHECK(decimal("12.50") == "12.5");
  CHECK(decimal("100") == "100");
  CHECK(decimal("-0.00012") == "-0.00012");
  CHECK(decimal("1234567890.12345") == "1234567890.12345");
  CHECK(decimal("1234567890.123456") == "text");
  CHECK(decimal("123456789012345.000") == "123456789012345");
  CHECK(decimal("0.0000000123456789012345") == "0.0000000123456789012345");
  CHECK(decimal("0.00000001234567890123456") == "text");
  CHECK(decimal("1000000000000000") == "text");
  CHECK(decimal("NaN") == "text");
  CHECK(decimal("Infinity") == "text");
  CHECK(decimal("-Infinity") == "text");
  CHECK(decimal("0." + std::string(400, '0') + "1") == "text");
  CHECK(decimal("") == "text");
}

TEST_CASE("a double reads back as itself") {
  CHECK(float8(0.1) == "0.1");
  CHECK(float8(-2) == "-2");
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    double value;
    const std::uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    const std::string text = float8(value);
    if (!std::isnormal(value) || std::fabs(value) > 9.99999999999999e307) {
      REQUIRE(text == "text");
    } else {
      REQUIRE(std::strtod(text.c_str(), nullptr) == value);
    }
  }
}

TEST_CASE("what a sheet's double cannot hold is text") {
  CHECK(float8(std::nan("")) == "text");
  CHECK(float8(std::numeric_limits<double>::infinity()) == "text");
  CHECK(float8(-std::numeric_limits<double>::infinity()) == "text");
  CHECK(float8(1e308) == "text");
  CHECK(float8(-1.7e308) == "text");
  CHECK(float8(9.99999999999999e307) != "text");
  CHECK(float8(4.9e-324) == "text");
  CHECK(float8(std::numeric_limits<double>::min()) != "text");
  CHECK(float8(0) == "0");
}

TEST_CASE("a float shows its own digits, not those of its double") {
  CHECK(float4(0.1F) == "0.1");
  CHECK(float4(16777216.0F) == "1.6777216e+07");
  CHECK(float4(std::numeric_limits<float>::infinity()) == "text");
}

TEST_CASE("dates are days of the 1900 system from March 1900 to the year 9999") {
  CHECK(date(0) == "36526");
  CHECK(date(day_1900_03_01) == "61");
  CHECK(date(day_1900_03_01 - 1) == "text");
  CHECK(date(day_9999_12_31) == "2958465");
  CHECK(date(day_9999_12_31 + 1) == "text");
  CHECK(date(INT64_MAX) == "text");
  CHECK(date(-INT64_MAX) == "text");
}

TEST_CASE("timestamps are days and fractions of at most 15 digits") {
  CHECK(timestamp(0) == "36526");
  CHECK(timestamp(day / 2) == "36526.5");
  CHECK(timestamp(day / 4 + 9000 * day) == "45526.25");
  CHECK(timestamp(1'000'000) == "36526.0000115741");
  CHECK(timestamp(day_1900_03_01 * day) == "61");
  CHECK(timestamp(day_1900_03_01 * day - 1) == "text");
  CHECK(timestamp(day_9999_12_31 * day + day / 2) == "2958465.5");
  CHECK(timestamp((day_9999_12_31 + 1) * day) == "text");
  CHECK(timestamp(INT64_MAX) == "text");
  CHECK(timestamp(-INT64_MAX) == "text");
}

TEST_CASE("the last microsecond of a day stays in it") {
  CHECK(timestamp(day - 1) == "36526.9999999999");
  CHECK(timestamp(70000 * day - 1) == "106525.999999999");
  CHECK(timestamp(2000000 * day - 1) == "2036525.99999999");
}

TEST_CASE("a timestamp reads back to the precision of 15 digits") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 50000; ++i) {
    const std::int64_t microseconds = static_cast<std::int64_t>(random() % (60000ULL * day)) - 30000 * day;
    const std::string text = timestamp(microseconds);
    const long double days = std::strtold(text.c_str(), nullptr) - 36526;
    REQUIRE(std::fabs(days * day - static_cast<long double>(microseconds)) <= 8.64L);
    REQUIRE(text.size() <= 16);  // with its point
  }
}

TEST_CASE("times are fractions of a day, exact to the microsecond") {
  CHECK(time_of_day(0) == "0");
  CHECK(time_of_day(day / 2) == "0.5");
  CHECK(time_of_day(day) == "text");
  CHECK(time_of_day(-1) == "text");
  std::mt19937_64 random(3);
  for (int i = 0; i < 50000; ++i) {
    const auto microseconds = static_cast<std::int64_t>(random() % day);
    const std::string text = time_of_day(microseconds);
    REQUIRE(std::llround(std::strtold(text.c_str(), nullptr) * day) == microseconds);
  }
  CHECK(time_of_day(day - 1) == "0.999999999988");
}
