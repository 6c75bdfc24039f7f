#include "csv_writer.hpp"

#include <catch2/catch.hpp>
#include <cctype>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "csv_reader.hpp"
#include "error.hpp"
#include "written_rows.hpp"

using namespace pg_takeout;
using test::cell_of;
using test::integer_cell;
using test::network_cell;
using test::read_csv;
using test::Rows;
using test::text_cell;

namespace {

std::vector<Column> columns_of(std::size_t count) {
  static constexpr std::string_view names[] = {"a", "b", "c", "d", "e"};
  std::vector<Column> columns;
  for (std::size_t i = 0; i < count; ++i) columns.push_back({names[i]});
  return columns;
}

std::string write_csv(const CsvOptions& options, const std::vector<Column>& columns, const Rows& rows) {
  return test::write_rows<CsvWriter>(options, columns, rows);
}

// The line of a row without a header.
std::string line_of(const std::vector<Cell>& cells, CsvOptions options = {}) {
  options.header = false;
  std::string line = write_csv(options, columns_of(cells.size()), {cells});
  REQUIRE(line.ends_with("\r\n"));
  line.resize(line.size() - 2);
  return line;
}

std::string random_text(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view pieces[] = {",",   "\"", "\r", "\n", "\r\n", ";", " ",
                                                "\\.", "ä",  "😀",  "'",  "=",    "\""};
  std::string text;
  const bool awkward = random() % 3 == 0;
  while (text.size() < size) {
    if (awkward && random() % 8 == 0) {
      text += pieces[random() % std::size(pieces)];
    } else {
      text.push_back(static_cast<char>('a' + random() % 26));
    }
  }
  return text;
}

// RFC 4180 section 2, said slowly.
std::string slow_field(const std::string& text, char delimiter) {
  if (!text.empty() && text.find_first_of(std::string("\"\r\n") + delimiter) == std::string::npos) return text;
  std::string field = "\"";
  for (const char byte : text) field += byte == '"' ? "\"\"" : std::string(1, byte);
  return field + "\"";
}

}  // namespace

TEST_CASE("every record ends in CRLF, the header's and the last one's too") {
  CHECK(write_csv({}, columns_of(2), {{integer_cell(1), integer_cell(2)}, {Cell{}, text_cell("x")}}) ==
        "a,b\r\n1,2\r\n,x\r\n");
  CHECK(write_csv({}, columns_of(2), {}) == "a,b\r\n");
  CsvOptions options;
  options.header = false;
  CHECK(write_csv(options, columns_of(2), {}).empty());
}

TEST_CASE("NULL is nothing and the empty string is two quotes") {
  CHECK(line_of({Cell{}, text_cell(""), Cell{}}) == ",\"\",");
  CHECK(line_of({Cell{}}).empty());
  CHECK(line_of({text_cell("")}) == "\"\"");
}

TEST_CASE("a field is quoted only when it must be") {
  CHECK(line_of({text_cell("a b"), text_cell(" a "), text_cell("a;b"), text_cell("a'b")}) == "a b, a ,a;b,a'b");
  CHECK(line_of({text_cell("a,b")}) == "\"a,b\"");
  CHECK(line_of({text_cell("a\"b")}) == "\"a\"\"b\"");
  CHECK(line_of({text_cell("\"")}) == "\"\"\"\"");
  CHECK(line_of({text_cell("a\rb"), text_cell("a\nb"), text_cell("\r\n")}) == "\"a\rb\",\"a\nb\",\"\r\n\"");
  CHECK(line_of({text_cell("\\."), text_cell("x")}) == "\\.,x");
}

TEST_CASE("the end-of-data mark of COPY is quoted where it stands alone in a record") {
  CHECK(line_of({text_cell("\\.")}) == "\"\\.\"");
  CHECK(write_csv({}, {{"\\."}}, {}) == "\"\\.\"\r\n");
  CsvOptions options;
  options.null_text = "NULL";
  CHECK(line_of({text_cell("\\."), Cell{}}, options) == "\\.,NULL");
}

TEST_CASE("header names are quoted by the same rule") {
  CHECK(write_csv({}, {{"a,b"}, {"say \"x\""}, {""}, {"ok"}}, {}) == "\"a,b\",\"say \"\"x\"\"\",\"\",ok\r\n");
}

