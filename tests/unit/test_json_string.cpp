#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "json_string.hpp"

using namespace pg_takeout;

namespace {

std::string escaped(std::string_view text) {
  std::string out(longest_json_escape * text.size(), '\0');
  const char* const end = write_json_escaped(out.data(), text);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

// RFC 8259 section 7, said slowly.
std::string slow_escaped(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20) {
          char text_of_control[8];
          std::snprintf(text_of_control, sizeof text_of_control, "\\u%04x", static_cast<unsigned>(byte));
          out += text_of_control;
        } else {
          out.push_back(byte);
        }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("each control character has its escape and all else stays") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    CHECK(escaped(text) == slow_escaped(text));
  }
  CHECK(escaped("</script> \x7f é 😀 /") == "</script> \x7f é 😀 /");
  CHECK(escaped("").empty());
}

TEST_CASE("strings are escaped as the slow way escapes them") {
  std::mt19937 random(30);
  for (int i = 0; i < 50'000; ++i) {
    std::string text(random() % 120, '\0');
    const unsigned awkward = random() % 4;
    for (char& byte : text) byte = static_cast<char>(random() % 8 < awkward ? random() : 'a' + random() % 26);
    REQUIRE(escaped(text) == slow_escaped(text));
  }
}
