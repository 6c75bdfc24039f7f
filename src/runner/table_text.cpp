#include "table_text.hpp"

#include <algorithm>

namespace pg_takeout {

namespace {

// Characters of UTF-8; those that are two wide or have no width are rare in names and not worth a table.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string table_text(const std::vector<std::string>& titles, const Rows& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < titles.size(); ++column) {
    std::size_t width = width_of(titles[column]);
    for (int row = 0; row < rows.count(); ++row)
      width = std::max(width, width_of(rows.text(row, static_cast<int>(column))));
    widths.push_back(width);
  }
  std::string result;
  const auto add_line = [&](const auto& cell) {
    for (std::size_t column = 0; column < titles.size(); ++column) {
      const std::string text = cell(column);
      result += text;
      if (column + 1 < titles.size()) result.append(widths[column] - width_of(text) + 2, ' ');
    }
    result.erase(result.find_last_not_of(' ') + 1);
    result += '\n';
  };
  add_line([&](std::size_t column) { return titles[column]; });
  for (int row = 0; row < rows.count(); ++row)
    add_line([&](std::size_t column) { return rows.text(row, static_cast<int>(column)); });
  return result;
}

}  // namespace pg_takeout
