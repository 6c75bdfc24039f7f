#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "value_text.hpp"

using namespace pg_takeout;

namespace {

std::string text_of_integer(std::int64_t value) {
  char text[max_value_text];
  return {text, write_integer(text, value)};
}
std::string text_of_float4(float value) {
  char text[max_value_text];
  return {text, write_float4(text, value)};
}
std::string text_of_float8(double value) {
  char text[max_value_text];
  return {text, write_float8(text, value)};
}
std::string text_of_numeric(const NumericDigits& numeric) {
  std::string text(numeric_text_bound(numeric), '\0');
  const char* const end = write_numeric(text.data(), numeric);
  REQUIRE(static_cast<std::size_t>(end - text.data()) <= text.size());
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

// RFC 8259 section 6.
bool is_json_number(const std::string& text) {
  std::size_t at = 0;
  const auto digits = [&text, &at] {
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool starts_with_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (starts_with_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string significant_digits(const std::string& text) {
  std::string digits;
  for (const char byte : text.substr(0, text.find('e'))) {
    if (byte >= '0' && byte <= '9') digits.push_back(byte);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

// No text with fewer digits reads back as the same value, but for one that lies halfway to a neighbour and is read back by
// rounding to even: a reader that rounds away from the value would go wrong there.
template <class Float>
bool is_shortest(const std::string& text, Float value, Float (*read)(const char*, char**)) {
  const std::size_t digits = significant_digits(text).size();
  if (digits <= 1) return true;
  char shorter[64];
  std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits) - 2, static_cast<double>(value));
  if (read(shorter, nullptr) != value) return true;
  const bool lies_above = std::strtold(shorter, nullptr) > static_cast<long double>(value);
  const Float neighbour = std::nextafter(value, lies_above ? HUGE_VALF : -HUGE_VALF);
  const long double midpoint = (static_cast<long double>(value) + static_cast<long double>(neighbour)) / 2;
  return std::strtold(shorter, nullptr) == midpoint;
}

// Digit for digit, from the definition of NumericDigits.
std::string slow_numeric(const NumericDigits& numeric) {
  static constexpr int powers[] = {1, 10, 100, 1000};
  std::string text;
  for (int place = std::max(4 * numeric.weight + 3, 0); place >= -numeric.display_scale; --place) {
    const int group = place >= 0 ? place / 4 : -((3 - place) / 4);
    const int index = numeric.weight - group;
    const int group_value = index >= 0 && index < numeric.count ? numeric.digits[index] : 0;
    const int digit = group_value / powers[place - 4 * group] % 10;
    if (place == -1) text.push_back('.');
    if (place > 0 && digit == 0 && text.empty()) continue;
    text.push_back(static_cast<char>('0' + digit));
  }
  return (numeric.negative ? "-" : "") + text;
}

}  // namespace

TEST_CASE("integers are written as std::to_string writes them") {
  std::vector<std::int64_t> values{0, INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX};
  for (std::int64_t power = 1; power <= INT64_MAX / 10; power *= 10) {
    for (const std::int64_t value : {power - 1, power, power + 1, power * 9}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) values.push_back(static_cast<std::int64_t>(random() >> (random() % 64)));
  for (std::int64_t value = -20'000; value < 20'000; ++value) values.push_back(value);
  for (const std::int64_t value : values) REQUIRE(text_of_integer(value) == std::to_string(value));
}

TEST_CASE("floats have PostgreSQL's layout") {
  CHECK(text_of_float8(0.0) == "0");
  CHECK(text_of_float8(-0.0) == "-0");
  CHECK(text_of_float8(1.0) == "1");
  CHECK(text_of_float8(-42.5) == "-42.5");
  CHECK(text_of_float8(0.1) == "0.1");
  CHECK(text_of_float8(0.0001) == "0.0001");
  CHECK(text_of_float8(0.00001) == "1e-05");
  CHECK(text_of_float8(123456789012345.0) == "123456789012345");
  CHECK(text_of_float8(999999999999999.9) == "999999999999999.9");
  CHECK(text_of_float8(1e15) == "1e+15");
  CHECK(text_of_float8(1234567890123456.0) == "1.234567890123456e+15");
  CHECK(text_of_float8(1e20) == "1e+20");
  CHECK(text_of_float8(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(text_of_float8(5e-324) == "5e-324");
  CHECK(text_of_float4(0.1F) == "0.1");
  CHECK(text_of_float4(-0.0F) == "-0");
  CHECK(text_of_float4(123456.0F) == "123456");
  CHECK(text_of_float4(999999.94F) == "999999.94");
  CHECK(text_of_float4(1e6F) == "1e+06");
  CHECK(text_of_float4(1234567.0F) == "1.234567e+06");
  CHECK(text_of_float4(3.4028235e38F) == "3.4028235e+38");
  CHECK(text_of_float4(1e-45F) == "1e-45");
}

TEST_CASE("floats are never written as a decimal halfway between two of them") {
  CHECK(text_of_float4(53986112.0F) == "5.3986112e+07");
  CHECK(text_of_float4(-53986112.0F) == "-5.3986112e+07");
  CHECK(text_of_float4(224132992.0F) == "2.2413299e+08");
  CHECK(text_of_float8(4.085159296753626e46) == "4.085159296753626e+46");
  CHECK(text_of_float4(16777216.0F) == "1.6777216e+07");
  CHECK(text_of_float8(9007199254740992.0) == "9.007199254740992e+15");
  CHECK(text_of_float8(51629281536872050.0) == "5.162928153687205e+16");
  CHECK(text_of_float8(36028797018963968.0) == "3.602879701896397e+16");
}

TEST_CASE("floats without a number have PostgreSQL's names") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(text_of_float8(infinity) == "Infinity");
  CHECK(text_of_float8(-infinity) == "-Infinity");
  CHECK(text_of_float8(std::nan("")) == "NaN");
  CHECK(text_of_float4(static_cast<float>(infinity)) == "Infinity");
  CHECK(text_of_float4(static_cast<float>(-infinity)) == "-Infinity");
  CHECK(text_of_float4(std::nanf("")) == "NaN");
}

TEST_CASE("float8 is the shortest text that reads back, and a JSON number") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 200'000; ++i) {
    std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 4 == 1) value = static_cast<double>(static_cast<std::int64_t>(bits) >> (bits % 60));
    if (i % 4 == 2) value = static_cast<double>(static_cast<std::int32_t>(bits)) / 100;
    if (i % 4 == 3) value = std::ldexp(1.0, static_cast<int>(bits % 2098) - 1074);
    if (!std::isfinite(value)) continue;
    const std::string text = text_of_float8(value);
    INFO(text);
    REQUIRE(std::strtod(text.c_str(), nullptr) == value);
    REQUIRE(is_json_number(text));
    REQUIRE(is_shortest<double>(text, value, std::strtod));
  }
}

TEST_CASE("float4 is the shortest text that reads back, and a JSON number") {
  std::mt19937 random(5);
  for (int i = 0; i < 200'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    if (i % 2 == 1) value = static_cast<float>(static_cast<std::int32_t>(bits) >> (bits % 30)) / 8;
    if (!std::isfinite(value)) continue;
    const std::string text = text_of_float4(value);
    INFO(text);
    REQUIRE(std::strtof(text.c_str(), nullptr) == value);
    REQUIRE(is_json_number(text));
    REQUIRE(is_shortest<float>(text, value, std::strtof));
  }
}

TEST_CASE("numeric has the digits that numeric_out shows") {
  const auto text = [](std::vector<std::int16_t> digits, int weight, int scale, bool negative = false) {
    return text_of_numeric({digits.data(), static_cast<std::int32_t>(digits.size()), weight, scale, negative});
  };
  CHECK(text({}, 0, 0) == "0");
  CHECK(text({}, 0, 2) == "0.00");
  CHECK(text({1}, 0, 0) == "1");
  CHECK(text({1}, 1, 0) == "10000");
  CHECK(text({1, 2}, 1, 0) == "10002");
  CHECK(text({1234, 5678}, 1, 0) == "12345678");
  CHECK(text({12, 3400}, 0, 2) == "12.34");
  CHECK(text({12, 3400}, 0, 6) == "12.340000");
  CHECK(text({5000}, -1, 1) == "0.5");
  CHECK(text({5}, -1, 4, true) == "-0.0005");
  CHECK(text({1000}, -3, 9) == "0.000000001");
  CHECK(text({9999}, 5, 0, true) == "-999900000000000000000000");
}

TEST_CASE("numeric is what the slow reference says") {
  std::mt19937 random(6);
  for (int round = 0; round < 100'000; ++round) {
    std::vector<std::int16_t> digits(random() % 12);
    for (auto& digit : digits) {
      digit = static_cast<std::int16_t>(random() % 4 == 0 ? random() % 10 : random() % 10'000);
    }
    // As PostgreSQL keeps them: no leading zero digits, and zero has none at all.
    if (!digits.empty() && digits.front() == 0) digits.front() = 7;
    const auto weight = digits.empty() ? 0 : static_cast<std::int32_t>(random() % 16) - 6;
    const NumericDigits numeric{digits.data(), static_cast<std::int32_t>(digits.size()), weight,
                                static_cast<std::int32_t>(random() % 40), !digits.empty() && random() % 2 == 0};
    REQUIRE(text_of_numeric(numeric) == slow_numeric(numeric));
  }
}
