// CSV as RFC 4180 has it, byte-exact, and the `excel` dialect (BOM, formula guard).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "sink.hpp"
#include "writer.hpp"

namespace pg_takeout {

struct CsvOptions {
  bool excel = false;    // dialect: UTF-8 byte order mark and formula guard
  char delimiter = ',';  // one ASCII byte, not a quote, CR, LF, letter, digit or space
  bool header = true;
  std::string null_text; // what stands for NULL, unquoted; an equal text value is quoted
};

class CsvWriter final : public Writer {
 public:
  CsvWriter(CsvOptions options, Sink& sink, std::pmr::memory_resource* memory);

  void begin(std::span<const Column> columns) override;
  void row(std::span<const Cell> cells) override;
  void end() override;

  // Cells that got a ' in front because a spreadsheet would have run them as a formula.
  [[nodiscard]] std::uint64_t guarded_cells() const { return guarded_cells_; }

 private:
  CsvOptions options_;
  Sink& sink_;
  std::pmr::memory_resource* memory_;
  std::uint64_t guarded_cells_ = 0;
};

}  // namespace pg_takeout
