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
  // The markup from the value before to a cell's own, of which from row to row the row's number changes alone.
  struct Frame {
    std::array<char, 128> bytes;
    const CellMarkup* markup = nullptr;  // null: none was made yet
    std::uint32_t tens = 0;              // the row's number without its last digit
    std::uint8_t before = 0;             // what was pending when it was made
    std::uint8_t digit_count = 0;
    std::uint8_t changed_digits = 0;  // since it was written last, as in CellMark
    std::uint8_t row_digits_end = 0;  // places as in CellMark
    std::uint8_t digits_end = 0;
    std::uint8_t length = 0;
  };

  struct SheetColumn {
    SheetColumn(const Column& column, std::size_t index_in_row, std::string_view zone,
                std::pmr::memory_resource* memory);

    std::uint16_t index = 0;
    bool identifier = false;
    std::uint16_t width = 0;
    SharedStrings::ColumnUse strings;
    std::pmr::string title;
    std::array<char, 16> open{};  // <c r="AB
    std::uint8_t open_length = 0;
    Frame frame;
  };

  void start_row();
  void end_row();
  char* put_pending(char* out) const;
  void write_pending();
  void make_frame(SheetColumn& column, const CellMarkup& markup);
  void update_frame(SheetColumn& column, const CellMarkup& markup);
  char* start_cell(char* out, SheetColumn& column, const CellMarkup& markup);
  void end_cell(char* end, SheetColumn& column, const CellMarkup& markup);
  void write_cell(SheetColumn& column, const Cell& cell);
  char* put_value_text(char* out, const Cell& cell) const;
  void write_value_text(SheetColumn& column, const Cell& cell);
  void write_text(SheetColumn& column, std::string_view text);
  void write_title(SheetColumn& column);
  void write_shared(SheetColumn& column, std::uint32_t index, const CellMarkup& markup);
  void write_inline(SheetColumn& column, std::string_view text, const CellMarkup& markup);
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
  std::uint32_t tens_ = 0;
  // What is not written yet, as closing and row tags wait for the next cell: the closing's index in closings, shifted by
  // two, and whether a row ends and a row starts.
  std::uint8_t pending_ = 0;
  const char* cell_ = nullptr;  // the start of the cell at hand
};

}  // namespace pg_takeout
