// Rows of texts out of a fuzzer's bytes, in a form in which seeds can be written by hand: cells end at / and ^ is a newline
// in one; a cell that is ~ alone is NULL.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cell.hpp"

namespace pg_takeout {

using TextCells = std::vector<std::optional<std::string>>;

// Valid UTF-8, as what writers are given is: bytes beyond ASCII stand for the characters of the same number.
inline std::string utf8_of_bytes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x80) {
      text += byte;
    } else {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

inline TextCells cells_of_input(std::string_view input) {
  TextCells cells;
  while (true) {
    const std::size_t end = std::min(input.find('/'), input.size());
    std::string text = utf8_of_bytes(input.substr(0, end));
    std::replace(text.begin(), text.end(), '^', '\n');
    cells.emplace_back(text == "~" ? std::nullopt : std::optional(text));
    if (end == input.size()) return cells;
    input.remove_prefix(end + 1);
  }
}

inline Cell cell_of_text(const std::optional<std::string>& text) {
  return text ? Cell::of_bytes(CellKind::text, text->data(), text->size()) : Cell{};
}

// Rows of as many columns; NULL fills up the last.
inline std::vector<std::vector<Cell>> rows_of_cells(const TextCells& cells, std::size_t columns) {
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i % columns == 0) rows.emplace_back(columns);
    rows.back()[i % columns] = cell_of_text(cells[i]);
  }
  return rows;
}

}  // namespace pg_takeout
