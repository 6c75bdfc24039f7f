#include <regex.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "formula_guard.hpp"

using namespace pg_takeout;

namespace {

class Pattern {
 public:
  explicit Pattern(const char* pattern) { REQUIRE(regcomp(&compiled_, pattern, REG_EXTENDED | REG_NOSUB) == 0); }
  ~Pattern() { regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] bool matches(const std::string& text) const {
    return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_;
};

}  // namespace

TEST_CASE("what a spreadsheet would run is a formula") {
  for (const char* const text : {"=1+1",     "=",        "+cmd|' /C calc'!A0",
                                 "-2+3+cmd", "@SUM(A1)", "\t=1",
                                 "\r=1",     "\n=1",     "+",
                                 "-",        "-a",       "+1a",
                                 "--1",      "+-1",      "-1e5",
                                 "＝1",      "＋1",      "－1",
                                 "＠a",      "-(1)",     "+1;2"}) {
    CHECK(is_formula(text));
  }
}

TEST_CASE("numbers, phones and ordinary texts are not formulas") {
  for (const char* const text : {"", "a", "1", "-1", "+1", "-1.5", "-1,234.50", "+358 (40) 123-4567", "+49 30 1234.56",
                                 "-1 000,00", "a=b", " =1", "'=1", "1=2", "\"=1", "é", "／"}) {
    CHECK_FALSE(is_formula(text));
  }
}

TEST_CASE("the guard is what its rule says as a regular expression") {
  const Pattern starts("^(=|\\+|-|@|\t|\r|\n|＝|＋|－|＠)");
  const Pattern number("^[+-]?[0-9][0-9 ().,-]*$");
  std::mt19937 random(14);
  const std::string alphabet[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "／",
                                  "0", "5", "9", " ", "(",  ")",  ".",  ",",  "a",  "e",  ";",  "\""};
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (unsigned k = random() % 6; k > 0; --k) text += alphabet[random() % std::size(alphabet)];
    const bool expected = starts.matches(text) && !number.matches(text);
    INFO(text);
    REQUIRE(is_formula(text) == expected);
  }
}
