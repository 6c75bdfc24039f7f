#include "json_writer.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "error.hpp"
#include "written_rows.hpp"

using namespace pg_takeout;
using nlohmann::json;
using nlohmann::ordered_json;
using test::cell_of;
using test::integer_cell;
using test::network_cell;
using test::Rows;
using test::text_cell;

namespace {

std::string write_json(const JsonOptions& options, const std::vector<Column>& columns, const Rows& rows) {
  return test::write_rows<JsonWriter>(options, columns, rows);
}

constexpr JsonOptions array{};
constexpr JsonOptions lines{.lines = true, .pretty = false};
constexpr JsonOptions pretty{.lines = false, .pretty = true};

// The text of one value.
std::string value_of(const Cell& cell, const JsonOptions& options = lines) {
  const std::string text = write_json(options, {{"v"}}, {{cell}});
  const std::string before = options.lines ? "{\"v\":" : "[\n{\"v\":";
  const std::string after = options.lines ? "}\n" : "}\n]\n";
  REQUIRE(text.starts_with(before));
  REQUIRE(text.ends_with(after));
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

std::string random_text(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view pieces[] = {"\"",   "\\",   "\n", "\r", "\t",        "\b",           "\f", "\x01",
                                                "\x1f", "\x7f", "ä",  "😀",  "</script>", "\xe2\x80\xa8", "/"};
  std::string text;
  const bool awkward = random() % 2 == 0;
  while (text.size() < size) {
    if (awkward && random() % 6 == 0) {
      text += pieces[random() % std::size(pieces)];
    } else {
      text.push_back(static_cast<char>('a' + random() % 26));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("an array is one object a line between brackets") {
  const std::vector<Column> columns{{"a"}, {"b"}};
  CHECK(write_json(array, columns, {}) == "[]\n");
  CHECK(write_json(array, columns, {{integer_cell(1), Cell{}}}) == "[\n{\"a\":1,\"b\":null}\n]\n");
  CHECK(write_json(array, columns, {{integer_cell(1), Cell{}}, {integer_cell(2), text_cell("x")}}) ==
        "[\n{\"a\":1,\"b\":null},\n{\"a\":2,\"b\":\"x\"}\n]\n");
}

TEST_CASE("json lines are one object a line") {
  const std::vector<Column> columns{{"a"}, {"b"}};
  CHECK(write_json(lines, columns, {}).empty());
  CHECK(write_json(lines, columns, {{integer_cell(1), Cell{}}, {integer_cell(2), text_cell("x")}}) ==
        "{\"a\":1,\"b\":null}\n{\"a\":2,\"b\":\"x\"}\n");
}

TEST_CASE("pretty is indented by two spaces") {
  const std::vector<Column> columns{{"a"}, {"b \"c\""}};
  const Rows rows{{integer_cell(1), Cell{}}, {integer_cell(2), text_cell("x")}};
  const std::string text = write_json(pretty, columns, rows);
  CHECK(text == ordered_json::parse(text).dump(2) + "\n");
  CHECK(text ==
        "[\n  {\n    \"a\": 1,\n    \"b \\\"c\\\"\": null\n  },\n  {\n    \"a\": 2,\n    \"b \\\"c\\\"\": \"x\"\n  "
        "}\n]\n");
  CHECK(write_json(pretty, columns, {}) == "[]\n");
}

TEST_CASE("pretty lines are refused") {
  try {
    write_json({.lines = true, .pretty = true}, {{"a"}}, {});
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_option);
  }
}

TEST_CASE("an object without columns is empty") {
  CHECK(write_json(array, {}, {{}, {}}) == "[\n{},\n{}\n]\n");
  CHECK(write_json(lines, {}, {{}}) == "{}\n");
  CHECK(write_json(pretty, {}, {{}, {}}) == "[\n  {},\n  {}\n]\n");
}

TEST_CASE("names are escaped and of any length") {
  const std::string name = "\"\\\n\x01" + std::string(300, 'n');
  for (const auto& options : {array, lines, pretty}) {
    std::vector<Column> columns{{name}, {""}, {"0123456789abc"}, {"0123456789abcd"}, {"ä"}};
    const Rows rows{{integer_cell(1), integer_cell(2), integer_cell(3), integer_cell(4), integer_cell(5)}};
    const json parsed = json::parse(write_json(options, columns, rows));
    const json& object = options.lines ? parsed : parsed.at(0);
    CHECK(object.at(name) == 1);
    CHECK(object.at("") == 2);
    CHECK(object.at("0123456789abc") == 3);
    CHECK(object.at("0123456789abcd") == 4);
    CHECK(object.at("ä") == 5);
  }
}

TEST_CASE("each kind has its JSON") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(value_of(Cell{}) == "null");
  CHECK(value_of(Cell::of_integer(CellKind::boolean, 1)) == "true");
  CHECK(value_of(Cell::of_integer(CellKind::boolean, 0)) == "false");
  CHECK(value_of(integer_cell(INT64_MAX)) == "9223372036854775807");
  CHECK(value_of(Cell::of_number(CellKind::float4, 0.1F)) == "0.1");
  CHECK(value_of(Cell::of_number(CellKind::float8, 1e20)) == "1e+20");
  CHECK(value_of(Cell::of_number(CellKind::float8, -0.0)) == "-0");
  for (const CellKind kind : {CellKind::float4, CellKind::float8}) {
    CHECK(value_of(Cell::of_number(kind, infinity)) == "null");
    CHECK(value_of(Cell::of_number(kind, -infinity)) == "null");
    CHECK(value_of(Cell::of_number(kind, std::numeric_limits<double>::quiet_NaN())) == "null");
  }
  CHECK(value_of(cell_of(CellKind::decimal, "-12345678901234567890.50")) == "-12345678901234567890.50");
  for (const char* const special : {"NaN", "Infinity", "-Infinity"}) {
    CHECK(value_of(cell_of(CellKind::decimal, special)) == "null");
  }
  CHECK(value_of(text_cell("")) == "\"\"");
  CHECK(value_of(cell_of(CellKind::uuid, "0123456789abcdef")) == "\"30313233-3435-3637-3839-616263646566\"");
  CHECK(value_of(Cell::of_integer(CellKind::time, 86'400'000'000)) == "\"24:00:00\"");
  CHECK(value_of(Cell::of_integer(CellKind::timestamp, 500'000)) == "\"2000-01-01T00:00:00.5\"");
  CHECK(value_of(Cell::of_integer(CellKind::timestamptz, 500'000)) == "\"2000-01-01T00:00:00.5Z\"");
  CHECK(value_of(network_cell({4, 24, {203, 0, 113, 0}})) == "\"203.0.113.0/24\"");
  CHECK(value_of(cell_of(CellKind::json, "{\"a\": [1, \"\\n\"]}")) == "{\"a\": [1, \"\\n\"]}");
  CHECK(value_of(cell_of(CellKind::binary, std::string_view("\x00\xff", 2))) == "\"\\\\x00ff\"");
  CHECK(value_of(cell_of(CellKind::binary, "")) == "\"\\\\x\"");
}

TEST_CASE("dates that RFC 3339 cannot say are null, but for years above 9999") {
  CHECK(value_of(Cell::of_integer(CellKind::date, 0)) == "\"2000-01-01\"");
  CHECK(value_of(Cell::of_integer(CellKind::date, -730'119)) == "\"0001-01-01\"");
  CHECK(value_of(Cell::of_integer(CellKind::date, -730'120)) == "null");
  CHECK(value_of(Cell::of_integer(CellKind::date, date_infinity)) == "null");
  CHECK(value_of(Cell::of_integer(CellKind::date, -date_infinity)) == "null");
  CHECK(value_of(Cell::of_integer(CellKind::date, 2'921'940)) == "\"10000-01-01\"");
  for (const CellKind kind : {CellKind::timestamp, CellKind::timestamptz}) {
    const std::string zone = kind == CellKind::timestamptz ? "Z" : "";
    CHECK(value_of(Cell::of_integer(kind, timestamp_infinity)) == "null");
    CHECK(value_of(Cell::of_integer(kind, -timestamp_infinity)) == "null");
    CHECK(value_of(Cell::of_integer(kind, -730'120 * std::int64_t{86'400'000'000})) == "null");
    CHECK(value_of(Cell::of_integer(kind, 2'921'940 * std::int64_t{86'400'000'000})) ==
          "\"10000-01-01T00:00:00" + zone + "\"");
  }
}

TEST_CASE("line breaks between the tokens of a json value become spaces in json lines") {
  const std::string_view text = "{\r\n \"a\":\n1,\n\"b\": \"x\\ny\"}";
  CHECK(value_of(cell_of(CellKind::json, text), lines) == "{   \"a\": 1, \"b\": \"x\\ny\"}");
  CHECK(value_of(cell_of(CellKind::json, text), array) == text);
  std::string large = "[";
  for (int i = 0; i < 50'000; ++i) large += "1,\n\r";
  large += "1]";
  std::string expected = large;
  for (char& byte : expected) {
    if (byte == '\n' || byte == '\r') byte = ' ';
  }
  CHECK(value_of(cell_of(CellKind::json, large), lines) == expected);
  CHECK(value_of(cell_of(CellKind::json, large), array) == large);
}

TEST_CASE("random text comes back from another parser") {
  std::mt19937 random(31);
  for (const auto& options : {array, lines, pretty}) {
    for (int round = 0; round < 500; ++round) {
      std::vector<std::string> texts;
      for (int i = 0; i < 12; ++i) texts.push_back(random_text(random, random() % 80));
      Rows rows;
      for (int r = 0; r < 4; ++r) {
        rows.push_back({text_cell(texts[3 * r]), text_cell(texts[3 * r + 1]), text_cell(texts[3 * r + 2])});
      }
      const std::string written = write_json(options, {{"a"}, {"b"}, {"c"}}, rows);
      json parsed = json::array();
      if (options.lines) {
        std::size_t at = 0;
        while (at < written.size()) {
          const std::size_t end = written.find('\n', at);
          parsed.push_back(json::parse(written.substr(at, end - at)));
          at = end + 1;
        }
      } else {
        parsed = json::parse(written);
      }
      REQUIRE(parsed.size() == 4);
      for (std::size_t r = 0; r < 4; ++r) {
        REQUIRE(parsed[r]["a"] == texts[3 * r]);
        REQUIRE(parsed[r]["b"] == texts[3 * r + 1]);
        REQUIRE(parsed[r]["c"] == texts[3 * r + 2]);
      }
    }
  }
}

TEST_CASE("values of every size come back") {
  std::mt19937 random(32);
  for (const std::size_t size : {1'000, 8'191, 8'192, 8'193, 10'900, 10'910, 10'920, 10'930, 65'536, 300'000}) {
    for (int round = 0; round < 4; ++round) {
      const std::string text = round == 0 ? std::string(size, '\x01') : random_text(random, size);
      const std::string written =
          write_json(array, {{"a"}, {"b"}, {"c"}}, {{integer_cell(1), text_cell(text), text_cell(text)}});
      const json parsed = json::parse(written);
      REQUIRE(parsed[0]["a"] == 1);
      REQUIRE(parsed[0]["b"] == text);
      REQUIRE(parsed[0]["c"] == text);
    }
  }
}

TEST_CASE("a large binary, decimal or json is written whole") {
  const std::string bytes(100'001, '\xab');
  std::string hex;
  for (std::size_t i = 0; i < bytes.size(); ++i) hex += "ab";
  CHECK(value_of(cell_of(CellKind::binary, bytes)) == "\"\\\\x" + hex + "\"");
  const std::string decimal = "-" + std::string(140'000, '7') + "." + std::string(10'000, '3');
  CHECK(value_of(cell_of(CellKind::decimal, decimal)) == decimal);
  const std::string text = "\"" + std::string(200'000, 'j') + "\"";
  CHECK(value_of(cell_of(CellKind::json, text)) == text);
}

TEST_CASE("an object of more columns than one reservation holds is written whole") {
  std::vector<std::string> names;
  for (int i = 0; i < 1600; ++i) names.push_back("column_" + std::to_string(i));
  std::vector<Column> columns;
  for (const auto& name : names) columns.push_back({name});
  std::vector<Cell> row;
  for (int i = 0; i < 1600; ++i) row.push_back(integer_cell(i));
  const json parsed = json::parse(write_json(array, columns, {row, row}));
  REQUIRE(parsed.size() == 2);
  for (int i = 0; i < 1600; ++i) REQUIRE(parsed[1][names[i]] == i);
}

TEST_CASE("a writer may begin again") {
  ChunkSink sink({}, std::pmr::new_delete_resource());
  JsonWriter writer(array, sink, std::pmr::new_delete_resource());
  for (int i = 0; i < 2; ++i) {
    writer.begin(std::vector<Column>{{"a"}});
    writer.row(std::vector<Cell>{integer_cell(i)});
    writer.end();
  }
  CHECK(test::text_of(sink) == "[\n{\"a\":0}\n]\n[\n{\"a\":1}\n]\n");
}
