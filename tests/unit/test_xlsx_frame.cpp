#include "xlsx_frame.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sheet_writer.hpp"
#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

const FramePart& part_named(const std::vector<FramePart>& parts, std::string_view name) {
  for (const FramePart& part : parts) {
    if (part.name == name) return part;
  }
  FAIL("no part " << name);
  return parts.front();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const std::vector<FrameSheet> sheets = {
    {"leads", 1001, {10, 200, 4}, true}, {"it's ü", 1, {8}, true}, {"About", 5, {7, 30}, false}};

}  // namespace

TEST_CASE("cell formats have the numbers that cells are written with") {
  const auto parts = build_frame(sheets, 1700000000, true);
  const std::string& styles = part_named(parts, "xl/styles.xml").content;
  std::size_t at = styles.find("<cellXfs");
  std::vector<std::string> formats;
  for (int i = 0; i < 5; ++i) formats.emplace_back(between(styles, at, "<xf ", "/>"));
  const auto format = [&](CellFormat which) { return " " + formats[static_cast<std::size_t>(which)]; };
  const auto number_format = [&](CellFormat which) {
    std::size_t place = 0;
    const std::string id = attribute(format(which), "numFmtId");
    return std::string(between(styles, place, "<numFmt numFmtId=\"" + id + "\" formatCode=\"", "\""));
  };
  CHECK(attribute(format(CellFormat::general), "numFmtId") == "0");
  CHECK(attribute(format(CellFormat::general), "fontId") == "0");
  CHECK(attribute(format(CellFormat::header), "numFmtId") == "0");
  CHECK(attribute(format(CellFormat::header), "fontId") == "1");
  CHECK(number_format(CellFormat::date) == "yyyy-mm-dd");
  CHECK(number_format(CellFormat::timestamp) == "yyyy-mm-dd hh:mm:ss");
  CHECK(number_format(CellFormat::time) == "hh:mm:ss");
  std::size_t fonts = styles.find("<fonts");
  (void)between(styles, fonts, "<font>", "</font>");
  CHECK(contains(std::string(between(styles, fonts, "<font>", "</font>")), "<b/>"));
}

TEST_CASE("sheets are empty halves with frozen header, filter and widths, and no dimension") {
  const auto parts = build_frame(sheets, 1700000000, false);
  const FramePart& leads = part_named(parts, "xl/worksheets/sheet1.xml");
  CHECK(leads.sheet == 0);
  CHECK(leads.content.ends_with("<sheetData>"));
  CHECK(leads.rest.starts_with("</sheetData><autoFilter ref=\"A1:C1001\"/>"));
  CHECK(leads.rest.ends_with("</worksheet>"));
  CHECK(contains(leads.content, "state=\"frozen\""));
  CHECK(contains(leads.content, "<col min=\"2\" max=\"2\" width=\"60.7109375\""));
  CHECK_FALSE(contains(leads.content, "dimension"));
  CHECK_FALSE(contains(leads.content, "<row"));
  const FramePart& about = part_named(parts, "xl/worksheets/sheet3.xml");
  CHECK(about.content.ends_with("<sheetData>"));
  CHECK(about.rest.starts_with("</sheetData><pageMargins"));
  CHECK_FALSE(contains(about.content, "frozen"));
  CHECK(contains(part_named(parts, "xl/workbook.xml").content, "<sheet name=\"it's ü\" sheetId=\"2\""));
}

TEST_CASE("the parts begin with the content types and carry the time of creation") {
  const auto parts = build_frame(sheets, 1700000000, false);
  CHECK(parts.front().name == "[Content_Types].xml");
  CHECK_FALSE(contains(parts.front().content, "sharedStrings"));
  CHECK(contains(part_named(parts, "docProps/core.xml").content, "2023-11-14T22:13:20Z"));
}

TEST_CASE("shared strings are announced when there are any") {
  const auto parts = build_frame(sheets, 1700000000, true);
  CHECK(contains(parts.front().content, "<Override PartName=\"/xl/sharedStrings.xml\""));
  CHECK(contains(part_named(parts, "xl/_rels/workbook.xml.rels").content,
                 "Target=\"sharedStrings.xml\"/></Relationships>"));
}

TEST_CASE("the longest names and widest sheets are accepted") {
  const std::string apostrophes = "a" + std::string(29, '\'') + "b";
  std::string wide;
  for (int i = 0; i < 31; ++i) wide += "€";
  const std::vector<FrameSheet> large = {{apostrophes, 1048576, std::vector<std::uint16_t>(max_sheet_columns, 5), true},
                                         {wide, 1048576, std::vector<std::uint16_t>(max_sheet_columns, 5), true}};
  const auto parts = build_frame(large, 1700000000, false);
  CHECK(contains(part_named(parts, "xl/worksheets/sheet2.xml").rest, "<autoFilter ref=\"A1:XFD1048576\"/>"));
  CHECK(contains(part_named(parts, "xl/workbook.xml").content, "'" + wide + "'!$A$1:$XFD$1048576<"));
}
