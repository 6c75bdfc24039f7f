#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "byte_scan.hpp"

using namespace pg_takeout;

namespace {

constexpr std::size_t longest = 200;
constexpr std::size_t alignments = 32;

// Compares with the scalar specification on every alignment and length. The bytes around the input all match, and those
// around the target are watched, so that a step outside of either shows.
template <class Set>
void check_all_places(Set set, const std::string& input, char outside) {
  std::vector<char> source(longest + 2 * alignments);
  std::vector<char> target(longest + 2 * alignments);
  for (std::size_t alignment = 0; alignment < alignments; ++alignment) {
    for (std::size_t size = 0; size <= input.size(); ++size) {
      std::fill(source.begin(), source.end(), outside);
      std::copy_n(input.data(), size, source.data() + alignment);
      const char* const from = source.data() + alignment;
      const std::size_t expected = scalar_find(from, size, set);
      if (find_byte(from, size, set) != expected) FAIL("find_byte: alignment " << alignment << ", size " << size);

      std::fill(target.begin(), target.end(), '\x7e');
      char* const to = target.data() + (alignment * 7) % alignments;
      if (copy_clean(to, from, size, set) != expected) FAIL("copy_clean: alignment " << alignment << ", size " << size);
      if (!std::equal(from, from + expected, to)) FAIL("copied bytes: alignment " << alignment << ", size " << size);
      if (std::any_of(target.data(), to, [](char byte) { return byte != '\x7e'; }) ||
          std::any_of(to + size, target.data() + target.size(), [](char byte) { return byte != '\x7e'; })) {
        FAIL("wrote outside: alignment " << alignment << ", size " << size);
      }
    }
  }
  SUCCEED();
}

template <class Set>
void check_set(Set set, const std::string& members) {
  std::mt19937 random(20260102);
  std::string clean;
  while (clean.size() < longest) {
    const auto byte = static_cast<char>(random());
    if (!set.holds(byte)) clean.push_back(byte);
  }
  check_all_places(set, clean, members.front());
  for (const char member : members) {
    for (const std::size_t place : {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 100, 199}) {
      std::string input = clean;
      input[place] = member;
      check_all_places(set, input, members.front());
    }
  }
  for (int round = 0; round < 10; ++round) {
    std::string input(longest, '\0');
    for (char& byte : input) byte = static_cast<char>(random());
    check_all_places(set, input, members.back());
  }
}

template <class Set>
void check_every_byte(Set set) {
  for (int value = 0; value < 256; ++value) {
    for (const std::size_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33}) {
      const std::string input(size, static_cast<char>(value));
      REQUIRE(find_byte(input.data(), size, set) == scalar_find(input.data(), size, set));
    }
  }
}

}  // namespace

TEST_CASE("CSV's special bytes are found where the scalar search finds them") {
  check_set(CsvSpecialBytes{','}, ",\"\r\n");
  check_set(CsvSpecialBytes{'\t'}, "\t\"\r\n");
  check_every_byte(CsvSpecialBytes{';'});
}

TEST_CASE("quotes are found where the scalar search finds them") {
  check_set(QuoteByte{}, "\"");
  check_every_byte(QuoteByte{});
}

TEST_CASE("line breaks are found where the scalar search finds them") {
  check_set(LineBreakBytes{}, "\r\n");
  check_every_byte(LineBreakBytes{});
}

TEST_CASE("JSON's special bytes are found where the scalar search finds them") {
  check_set(JsonSpecialBytes{}, std::string("\0\x01\x1f\"\\\n", 6));
  check_every_byte(JsonSpecialBytes{});
}
