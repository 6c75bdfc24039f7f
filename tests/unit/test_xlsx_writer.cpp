#include "xlsx_writer.hpp"

#include <xlsxwriter.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "error.hpp"
#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

constexpr std::time_t created = 1760000000;

Cell text_cell(std::string_view text) { return Cell::of_bytes(CellKind::text, text.data(), text.size()); }
Cell integer_cell(std::int64_t value) { return Cell::of_integer(CellKind::integer, value); }

struct Workbook {
  explicit Workbook(XlsxOptions options) : writer(std::move(options), spool, std::pmr::new_delete_resource()) {}

  std::string finish(const std::vector<AboutLine>& about = {}) {
    writer.end();
    return joined(writer.finish(about, created), spool.text());
  }

  MemorySink spool;
  XlsxWriter writer;
};

std::string numbers_file(int rows, XlsxOptions options) {
  Workbook book(std::move(options));
  const Column columns[] = {{"n", CellKind::integer}, {"name", CellKind::text}};
  book.writer.begin(columns);
  for (int i = 0; i < rows; ++i) {
    const std::string name = "name " + std::to_string(i * 7919 % 500);
    const Cell cells[] = {integer_cell(i), text_cell(name)};
    book.writer.row(cells);
  }
  return book.finish({{"rows", std::to_string(rows)}});
}

std::vector<std::string> sheet_names(const ReadWorkbook& book) {
  std::vector<std::string> names;
  const std::string& xml = book.part("xl/workbook.xml");
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::string_view name = between(xml, at, "<sheet name=\"", "\"");
    if (at != std::string::npos) names.emplace_back(name);
  }
  return names;
}

}  // namespace

TEST_CASE("a workbook has its parts in order, content types first") {
  const ReadWorkbook book(numbers_file(2000, {}));
  CHECK(book.names().front() == "[Content_Types].xml");
  CHECK(sheet_names(book) == std::vector<std::string>{"Sheet1", "About"});
  CHECK(book.has("xl/sharedStrings.xml"));
  CHECK(book.sheet(2).at("A1").value == "rows");
  CHECK(book.sheet(2).at("B1").value == "2000");
}

TEST_CASE("no shared strings part without shared strings, no About sheet unless wanted") {
  XlsxOptions options;
  options.about = false;
  const ReadWorkbook book(numbers_file(1, options));
  CHECK_FALSE(book.has("xl/sharedStrings.xml"));
  CHECK(sheet_names(book) == std::vector<std::string>{"Sheet1"});
}

TEST_CASE("no rows leave a sheet with its header") {
  const ReadWorkbook book(numbers_file(0, {}));
  const ReadSheet sheet = book.sheet(1);
  CHECK(sheet.size() == 2);
  CHECK(sheet.at("A1") == ReadCell{"text", "n", "1"});
}

TEST_CASE("a sheet of no columns is written") {
  Workbook book({});
  book.writer.begin({});
  book.writer.row({});
  const ReadWorkbook read(book.finish());
  CHECK(read.sheet(1).empty());
}

TEST_CASE("the same rows at the same time give the same bytes") {
  CHECK(numbers_file(50000, {}) == numbers_file(50000, {}));
}

TEST_CASE("rows beyond a sheet's limit go on in the next one, under the same header") {
  XlsxOptions options;
  options.sheet = "leads";
  options.sheet_rows = 1000;
  const ReadWorkbook book(numbers_file(2500, options));
  CHECK(sheet_names(book) == std::vector<std::string>{"leads", "leads (2)", "leads (3)", "About"});
  CHECK(book.sheet_xml(1).find("<autoFilter ref=\"A1:B1000\"/>") != std::string::npos);
  CHECK(book.sheet_xml(3).find("<autoFilter ref=\"A1:B503\"/>") != std::string::npos);
  int next = 0;
  for (int number = 1; number <= 3; ++number) {
    const ReadSheet sheet = book.sheet(number);
    CHECK(sheet.at("A1").value == "n");
    CHECK(sheet.at("B1").value == "name");
    for (int row = 2; row <= (number < 3 ? 1000 : 503); ++row) {
      REQUIRE(sheet.at("A" + std::to_string(row)).value == std::to_string(next));
      REQUIRE(sheet.at("B" + std::to_string(row)).value == "name " + std::to_string(next * 7919 % 500));
      ++next;
    }
  }
  CHECK(next == 2500);
}

TEST_CASE("a full last sheet is not followed by an empty one") {
  XlsxOptions options;
  options.sheet_rows = 11;
  CHECK(sheet_names(ReadWorkbook(numbers_file(20, options))).size() == 3);
  CHECK(sheet_names(ReadWorkbook(numbers_file(21, options))).size() == 4);
}

