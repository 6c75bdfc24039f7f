// JsonWriter against another reader of RFC 8259: what is read back is what was written, in both layouts and as lines.
#include <nlohmann/json.hpp>

#include "../unit/written_rows.hpp"
#include "cells_of_input.hpp"
#include "fuzz_target.hpp"
#include "json_writer.hpp"

using namespace pg_takeout;
using nlohmann::json;

namespace {

json parsed(std::string_view input, std::string_view text) {
  json value = json::parse(text, nullptr, false);
  expect(input, value.is_discarded() ? "writes is no JSON" : nullptr, true);
  return value;
}

json rows_of_lines(std::string_view input, std::string_view file) {
  json rows = json::array();
  while (!file.empty()) {
    const std::size_t end = file.find('\n');
    expect(input, end == std::string_view::npos ? "writes ends without a newline" : nullptr, true);
    rows.push_back(parsed(input, file.substr(0, end)));
    file.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const JsonOptions options{.lines = data[0] % 3 == 1, .pretty = data[0] % 3 == 2};
  const std::string_view input = text_of(data, size);
  const TextCells cells = cells_of_input(input.substr(1));

  // Its own texts name the columns; they differ by their place.
  const std::size_t width = 1 + data[0] / 3 % 4;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < width; ++i) names.push_back(cells[i % cells.size()].value_or("") + std::to_string(i));
  std::vector<Column> columns;
  for (const std::string& name : names) columns.push_back({name});
  const auto rows = rows_of_cells(cells, width);

  json expected = json::array();
  for (const auto& row : rows) {
    json object = json::object();
    for (std::size_t i = 0; i < width; ++i)
      object[names[i]] = row[i].kind == CellKind::null ? json() : json(std::string(row[i].view()));
    expected.push_back(std::move(object));
  }
  const std::string file = test::write_rows<JsonWriter>(options, columns, rows);
  const json found = options.lines ? rows_of_lines(input, file) : parsed(input, file);
  expect(input, found == expected ? nullptr : "writes is not what it was given", true);
  return 0;
}
