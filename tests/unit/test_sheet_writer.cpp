#include "sheet_writer.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <string>
#include <vector>

#include "error.hpp"
#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

Cell text_cell(std::string_view text) { return Cell::of_bytes(CellKind::text, text.data(), text.size()); }
Cell integer_cell(std::int64_t value) { return Cell::of_integer(CellKind::integer, value); }

struct Sheet {
  MemorySink xml;
  SharedStrings strings{std::pmr::new_delete_resource()};
  SheetWriter writer{xml, nullptr, strings, std::pmr::new_delete_resource()};
};

std::string rows_xml(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                     std::string_view zone = {}) {
  Sheet sheet;
  sheet.writer.set_columns(columns, zone);
  sheet.writer.start_sheet();
  for (const auto& row : rows) sheet.writer.write_row(row);
  sheet.writer.end_sheet();
  return std::string(sheet.xml.text());
}

// The XML of one cell in the first row of a column of its kind.
std::string cell_xml(const Cell& cell, bool identifier = false, std::string_view zone = {}) {
  const std::string row = rows_xml({{"column", cell.kind, identifier}}, {{cell}}, zone);
  std::size_t at = 0;
  return std::string(between(row, at, "<row r=\"1\">", "</row>"));
}

std::string inline_xml(std::string_view text) {
  return "<c r=\"A1\" t=\"inlineStr\"><is><t>" + std::string(text) + "</t></is></c>";
}

