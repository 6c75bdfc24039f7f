#include "sheet_deflater.hpp"

#include <catch2/catch.hpp>
#include <cmath>
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

// Rows that differ little, by what `change` does to them.
template <class Change>
void check_similar_rows(std::vector<Cell> cells, int rows, Change change) {
  const std::vector<Column> columns(cells.size(), Column{"column", CellKind::text});
  SheetDeflater deflater(std::pmr::new_delete_resource());
  const auto write = [&](SheetWriter& writer) {
    std::vector<Cell> row = cells;
    writer.set_columns(columns, {});
    writer.start_sheet();
    writer.write_header();
    for (int i = 0; i < rows; ++i) {
      change(i, row);
      writer.write_row(row);
    }
    writer.end_sheet();
  };
  MemorySink plain;
  SharedStrings plain_strings(std::pmr::new_delete_resource());
  SheetWriter plain_writer(plain, nullptr, plain_strings, std::pmr::new_delete_resource());
  write(plain_writer);
  MemorySink out;
  SharedStrings strings(std::pmr::new_delete_resource());
  SheetWriter writer(deflater, &deflater, strings, std::pmr::new_delete_resource());
  deflater.start(out, columns.size());
  write(writer);
  REQUIRE(deflater.finish().raw_size == plain.text().size());
  REQUIRE(inflated(std::string(out.text()) + std::string(last_block), plain.text().size()) == plain.text());
}

TEST_CASE("rows that are alike, wider than the window, empty, or of changing kinds come back") {
  const Cell long_text = text_cell("so long a text that it is never shared, of more than sixty-four bytes in all");
  const std::vector<Cell> mixed{text_cell("a"), Cell::of_integer(CellKind::integer, 7), long_text,
                                Cell{},         Cell::of_integer(CellKind::boolean, 1), long_text};
  const auto keep = [](int, std::vector<Cell>&) {};
  check_similar_rows(mixed, 12000, keep);
  check_similar_rows({long_text}, 12000, keep);
  check_similar_rows(std::vector<Cell>(900, Cell::of_integer(CellKind::integer, 5)), 300, keep);
  check_similar_rows(std::vector<Cell>(700, long_text), 120, keep);
  check_similar_rows(mixed, 12000, [&](int row, std::vector<Cell>& cells) {
    const bool is_empty = row % 7 == 0 || row % 1000 < 3;
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = is_empty ? Cell{} : mixed[i];
  });
  // Cells of a column that sometimes are null, sometimes no number, sometimes a text that needs care.
  const std::string many(300, 'x');
  const std::string_view texts[] = {"plain text of the column", " outer space", "_x0041_", "<&>", "", many};
  check_similar_rows(mixed, 12000, [&, random = std::mt19937()](int row, std::vector<Cell>& cells) mutable {
    if (row == 0) random.seed(12);  // the same rows each time
    for (Cell& cell : cells) {
      switch (random() % 40) {
        case 0:
          cell = Cell{};
          break;
        case 1:
          cell = Cell::of_number(CellKind::float8, random() % 2 == 0 ? 1.5 : HUGE_VAL);
          break;
        case 2:
          cell = text_cell(texts[random() % std::size(texts)]);
          break;
        case 3:
          cell = Cell::of_integer(CellKind::date, random() % 2 == 0 ? 100 : date_infinity);
          break;
        case 4:
          cell = long_text;
          break;
        default:
          break;
      }
    }
  });
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
