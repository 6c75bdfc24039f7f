#include <catch2/catch.hpp>

#include "../../src/core/utf8.hpp"

using namespace pg_takeout;
using namespace std::string_literals;

TEST_CASE("UTF-8 stays as it is", "[utf8]") {
  for (const std::string& text :
       {""s, "plain"s, "a\0b"s, "Größe \u20AC \U0001F600"s, "\u007F\u0080\u07FF\u0800\uFFFF\U00010000\U0010FFFF"s})
    CHECK(valid_utf8(text) == text);
}

TEST_CASE("each byte that is not UTF-8 becomes a replacement character", "[utf8]") {
  const std::string sign(utf8_replacement);
  CHECK(valid_utf8("schl\xE4"
                   "cht") == "schl" + sign + "cht");                   // Latin-1
  CHECK(valid_utf8("Gr\xC3") == "Gr" + sign);                          // cut
  CHECK(valid_utf8("\xC0\xAF!") == sign + sign + "!");                 // overlong
  CHECK(valid_utf8("\xED\xA0\x80") == sign + sign + sign);             // a surrogate
  CHECK(valid_utf8("\xF4\x90\x80\x80") == sign + sign + sign + sign);  // beyond U+10FFFF
  CHECK(valid_utf8("\xE2\x82") == sign + sign);
  CHECK(valid_utf8("\xE2\x82"
                   "a") == sign + sign + "a");
  CHECK(valid_utf8("\x80\xFF") == sign + sign);
}
