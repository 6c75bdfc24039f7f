#include "sheet_width.hpp"

#include <algorithm>

#include "value_text.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t sampled_length = 256;  // bytes of a text looked at

}  // namespace

std::uint16_t displayed_width(std::string_view text) {
  text = text.substr(0, sampled_length);
  text = text.substr(0, text.find('\n'));
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::uint16_t>(std::count_if(text.begin(), text.end(), starts));
}

std::uint16_t displayed_width(const Cell& cell) {
  char text[max_value_text];
  switch (cell.kind) {
    case CellKind::null:
      return 0;
    case CellKind::text:
    case CellKind::json:
    case CellKind::decimal:
      return displayed_width(cell.view());
    case CellKind::binary:
      return static_cast<std::uint16_t>(std::min<std::size_t>(2 + 2 * std::size_t{cell.length}, sampled_length));
    case CellKind::boolean:
      return 5;
    case CellKind::date:
      return 10;
    case CellKind::time:
      return 8;
    case CellKind::timestamp:
    case CellKind::timestamptz:
      return 19;
    case CellKind::uuid:
      return 36;
    case CellKind::network:
      return 18;
    case CellKind::integer:
      return static_cast<std::uint16_t>(write_integer(text, cell.integer) - text);
    case CellKind::float4:
      return static_cast<std::uint16_t>(write_float4(text, static_cast<float>(cell.number)) - text);
    case CellKind::float8:
      return static_cast<std::uint16_t>(write_float8(text, cell.number) - text);
  }
  return 0;
}

}  // namespace pg_takeout
