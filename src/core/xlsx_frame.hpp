// The workbook around the rows, made by libxlsxwriter: styles, sheets with widths, frozen header and filter, document
// properties. Its sheets are empty; rows are put in between the two halves of each.
#pragma once

#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <vector>

namespace pg_takeout {

struct FrameSheet {
  std::string name;                   // valid and unique
  std::uint32_t rows = 0;             // header included
  std::vector<std::uint16_t> widths;  // characters, one a column
  bool header = true;                 // row 1 is frozen and carries the filter
};

struct FramePart {
  std::string name;     // in the zip, such as xl/workbook.xml
  std::string content;  // XML; of a sheet, up to and with <sheetData>
  std::string rest;     // of a sheet, from </sheetData> on; otherwise empty
  std::size_t sheet;    // index into the sheets, or no_sheet
};
inline constexpr std::size_t no_sheet = SIZE_MAX;

// Parts in the order they go into the zip, [Content_Types].xml first. Where `shared_strings`, the part
// xl/sharedStrings.xml is announced in them; the caller adds it. Throws Error (internal) where libxlsxwriter fails.
[[nodiscard]] std::vector<FramePart> build_frame(std::span<const FrameSheet> sheets, std::time_t created,
                                                 bool shared_strings);

}  // namespace pg_takeout