Error error_of(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  try {
    (void)rows_xml(columns, rows);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return {ErrorCode::internal, ""};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each kind of cell has its type and format") {
  CHECK(cell_xml(Cell::of_integer(CellKind::boolean, 1)) == "<c r=\"A1\" t=\"b\"><v>1</v></c>");
  CHECK(cell_xml(Cell::of_integer(CellKind::boolean, 0)) == "<c r=\"A1\" t=\"b\"><v>0</v></c>");
  CHECK(cell_xml(integer_cell(-5)) == "<c r=\"A1\"><v>-5</v></c>");
  CHECK(cell_xml(Cell::of_number(CellKind::float8, 0.5)) == "<c r=\"A1\"><v>0.5</v></c>");
  CHECK(cell_xml(Cell::of_number(CellKind::float4, 0.1F)) == "<c r=\"A1\"><v>0.1</v></c>");
  CHECK(cell_xml(Cell::of_bytes(CellKind::decimal, "12.50", 5)) == "<c r=\"A1\"><v>12.5</v></c>");
  CHECK(cell_xml(Cell::of_integer(CellKind::date, 1)) == "<c r=\"A1\" s=\"2\"><v>36527</v></c>");
  CHECK(cell_xml(Cell::of_integer(CellKind::timestamp, 43'200'000'000)) == "<c r=\"A1\" s=\"3\"><v>36526.5</v></c>");
  CHECK(cell_xml(Cell::of_integer(CellKind::timestamptz, 0)) == "<c r=\"A1\" s=\"3\"><v>36526</v></c>");
  CHECK(cell_xml(Cell::of_integer(CellKind::time, 43'200'000'000)) == "<c r=\"A1\" s=\"4\"><v>0.5</v></c>");
  CHECK(cell_xml(text_cell("a<b")) == inline_xml("a&lt;b"));
  CHECK(cell_xml(Cell::of_bytes(CellKind::json, "{\"a\":1}", 7)) == inline_xml("{\"a\":1}"));
  CHECK(cell_xml(Cell::of_bytes(CellKind::binary, "\x00\xFF", 2)) == inline_xml("\\x00ff"));
  const char uuid[] = "\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB\xCD\xEF";
  CHECK(cell_xml(Cell::of_bytes(CellKind::uuid, uuid, 16)) == inline_xml("01234567-89ab-cdef-0123-456789abcdef"));
  const Network network{4, 24, {203, 0, 113, 0}};
  CHECK(cell_xml(Cell::of_bytes(CellKind::network, reinterpret_cast<const char*>(&network), sizeof network)) ==
        inline_xml("203.0.113.0/24"));
}

TEST_CASE("what a number cannot hold is its text") {
  CHECK(cell_xml(integer_cell(1234567890123456)) == inline_xml("1234567890123456"));
  CHECK(cell_xml(Cell::of_bytes(CellKind::decimal, "1234567890.123456", 17)) == inline_xml("1234567890.123456"));
  CHECK(cell_xml(Cell::of_bytes(CellKind::decimal, "NaN", 3)) == inline_xml("NaN"));
  CHECK(cell_xml(Cell::of_number(CellKind::float8, 1e308)) == inline_xml("1e+308"));
  CHECK(cell_xml(Cell::of_integer(CellKind::date, date_infinity)) == inline_xml("infinity"));
  CHECK(cell_xml(Cell::of_integer(CellKind::date, -36500)) == inline_xml("1900-01-25"));
  CHECK(cell_xml(Cell::of_integer(CellKind::timestamp, -timestamp_infinity)) == inline_xml("-infinity"));
  CHECK(cell_xml(Cell::of_integer(CellKind::timestamptz, -3'200'000'000'000'000)) ==
        inline_xml("1898-08-05T23:06:40Z"));
  CHECK(cell_xml(Cell::of_integer(CellKind::timestamptz, -3'200'000'000'000'000), false, "Europe/Helsinki") ==
        inline_xml("1898-08-05T23:06:40"));
  CHECK(cell_xml(Cell::of_integer(CellKind::time, 86'400'000'000)) == inline_xml("24:00:00"));
}

TEST_CASE("identifiers are text, but their times and booleans are not") {
  CHECK(cell_xml(integer_cell(42), true) == inline_xml("42"));
  CHECK(cell_xml(Cell::of_bytes(CellKind::decimal, "42.0", 4), true) == inline_xml("42.0"));
  CHECK(cell_xml(Cell::of_integer(CellKind::date, 1), true) == "<c r=\"A1\" s=\"2\"><v>36527</v></c>");
}

TEST_CASE("NULL has no cell, an empty string has one") {
  CHECK(rows_xml({{"a"}, {"b"}, {"c"}}, {{Cell{}, text_cell(""), Cell{}}}) ==
        "<row r=\"1\"><c r=\"B1\" t=\"s\"><v>0</v></c></row>");
  CHECK(rows_xml({{"a"}}, {{Cell{}}}) == "<row r=\"1\"></row>");
}

TEST_CASE("outer white space is preserved") {
  CHECK(cell_xml(text_cell(" x")) == "<c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> x</t></is></c>");
}

TEST_CASE("the header is bold text and names the zone of its times") {
  const auto header = [](std::string_view zone) {
    Sheet sheet;
    const Column columns[] = {
        {"id", CellKind::integer}, {"created_at", CellKind::timestamptz}, {" a&b", CellKind::text}};
    sheet.writer.set_columns(columns, zone);
    sheet.writer.start_sheet();
    sheet.writer.write_header();
    sheet.writer.end_sheet();
    return std::string(sheet.xml.text());
  };
  CHECK(header("") ==
        "<row r=\"1\"><c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>id</t></is></c>"
        "<c r=\"B1\" s=\"1\" t=\"inlineStr\"><is><t>created_at (UTC)</t></is></c>"
        "<c r=\"C1\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> a&amp;b</t></is></c></row>");
  CHECK(contains(header("Europe/Helsinki"), "<t>created_at (Europe/Helsinki)</t>"));
}

TEST_CASE("rows and columns are numbered as Excel does") {
  std::vector<Column> columns(max_sheet_columns, Column{"c", CellKind::integer});
  std::vector<Cell> cells(columns.size(), integer_cell(1));
  const std::string row = rows_xml(columns, {cells});
  const std::pair<std::size_t, const char*> letters[] = {{0, "A"},   {25, "Z"},   {26, "AA"},   {51, "AZ"},
                                                         {52, "BA"}, {701, "ZZ"}, {702, "AAA"}, {16383, "XFD"}};
  std::size_t at = 0;
  std::vector<std::string> references;
  while (references.size() < columns.size()) references.emplace_back(between(row, at, "<c r=\"", "\""));
  for (const auto& [index, name] : letters) CHECK(references[index] == std::string(name) + "1");

  Sheet sheet;
  sheet.writer.set_columns(std::span(columns).first(1), {});
  sheet.writer.start_sheet();
  for (int i = 0; i < 100001; ++i) sheet.writer.write_row(std::span(cells).first(1));
  sheet.writer.end_sheet();
  const std::string_view rows = sheet.xml.text();
  at = 0;
  for (int i = 1; i <= 100001; ++i) {
    REQUIRE(between(rows, at, "<row r=\"", "\"") == std::to_string(i));
    REQUIRE(between(rows, at, "<c r=\"A", "\"") == std::to_string(i));
  }
  sheet.writer.start_sheet();
  sheet.writer.write_row(std::span(cells).first(1));
  sheet.writer.end_sheet();
  CHECK(sheet.xml.text().ends_with("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"));
}

TEST_CASE("a column too many is refused before any row") {
  const std::vector<Column> columns(max_sheet_columns + 1, Column{"c"});
  const Error error = error_of(columns, {});
  CHECK(error.code() == ErrorCode::too_many_columns);
  CHECK(contains(error.what(), "16385"));
  CHECK(contains(error.detail(), "16384"));
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("a cell of 32,767 UTF-16 units is written, one more is refused by row and column") {
  std::string longest;
  for (int i = 0; i < 16383; ++i) longest += "😀";
  longest += "<";
  CHECK(cell_xml(text_cell(longest)) == inline_xml(longest.substr(0, longest.size() - 1) + "&lt;"));
  const std::string too_long = longest + "x";
  const Error error = error_of({{"id", CellKind::integer}, {"message", CellKind::text}},
                               {{integer_cell(1), text_cell("short")}, {integer_cell(2), text_cell(too_long)}});
  CHECK(error.code() == ErrorCode::cell_too_long);
  CHECK(contains(error.detail(), "Row 2, column \"message\""));
  CHECK(contains(error.detail(), "32768"));
  CHECK(contains(error.detail(), "32767"));
  CHECK(contains(error.hint(), "CSV"));

  const std::string binary(16383, 'x');
  CHECK(error_of({{"data", CellKind::binary}}, {{Cell::of_bytes(CellKind::binary, binary.data(), 16383)}}).code() ==
        ErrorCode::cell_too_long);
  CHECK(contains(cell_xml(Cell::of_bytes(CellKind::binary, binary.data(), 16382)), "\\x7878"));
}

TEST_CASE("strings that repeat are shared") {
  Sheet sheet;
  const Column columns[] = {{"city"}};
  sheet.writer.set_columns(columns, {});
  sheet.writer.start_sheet();
  const Cell cells[] = {text_cell("Turku")};
  for (int i = 0; i < 3; ++i) sheet.writer.write_row(cells);
  sheet.writer.end_sheet();
  CHECK(sheet.xml.text() ==
        "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Turku</t></is></c></row>"
        "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c></row><row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c></row>");
}

TEST_CASE("texts and titles with escapes are shared at once, also where the column has given up") {
  Sheet sheet;
  const Column columns[] = {{"a_x0041_"}};
  sheet.writer.set_columns(columns, {});
  sheet.writer.start_sheet();
  sheet.writer.write_header();
  for (int i = 0; i < 5000; ++i) {
    const std::string text = "of its own: " + std::to_string(i);
    const Cell cells[] = {text_cell(text)};
    sheet.writer.write_row(cells);
  }
  const Cell escaped[] = {text_cell("a\rb")};
  const Cell empty[] = {text_cell("")};
  for (int i = 0; i < 2; ++i) {
    sheet.writer.write_row(escaped);
    sheet.writer.write_row(empty);
  }
  sheet.writer.end_sheet();
  const std::string_view xml = sheet.xml.text();
  CHECK(xml.starts_with("<row r=\"1\"><c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c></row>"));
  CHECK(
      xml.ends_with("<row r=\"5002\"><c r=\"A5002\" t=\"s\"><v>1</v></c></row>"
                    "<row r=\"5003\"><c r=\"A5003\" t=\"s\"><v>2</v></c></row>"
                    "<row r=\"5004\"><c r=\"A5004\" t=\"s\"><v>1</v></c></row>"
                    "<row r=\"5005\"><c r=\"A5005\" t=\"s\"><v>2</v></c></row>"));
  CHECK(sheet.strings.size() == 3);
  CHECK(sheet.strings.references() == 5);
}

TEST_CASE("widths follow the header and the first rows") {
  Sheet sheet;
  const Column columns[] = {{"a long name"}, {"b"}, {"c", CellKind::date}};
  sheet.writer.set_columns(columns, {});
  sheet.writer.start_sheet();
  sheet.writer.write_header();
  const Cell cells[] = {text_cell("x"), text_cell("äö wider\nsecond line is longer"),
                        Cell::of_integer(CellKind::date, 0)};
  sheet.writer.write_row(cells);
  CHECK(sheet.writer.widths() == std::vector<std::uint16_t>{11, 8, 10});
}
