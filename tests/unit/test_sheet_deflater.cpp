#include "sheet_deflater.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "sheet_writer.hpp"
#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

constexpr std::string_view last_block("\x03\x00", 2);

Cell text_cell(std::string_view text) { return Cell::of_bytes(CellKind::text, text.data(), text.size()); }

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> words = {"alpha", "beta ", "&", "gamma", "\n", "delta ", "_x0041_", "ü", "  "};
  std::string text;
  const unsigned count = random() % 40 == 0 ? random() % 4000 : random() % 8;
  for (unsigned i = 0; i < count; ++i) text += words[random() % words.size()];
  if (random() % 5 == 0) text += std::to_string(random());
  return text;
}

// Random rows of all kinds, the same for the same seed.
void write_rows(SheetWriter& writer, unsigned seed, int rows) {
  std::mt19937 random(seed);
  std::vector<Column> columns;
  for (unsigned i = 0; i < 1 + seed % 30; ++i) columns.push_back({"column", CellKind::text});
  writer.set_columns(columns, {});
  writer.start_sheet();
  writer.write_header();
  std::vector<std::string> texts(columns.size());
  for (int row = 0; row < rows; ++row) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      switch ((i + (random() % 20 == 0 ? random() : 0)) % 6) {
        case 0:
          texts[i] = random_text(random);
          cells.push_back(text_cell(texts[i]));
          break;
        case 1:
          cells.push_back(Cell::of_integer(CellKind::integer, random()));
          break;
        case 2:
          cells.push_back(Cell{});
          break;
        case 3:
          cells.push_back(Cell::of_integer(CellKind::timestamptz, 700'000'000'000'000 + random() * 1000LL));
          break;
        case 4:
          texts[i] = "city " + std::to_string(random() % 30);
          cells.push_back(text_cell(texts[i]));
          break;
        default:
          cells.push_back(Cell::of_integer(CellKind::boolean, random() % 2));
      }
    }
    writer.write_row(cells);
  }
  writer.end_sheet();
}

}  // namespace

TEST_CASE("zlib inflates a sheet's rows to what the writer wrote") {
  SheetDeflater deflater(std::pmr::new_delete_resource());
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO(seed);
    const int rows = seed % 10 == 0 ? 30000 : static_cast<int>(seed * 7);
    MemorySink plain;
    SharedStrings plain_strings(std::pmr::new_delete_resource());
    SheetWriter plain_writer(plain, nullptr, plain_strings, std::pmr::new_delete_resource());
    write_rows(plain_writer, seed, rows);

    MemorySink out;
    SharedStrings strings(std::pmr::new_delete_resource());
    SheetWriter writer(deflater, &deflater, strings, std::pmr::new_delete_resource());
    deflater.start(out, 1 + seed % 30);
    write_rows(writer, seed, rows);
    const DeflatedPart part = deflater.finish();
    REQUIRE(part.raw_size == plain.text().size());
    REQUIRE(part.compressed_size == out.text().size());
    REQUIRE(part.crc == crc_of(plain.text()));
    REQUIRE(inflated(std::string(out.text()) + std::string(last_block), plain.text().size()) == plain.text());
  }
}

TEST_CASE("markup costs a few bytes a cell") {
  SheetDeflater deflater(std::pmr::new_delete_resource());
  MemorySink out;
  SharedStrings strings(std::pmr::new_delete_resource());
  SheetWriter writer(deflater, &deflater, strings, std::pmr::new_delete_resource());
  const std::vector<Column> columns(10, Column{"flag", CellKind::boolean});
  const std::vector<Cell> cells(10, Cell::of_integer(CellKind::boolean, 1));
  deflater.start(out, columns.size());
  writer.set_columns(columns, {});
  writer.start_sheet();
  for (int i = 0; i < 10000; ++i) writer.write_row(cells);
  writer.end_sheet();
  CHECK(deflater.finish().compressed_size < 10000 * 10 * 3);
}

TEST_CASE("bytes without marks and of any size come through") {
  SheetDeflater deflater(std::pmr::new_delete_resource());
  std::mt19937 random(8);
  for (const std::size_t size : {0UL, 1UL, 70000UL, 400000UL, 1000000UL}) {
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(random()));
    MemorySink out;
    deflater.start(out, 0);
    deflater.append(text);
    CHECK(deflater.finish().raw_size == size);
    CHECK(inflated(std::string(out.text()) + std::string(last_block), size) == text);
  }
}
