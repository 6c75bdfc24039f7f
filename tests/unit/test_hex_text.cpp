#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "hex_text.hpp"

using namespace pg_takeout;

TEST_CASE("hex digits are the scalar ones on every alignment and length") {
  std::mt19937 random(7);
  std::vector<unsigned char> bytes(256);
  for (auto& byte : bytes) byte = static_cast<unsigned char>(random());
  for (std::size_t alignment = 0; alignment < 16; ++alignment) {
    for (std::size_t size = 0; size <= 200; ++size) {
      std::string expected(2 * size + 2, '~');
      std::string actual = expected;
      const auto* const expected_end = scalar_write_hex(expected.data(), bytes.data() + alignment, size);
      const auto* const actual_end = write_hex(actual.data(), bytes.data() + alignment, size);
      REQUIRE(expected_end - expected.data() == actual_end - actual.data());
      REQUIRE(actual == expected);
    }
  }
}

TEST_CASE("every byte has its two digits") {
  for (int value = 0; value < 256; ++value) {
    const std::vector<unsigned char> bytes(17, static_cast<unsigned char>(value));
    char expected[3];
    std::snprintf(expected, sizeof expected, "%02x", static_cast<unsigned>(value));
    std::string text(34, '\0');
    write_hex(text.data(), bytes.data(), bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) REQUIRE(text.substr(2 * i, 2) == expected);
  }
}
