// XLSX (ECMA-376 part 1, SpreadsheetML): rows become compressed sheet parts while they come; the workbook's frame and
// the zip around all of it are made at the end, when sheets and sizes are known.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sink.hpp"
#include "writer.hpp"

namespace pg_takeout {

struct XlsxOptions {
  std::string sheet = "Sheet1";  // name of the first sheet; made valid where Excel forbids it
  std::string zone;              // IANA zone that timestamptz cells are given in; empty is UTC. Named in the header.
  bool about = true;             // an About sheet last
  std::uint32_t sheet_rows = 1048576;  // rows of a sheet, header included, before the next one begins
};

// A line of the About sheet.
using AboutLine = std::pair<std::string, std::string>;

// The finished file, in order: bytes to copy, or a range of what was written to the spool.
struct FilePiece {
  std::string bytes;  // when spool_length is 0
  std::uint64_t spool_offset = 0;
  std::uint64_t spool_length = 0;
};

// Compressed sheet data goes to `spool` as it is made; the caller may move full chunks from there elsewhere
// (a temporary file) as long as it can give ranges of it back when the file is put together.
class XlsxWriter final : public Writer {
 public:
  XlsxWriter(XlsxOptions options, Sink& spool, std::pmr::memory_resource* memory);
  ~XlsxWriter() override;

  // begin() starts the first sheet, named by the options.
  void begin(std::span<const Column> columns) override;
  // Starts a further sheet, of a child dataset. Ends the one before.
  void begin_sheet(std::string_view name, std::span<const Column> columns);
  void row(std::span<const Cell> cells) override;
  // Ends the last sheet. Afterwards only finish() may be called.
  void end() override;

  // Builds the frame by libxlsxwriter and lays out the zip. `created` (UTC, seconds) is the workbook's creation time.
  // The pieces together are the file.
  [[nodiscard]] std::vector<FilePiece> finish(std::span<const AboutLine> about, std::time_t created);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace pg_takeout
