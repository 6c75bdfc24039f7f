// Rows of cells as the XML between <sheetData> and </sheetData> (ECMA-376 part 1, 18.3.1.73 <row>, 18.3.1.4 <c>). Every
// row and cell carries its reference: readers such as ExcelJS refuse sheets without.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cell.hpp"
#include "shared_strings.hpp"
#include "sheet_deflater.hpp"
#include "sink.hpp"

namespace pg_takeout {

inline constexpr std::size_t max_sheet_columns = 16384;
inline constexpr std::size_t max_cell_units = 32767;  // UTF-16 units of text in a cell

// Indexes of the workbook's cell formats (styles.xml, cellXfs).
enum class CellFormat : std::uint8_t { general, header, date, timestamp, time };

struct CellMarkup;

class SheetWriter {
 public:
  // Writes XML to `xml`, which grants reserve() up to 64 kB. Where that is a deflater for sheets, it is also given as
  // `deflater`, to be told where cells are.
  SheetWriter(Sink& xml, SheetDeflater* deflater, SharedStrings& strings, std::pmr::memory_resource* memory);

  // Columns of the sheets to come. `zone` names in the header what timestamptz cells are given in.
  // Throws Error too_many_columns.
  void set_columns(std::span<const Column> columns, std::string_view zone);
  // Starts a sheet at row 1. After its last row end_sheet() writes what is still held back.
  void start_sheet();
  void end_sheet();
  void write_header();
  // Throws Error cell_too_long, naming the row counted from the last set_columns().
  void write_row(std::span<const Cell> cells);

  [[nodiscard]] std::uint32_t rows() const { return rows_; }  // of this sheet
  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  // Characters that header and first rows need, for each column.
  [[nodiscard]] std::vector<std::uint16_t> widths() const;

 private:
  struct SheetColumn {
    SheetColumn(const Column& column, std::size_t index_in_row, std::string_view zone, std::pmr::memory_resource* memory);

    std::array<char, 16> open{};  // <c r="AB
    std::uint8_t open_length = 0;
    std::uint16_t index = 0;
    bool identifier = false;
    std::uint16_t width = 0;
    SharedStrings::ColumnUse strings;
    std::pmr::string title;
  };

  void start_row();
  char* start_cell(char* out, const SheetColumn& column, const CellMarkup& markup);
  void hold_back(std::string_view markup);
  void write_cell(SheetColumn& column, const Cell& cell);
  void write_value_text(SheetColumn& column, const Cell& cell);
  void write_text(SheetColumn& column, std::string_view text);
  [[nodiscard]] std::uint32_t hold_if_escaped(std::string_view text);
  void write_shared(const SheetColumn& column, std::uint32_t index, const CellMarkup& markup);
  void write_inline(const SheetColumn& column, std::string_view text, const CellMarkup& markup);
  void write_binary(SheetColumn& column, std::string_view bytes);
  [[noreturn]] void throw_too_long(const SheetColumn& column, std::size_t units) const;

  Sink& xml_;
  SheetDeflater* deflater_;
  SharedStrings& strings_;
  std::pmr::memory_resource* memory_;
  std::pmr::vector<SheetColumn> columns_;
  std::pmr::string scratch_;
  bool zoned_ = false;
  std::uint32_t rows_ = 0;
  std::uint64_t data_rows_ = 0;  // over all sheets of these columns
  std::array<char, 8> row_digits_{};
  std::uint8_t row_digits_length_ = 0;
  // Closing and row tags wait for the next cell, so that all markup between two values is written in one run.
  std::array<char, 64> held_{};
  std::size_t held_length_ = 0;
};

}  // namespace pg_takeout
