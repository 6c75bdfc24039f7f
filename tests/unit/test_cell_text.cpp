#include <catch2/catch.hpp>
#include <string>

#include "cell_text.hpp"
#include "csv_writer.hpp"
#include "written_rows.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

TEST_CASE("a cell's text is what CSV writes of it") {
  const Network network{4, 24, {203, 0, 113, 0}};
  const Cell cells[] = {
      Cell::of_integer(CellKind::boolean, 1),
      Cell::of_integer(CellKind::boolean, 0),
      integer_cell(INT64_MIN),
      Cell::of_number(CellKind::float4, 0.1F),
      Cell::of_number(CellKind::float8, 1.0 / 3),
      cell_of(CellKind::decimal, "12345678901234567890.50"),
      text_cell("plain"),
      cell_of(CellKind::uuid, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
      Cell::of_integer(CellKind::date, 9527),
      Cell::of_integer(CellKind::date, -date_infinity),
      Cell::of_integer(CellKind::time, 86'399'999'999),
      Cell::of_integer(CellKind::timestamp, 823'123'456'789),
      Cell::of_integer(CellKind::timestamptz, 823'123'456'789),
      Cell::of_integer(CellKind::timestamptz, timestamp_infinity),
      network_cell(network),
      cell_of(CellKind::json, "[1]"),
  };
  CsvOptions options;
  options.header = false;
  for (const Cell& cell : cells) {
    const std::string file = write_rows<CsvWriter>(options, {Column{"c", cell.kind}}, {{cell}});
    CellScratch scratch;
    CHECK(std::string(cell_text(cell, scratch)) + "\r\n" == file);
  }
}

TEST_CASE("bytes are no text") {
  CellScratch scratch;
  CHECK(cell_text(cell_of(CellKind::binary, "ab"), scratch).empty());
}
