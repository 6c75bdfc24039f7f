// CSV as RFC 4180 has it, byte-exact, and the `excel` dialect (BOM, formula guard).
//
// NULL is nothing between the delimiters and the empty string is "". A record of one column whose value is NULL is
// therefore an empty line, as in COPY: COPY FROM reads NULL back, some readers skip the line. A field of the only column
// that is exactly \. is quoted, for COPY FROM before PostgreSQL 18 takes a bare one for the end of the data.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>

#include "sink.hpp"
#include "value_text.hpp"
#include "writer.hpp"

namespace pg_takeout {

struct CsvOptions {
  bool excel = false;    // dialect: UTF-8 byte order mark and formula guard
  char delimiter = ',';  // one ASCII byte, not a quote, CR, LF, letter, digit or space
  bool header = true;
  bool continues = false;  // behind another file of the same columns: no byte order mark and no header
  std::string null_text;   // what stands for NULL, unquoted; an equal value is quoted
};

class CsvWriter final : public Writer {
 public:
  CsvWriter(CsvOptions options, Sink& sink, std::pmr::memory_resource* memory);

  // Error invalid_option for a delimiter or null_text that could not be read back.
  void begin(std::span<const Column> columns) override;
  void row(std::span<const Cell> cells) override;
  void end() override;

  // Cells, names in the header included, that got a ' in front because a spreadsheet would have run them as a formula.
  [[nodiscard]] std::uint64_t guarded_cells() const { return guarded_cells_; }

 private:
  template <bool simple>
  char* write_cells(char* out, std::span<const Cell> cells);
  template <bool simple>
  char* write_cell(char* out, const Cell& cell);
  char* write_null(char* out) const;
  char* write_simple_text(char* out, std::string_view text);
  char* write_text(char* out, std::string_view text);
  char* write_quoted(char* out, std::string_view text) const;
  char* quote_value_if_needed(char* begin, char* end) const;
  void write_long_row(std::span<const Cell> cells);
  void write_long_cell(const Cell& cell);
  void write_long_binary(std::string_view bytes);
  void write_long_text(std::string_view text, bool may_be_formula);
  [[nodiscard]] bool means_something_else(std::string_view field) const;

  CsvOptions options_;
  Sink& sink_;
  char delimiter_;
  bool values_are_plain_ = true;       // no number, time or network can need quotes
  bool bare_text_can_mislead_ = true;  // means_something_else() has to be asked
  bool single_column_ = false;
  bool is_simple_ = false;  // none of the above nor the guard: only what a text holds tells how it is written
  std::uint64_t guarded_cells_ = 0;
  DayText last_day_;
};

}  // namespace pg_takeout
