// CsvWriter against a strict reader of RFC 4180: what is read back is what was written, NULL apart from the empty string.
#include "../unit/csv_reader.hpp"
#include "../unit/written_rows.hpp"
#include "cells_of_input.hpp"
#include "csv_writer.hpp"
#include "fuzz_target.hpp"

using namespace pg_takeout;

namespace {

// The first two characters of the input choose the options.
CsvOptions options_of(unsigned char first, unsigned char second) {
  CsvOptions options;
  options.delimiter = ",;\t|"[first % 4];
  options.excel = (first & 4) != 0;
  options.header = (first & 8) != 0;
  options.null_text = second % 3 == 0 ? "" : second % 3 == 1 ? "NULL" : "\\N";
  return options;
}

bool is_read_back(const test::CsvField& field, const Cell& cell, const CsvOptions& options) {
  if (cell.kind == CellKind::null) return !field.quoted && field.text == options.null_text;
  const std::string text(cell.view());
  if (!field.quoted && text == options.null_text) return false;
  return field.text == text || (options.excel && field.text == "'" + text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const CsvOptions options = options_of(data[0], data[1]);
  const std::size_t width = 1 + data[1] % 4;
  const std::string_view input = text_of(data, size);
  const TextCells cells = cells_of_input(input.substr(2));
  const auto rows = rows_of_cells(cells, width);
  constexpr std::string_view names[] = {"a", "say \"b\"", "=c", "d;,|\t"};
  std::vector<Column> columns;
  for (std::size_t i = 0; i < width; ++i) columns.push_back({names[i]});

  const std::string file = test::write_rows<CsvWriter>(options, columns, rows);
  std::string_view text = file;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) {
    expect(input, "writes a byte order mark", !options.excel);
    text.remove_prefix(byte_order_mark.size());
  }
  const auto records = test::read_csv(text, options.delimiter);
  const std::size_t headers = options.header ? 1 : 0;
  bool same = records.size() == rows.size() + headers;
  for (std::size_t row = 0; same && row < rows.size(); ++row) {
    const auto& record = records[row + headers];
    same = record.size() == width;
    for (std::size_t i = 0; same && i < width; ++i) same = is_read_back(record[i], rows[row][i], options);
  }
  expect(input, same ? nullptr : "writes cannot be read back", true);
  return 0;
}