TEST_CASE("each kind has its text") {
  const Network network{4, 24, {203, 0, 113, 0}};
  CHECK(line_of({Cell::of_integer(CellKind::boolean, 1), Cell::of_integer(CellKind::boolean, 0)}) == "true,false");
  CHECK(line_of({integer_cell(INT64_MIN), integer_cell(0)}) == "-9223372036854775808,0");
  CHECK(line_of({Cell::of_number(CellKind::float4, 0.1F), Cell::of_number(CellKind::float8, 0.1)}) == "0.1,0.1");
  CHECK(line_of({Cell::of_number(CellKind::float8, std::numeric_limits<double>::infinity()),
                 Cell::of_number(CellKind::float4, std::numeric_limits<double>::quiet_NaN())}) == "Infinity,NaN");
  CHECK(line_of({cell_of(CellKind::decimal, "-12345678901234567890.50"), cell_of(CellKind::decimal, "NaN")}) ==
        "-12345678901234567890.50,NaN");
  CHECK(line_of({cell_of(CellKind::uuid, "0123456789abcdef")}) == "30313233-3435-3637-3839-616263646566");
  CHECK(line_of({Cell::of_integer(CellKind::date, 0), Cell::of_integer(CellKind::date, -date_infinity)}) ==
        "2000-01-01,-infinity");
  CHECK(line_of({Cell::of_integer(CellKind::date, -730'485)}) == "0001-01-01 BC");
  CHECK(line_of({Cell::of_integer(CellKind::time, 86'400'000'000)}) == "24:00:00");
  CHECK(line_of({Cell::of_integer(CellKind::timestamp, 500'000), Cell::of_integer(CellKind::timestamptz, 500'000)}) ==
        "2000-01-01T00:00:00.5,2000-01-01T00:00:00.5Z");
  CHECK(line_of({network_cell(network)}) == "203.0.113.0/24");
  CHECK(line_of({cell_of(CellKind::json, R"({"a": 1})"), cell_of(CellKind::json, "1")}) == R"("{""a"": 1}",1)");
  CHECK(line_of({cell_of(CellKind::binary, std::string_view("\x00\xff", 2)), cell_of(CellKind::binary, "")}) ==
        "\\x00ff,\\x");
}

TEST_CASE("a delimiter that values hold has them quoted") {
  CsvOptions options;
  options.delimiter = '-';
  CHECK(line_of({integer_cell(-1), integer_cell(1), Cell::of_integer(CellKind::date, 0)}, options) ==
        "\"-1\"-1-\"2000-01-01\"");
  options.delimiter = '.';
  CHECK(line_of({Cell::of_number(CellKind::float8, 1.5), cell_of(CellKind::decimal, "2.50")}, options) ==
        "\"1.5\".\"2.50\"");
  options.delimiter = ':';
  CHECK(line_of({Cell::of_integer(CellKind::time, 0)}, options) == "\"00:00:00\"");
  options.delimiter = '/';
  CHECK(line_of({network_cell({4, 24, {203, 0, 113, 0}})}, options) == "\"203.0.113.0/24\"");
  options.delimiter = '+';
  CHECK(line_of({Cell::of_number(CellKind::float8, 1e20)}, options) == "\"1e+20\"");
  options.delimiter = '\\';
  CHECK(line_of({cell_of(CellKind::binary, "a")}, options) == "\"\\x61\"");
  const std::string bytes(100'000, 'a');
  CHECK(line_of({cell_of(CellKind::binary, bytes)}, options).starts_with("\"\\x6161"));
  CHECK(line_of({cell_of(CellKind::binary, bytes)}, options).ends_with("61\""));
}

TEST_CASE("a value that equals the text for NULL is quoted") {
  CsvOptions options;
  options.null_text = "0";
  CHECK(line_of({Cell{}, integer_cell(0), text_cell("0"), text_cell("00"), text_cell("")}, options) ==
        "0,\"0\",\"0\",00,\"\"");
  options.null_text = "true";
  CHECK(line_of({Cell::of_integer(CellKind::boolean, 1), Cell::of_integer(CellKind::boolean, 0)}, options) ==
        "\"true\",false");
  options.null_text = "NULL";
  CHECK(line_of({Cell{}, text_cell("NULL"), text_cell("null")}, options) == "NULL,\"NULL\",null");
  CHECK(write_csv(options, {{"NULL"}}, {}) == "\"NULL\"\r\n");
  options.null_text = "'=x";
  options.excel = true;
  CHECK(line_of({text_cell("=x"), text_cell("'=x")}, options) == "\xef\xbb\xbf\"'=x\",\"'=x\"");
}

TEST_CASE("options that could not be read back are refused") {
  const auto code = [](const CsvOptions& options) {
    try {
      write_csv(options, columns_of(1), {});
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  for (int byte = 0; byte < 256; ++byte) {
    CsvOptions options;
    options.delimiter = static_cast<char>(byte);
    const bool allowed = byte > 0 && byte < 0x80 && std::isalnum(byte) == 0 && byte != '"' && byte != '\r' &&
                         byte != '\n' && byte != ' ';
    INFO(byte);
    CHECK((code(options) == ErrorCode::invalid_option) == !allowed);
  }
  for (const char* const null_text : {",", "a\"", "a\nb", "\r"}) {
    CsvOptions options;
    options.null_text = null_text;
    CHECK(code(options) == ErrorCode::invalid_option);
  }
  CsvOptions options;
  options.null_text = std::string(1001, 'x');
  CHECK(code(options) == ErrorCode::invalid_option);
}

TEST_CASE("the excel dialect begins with a byte order mark") {
  CsvOptions options;
  options.excel = true;
  options.delimiter = ';';
  CHECK(write_csv(options, columns_of(2), {{text_cell("a,b"), text_cell("c;d")}}) ==
        "\xef\xbb\xbf"
        "a;b\r\na,b;\"c;d\"\r\n");
  options.header = false;
  CHECK(write_csv(options, columns_of(2), {}) == "\xef\xbb\xbf");
}

TEST_CASE("the excel dialect guards text that a spreadsheet would run") {
  CsvOptions options;
  options.excel = true;
  options.header = false;
  ChunkSink sink({}, std::pmr::new_delete_resource());
  CsvWriter writer(options, sink, std::pmr::new_delete_resource());
  writer.begin(columns_of(5));
  writer.row(std::vector<Cell>{text_cell("=1+1"), text_cell("+358 40 123"), text_cell("-a,b"), text_cell("\tx"),
                               cell_of(CellKind::json, "-1e5")});
  writer.row(std::vector<Cell>{integer_cell(-1), Cell::of_number(CellKind::float8, -1e-7),
                               cell_of(CellKind::decimal, "-1"), text_cell("＝x"), text_cell("\nx")});
  const std::string big = "=" + std::string(100'000, 'x');
  writer.row(std::vector<Cell>{text_cell(big), Cell{}, Cell{}, Cell{}, Cell{}});
  writer.end();
  CHECK(test::text_of(sink) ==
        "\xef\xbb\xbf'=1+1,+358 40 123,\"'-a,b\",'\tx,'-1e5\r\n-1,-1e-07,-1,'＝x,\"'\nx\"\r\n'" + big + ",,,,\r\n");
  CHECK(writer.guarded_cells() == 7);
}

TEST_CASE("the excel dialect guards names") {
  CsvOptions options;
  options.excel = true;
  CHECK(write_csv(options, {{"=a"}, {"-b,c"}, {"d"}}, {}) == "\xef\xbb\xbf'=a,\"'-b,c\",d\r\n");
}

TEST_CASE("the rfc4180 dialect guards nothing") { CHECK(line_of({text_cell("=1+1"), text_cell("@x")}) == "=1+1,@x"); }

TEST_CASE("random text comes back from a strict reader") {
  std::mt19937 random(20);
  for (const char delimiter : {',', ';', '\t', '|'}) {
    CsvOptions options;
    options.delimiter = delimiter;
    for (int round = 0; round < 300; ++round) {
      const std::size_t width = 1 + random() % 5;
      std::vector<std::string> texts(width * 10);
      Rows rows;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i] = random_text(random, random() % 60);
        if (i % width == 0) rows.emplace_back();
        rows.back().push_back(random() % 7 == 0 ? Cell{} : text_cell(texts[i]));
      }
      const auto records = read_csv(write_csv(options, columns_of(width), rows), delimiter);
      REQUIRE(records.size() == rows.size() + 1);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        REQUIRE(records[r + 1].size() == width);
        for (std::size_t c = 0; c < width; ++c) {
          const Cell& cell = rows[r][c];
          const test::CsvField& field = records[r + 1][c];
          if (cell.kind == CellKind::null) {
            REQUIRE(field == test::CsvField{});
          } else {
            REQUIRE(field.text == cell.view());
            const bool alone = width == 1 && field.text == "\\.";
            REQUIRE(field.quoted == (alone || slow_field(field.text, delimiter).starts_with('"')));
          }
        }
      }
    }
  }
}

TEST_CASE("values of every size are written as the slow way writes them") {
  std::mt19937 random(21);
  for (const std::size_t size :
       {1'000, 16'383, 16'384, 16'385, 32'750, 32'760, 32'765, 32'768, 65'535, 65'536, 300'000}) {
    for (int round = 0; round < 8; ++round) {
      const std::string text = round == 0 ? std::string(size, '"') : random_text(random, size);
      const std::string expected = slow_field(text, ',');
      REQUIRE(line_of({text_cell(text), integer_cell(7)}) == expected + ",7");
      REQUIRE(line_of({integer_cell(7), text_cell(text), text_cell(text)}) == "7," + expected + "," + expected);
    }
  }
}

TEST_CASE("a large binary or decimal is written whole") {
  std::string bytes(100'001, '\0');
  std::string expected = "\\x";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 31);
    expected += "0123456789abcdef"[(i * 31 & 0xff) >> 4];
    expected += "0123456789abcdef"[i * 31 & 0xf];
  }
  CHECK(line_of({cell_of(CellKind::binary, bytes), integer_cell(1)}) == expected + ",1");
  const std::string decimal = "-" + std::string(140'000, '7') + "." + std::string(10'000, '3');
  CHECK(line_of({cell_of(CellKind::decimal, decimal)}) == decimal);
  CsvOptions options;
  options.delimiter = '.';
  CHECK(line_of({cell_of(CellKind::decimal, decimal)}, options) == "\"" + decimal + "\"");
}

TEST_CASE("more columns than one reservation holds are written whole") {
  std::vector<Column> columns(1600, Column{"c"});
  std::vector<Cell> row(1600, integer_cell(-5));
  std::string expected;
  for (int i = 0; i < 1600; ++i) expected += i == 0 ? "-5" : ",-5";
  CsvOptions options;
  options.header = false;
  CHECK(write_csv(options, columns, {row}) == expected + "\r\n");
}

TEST_CASE("a row without columns is an empty line") { CHECK(write_csv({}, {}, {{}}) == "\r\n\r\n"); }
