#include "shared_strings.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <string>

#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

std::string part_of(const SharedStrings& strings) {
  MemorySink sink;
  strings.write_part(sink);
  return std::string(sink.text());
}

}  // namespace

TEST_CASE("a string is shared from its second time on") {
  SharedStrings strings(std::pmr::new_delete_resource());
  SharedStrings::ColumnUse column;
  SharedStrings::ColumnUse other;
  CHECK(strings.reference(column, "Turku") == SharedStrings::none);
  CHECK(strings.reference(column, "Turku") == 0);
  CHECK(strings.reference(other, "Turku") == 0);
  CHECK(strings.reference(column, "Oulu") == SharedStrings::none);
  CHECK(strings.reference(other, "Oulu") == 1);
  CHECK(strings.reference(column, "") == 2);  // the empty string: from its first time on
  CHECK(strings.reference(column, "") == 2);
  CHECK(strings.references() == 5);
  CHECK(strings.size() == 3);
}

TEST_CASE("the part has its strings in order, escaped, with both counts") {
  SharedStrings strings(std::pmr::new_delete_resource());
  SharedStrings::ColumnUse column;
  for (const char* text : {"a<b", " x", "a<b", " x", "a<b"}) (void)strings.reference(column, text);
  CHECK(part_of(strings) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
        "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"3\" uniqueCount=\"2\">"
        "<si><t>a&lt;b</t></si><si><t xml:space=\"preserve\"> x</t></si></sst>");
}

TEST_CASE("a column of unique strings gives up, one that repeats stays") {
  SharedStrings strings(std::pmr::new_delete_resource());
  SharedStrings::ColumnUse unique;
  SharedStrings::ColumnUse city;
  for (int i = 0; i < 5000; ++i) {
    (void)strings.reference(unique, "unique " + std::to_string(i));
    (void)strings.reference(city, "city " + std::to_string(i % 300));
  }
  CHECK(unique.given_up);
  CHECK_FALSE(city.given_up);
  CHECK(strings.size() > 200);  // the unique ones push a few out of sight before their second time
  CHECK(strings.size() <= 300);
  CHECK(unique.added == 0);
}

TEST_CASE("every index names the string that was given, whatever grows or is refused") {
  SharedStrings strings(std::pmr::new_delete_resource());
  std::vector<std::string> expected;
  for (int column_number = 0; column_number < 12; ++column_number) {
    SharedStrings::ColumnUse column;
    for (int i = 0; i < 20000; ++i) {
      const std::string text = std::to_string(column_number) + "/" + std::to_string(i / 4);
      const std::uint32_t index = strings.reference(column, text);
      if (index == SharedStrings::none) continue;
      if (index == expected.size()) expected.push_back(text);
      REQUIRE(expected.at(index) == text);
    }
    CHECK(column.added <= SharedStrings::max_per_column);
  }
  CHECK(strings.size() == expected.size());
  CHECK(strings.size() > 20000);
  CHECK(strings.size() <= SharedStrings::max_strings);
}

TEST_CASE("long strings are not shared") {
  SharedStrings strings(std::pmr::new_delete_resource());
  SharedStrings::ColumnUse column;
  const std::string longest(SharedStrings::max_length, 'x');
  (void)strings.reference(column, longest);
  CHECK(strings.reference(column, longest) == 0);
  (void)strings.reference(column, longest + "x");
  CHECK(strings.reference(column, longest + "x") == SharedStrings::none);
}

TEST_CASE("held strings end at a bound, the empty one always has an index") {
  SharedStrings strings(std::pmr::new_delete_resource());
  const std::string long_text(30000, '\r');
  std::size_t bytes = 0;
  std::uint32_t held = 0;
  for (;; ++held) {
    const std::string text = long_text + std::to_string(held);
    if (strings.hold(text) == SharedStrings::none) break;
    REQUIRE(strings.hold(text) == held);
    bytes += text.size();
    REQUIRE(bytes <= SharedStrings::max_bytes);
  }
  CHECK(bytes > SharedStrings::max_bytes - 2 * long_text.size());
  SharedStrings::ColumnUse column;
  CHECK(strings.reference(column, "") == held);
  CHECK(strings.hold("") == held);
  CHECK(strings.size() == held + 1);
}