TEST_CASE("a child sheet has its own columns and a name of its own") {
  XlsxOptions options;
  options.sheet = "visits/2026";
  Workbook book(options);
  const Column parent[] = {{"id", CellKind::integer, true}};
  const Column child[] = {{"visit", CellKind::integer}, {"at", CellKind::timestamptz}};
  book.writer.begin(parent);
  const Cell id[] = {integer_cell(1)};
  book.writer.row(id);
  book.writer.begin_sheet("VISITS_2026", child);
  const Cell step[] = {integer_cell(1), Cell::of_integer(CellKind::timestamptz, 0)};
  book.writer.row(step);
  const ReadWorkbook read(book.finish());
  CHECK(sheet_names(read) == std::vector<std::string>{"visits_2026", "VISITS_2026 (2)", "About"});
  CHECK(read.sheet(1).at("A2") == ReadCell{"text", "1", ""});
  CHECK(read.sheet(2).at("B1").value == "at (UTC)");
  CHECK(read.sheet(2).at("B2") == ReadCell{"n", "36526", "3"});
}

TEST_CASE("a workbook is not finished before its sheets") {
  Workbook book({});
  CHECK_THROWS_AS((void)book.writer.finish({}, created), Error);
}

TEST_CASE("every cell is the one that libxlsxwriter writes for the same value") {
  std::mt19937_64 random(17);
  // No literal _xHHHH_ among them: libxlsxwriter does not guard it, so that a reader takes it for the character.
  const std::vector<std::string> texts = {"plain",
                                          " outer ",
                                          "",
                                          "a & b < c > \"d\"",
                                          "tab\tline\nfeed",
                                          "carriage\rreturn",
                                          "\x01 control \x1F",
                                          "ünïcödé €",
                                          "😀 emoji",
                                          "=1+1",
                                          std::string(32767, 'x'),
                                          std::string(300, '&')};
  const char path[] = "/tmp/pg_takeout_oracle.xlsx";
  lxw_workbook* oracle = workbook_new(path);
  lxw_worksheet* sheet = workbook_add_worksheet(oracle, "Sheet1");
  lxw_format* formats[3];
  for (auto& format : formats) format = workbook_add_format(oracle);
  format_set_num_format(formats[0], "yyyy-mm-dd");
  format_set_num_format(formats[1], "yyyy-mm-dd hh:mm:ss");
  format_set_num_format(formats[2], "hh:mm:ss");

  XlsxOptions options;
  options.about = false;
  Workbook book(options);
  const Column columns[] = {{"text"},
                            {"flag", CellKind::boolean},
                            {"number", CellKind::float8},
                            {"date", CellKind::date},
                            {"at", CellKind::timestamp},
                            {"time", CellKind::time}};
  book.writer.begin(columns);
  for (lxw_row_t row = 1; row <= 3000; ++row) {
    const std::string& text = texts[random() % texts.size()];
    const bool flag = random() % 2 == 0;
    const double number = std::round(static_cast<double>(random() % 2000000) - 1000000) / 128;
    const auto days = static_cast<std::int64_t>(random() % 60000) - 30000;
    const auto seconds = static_cast<std::int64_t>(random() % 86400);
    const Cell cells[] = {random() % 9 == 0 ? Cell{} : text_cell(text),
                          Cell::of_integer(CellKind::boolean, flag),
                          Cell::of_number(CellKind::float8, number),
                          Cell::of_integer(CellKind::date, days),
                          Cell::of_integer(CellKind::timestamp, days * 86'400'000'000 + seconds * 1'000'000),
                          Cell::of_integer(CellKind::time, seconds * 1'000'000)};
    book.writer.row(cells);

    const auto fraction = static_cast<double>(seconds) / 86400;
    if (cells[0].kind != CellKind::null) worksheet_write_string(sheet, row, 0, text.c_str(), nullptr);
    worksheet_write_boolean(sheet, row, 1, flag, nullptr);
    worksheet_write_number(sheet, row, 2, number, nullptr);
    worksheet_write_number(sheet, row, 3, static_cast<double>(days + 36526), formats[0]);
    worksheet_write_number(sheet, row, 4, static_cast<double>(days + 36526) + fraction, formats[1]);
    worksheet_write_number(sheet, row, 5, fraction, formats[2]);
  }
  REQUIRE(workbook_close(oracle) == LXW_NO_ERROR);
  std::ifstream stream(path, std::ios::binary);
  const std::string expected_file{std::istreambuf_iterator<char>(stream), {}};
  std::remove(path);

  // libxlsxwriter's zip has ZIP64 extras and stored sizes of its own; its parts are read by our reader.
  const ReadWorkbook ours(book.finish());
  const ReadSheet actual = ours.sheet(1);
  const ReadSheet expected = ReadWorkbook::of_any_zip(expected_file).sheet(1);
  std::size_t compared = 0;
  for (const auto& [reference, cell] : expected) {
    INFO(reference);
    if (cell.type == "text" && cell.value.empty() && !actual.contains(reference)) continue;
    REQUIRE(actual.contains(reference));
    const ReadCell& own = actual.at(reference);
    CHECK(own.type == cell.type);
    if (cell.type == "n") {
      CHECK(std::fabs(std::stod(own.value) - std::stod(cell.value)) <= 5.1e-11);
    } else {
      CHECK(own.value == cell.value);
    }
    CHECK(own.style.empty() == cell.style.empty());
    ++compared;
  }
  CHECK(compared > 3000 * 5);
  for (const auto& [reference, cell] : actual) {
    // libxlsxwriter writes no cell for an empty string without a format.
    CHECK((expected.contains(reference) || cell.value.empty() || reference.ends_with("1")));
  }
}
