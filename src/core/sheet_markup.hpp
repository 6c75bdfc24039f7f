// The markup of a sheet's rows and cells (ECMA-376 part 1, 18.3.1.73 <row>, 18.3.1.4 <c>).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cell.hpp"

namespace pg_takeout {

// What stands around a value of one type.
struct CellMarkup {
  std::uint8_t type;     // the same for cells that open alike
  bool text;             // parts of values may repeat
  std::uint8_t closing;  // index in closings
  std::string_view opening;
};

namespace sheet_markup {

inline constexpr std::string_view reference_start = "<c r=\"";
inline constexpr std::string_view row_start = "<row r=\"";
inline constexpr std::string_view row_end = "</row>";
inline constexpr std::uint8_t value_close = 1;
inline constexpr std::uint8_t text_close = 2;
inline constexpr std::array<std::string_view, 3> closings{"", "</v></c>", "</t></is></c>"};
// What is not written yet after a value, in one byte.
inline constexpr std::uint8_t pending_row_start = 1;
inline constexpr std::uint8_t pending_row_end = 2;
inline constexpr unsigned pending_closing_shift = 2;
inline constexpr CellMarkup number_markup{0, false, value_close, "\"><v>"};
inline constexpr CellMarkup boolean_markup{1, false, value_close, "\" t=\"b\"><v>"};
inline constexpr CellMarkup date_markup{2, false, value_close, "\" s=\"2\"><v>"};
inline constexpr CellMarkup timestamp_markup{3, false, value_close, "\" s=\"3\"><v>"};
inline constexpr CellMarkup time_markup{4, false, value_close, "\" s=\"4\"><v>"};
inline constexpr CellMarkup shared_markup{5, false, value_close, "\" t=\"s\"><v>"};
inline constexpr CellMarkup text_markup{6, true, text_close, "\" t=\"inlineStr\"><is><t>"};
// Digits, of which none repeat.
inline constexpr CellMarkup code_markup{6, false, text_close, "\" t=\"inlineStr\"><is><t>"};
inline constexpr CellMarkup spaced_markup{7, true, text_close, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"};
inline constexpr CellMarkup header_markup{8, true, text_close, "\" s=\"1\" t=\"inlineStr\"><is><t>"};
inline constexpr CellMarkup spaced_header_markup{9, true, text_close,
                                                 "\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"};
inline constexpr CellMarkup shared_header_markup{10, false, value_close, "\" s=\"1\" t=\"s\"><v>"};

// Of cells that can be numbers; nullptr for other kinds.
inline const CellMarkup* number_markup_of(CellKind kind) {
  switch (kind) {
    case CellKind::integer:
    case CellKind::decimal:
    case CellKind::float4:
    case CellKind::float8:
      return &number_markup;
    case CellKind::date:
      return &date_markup;
    case CellKind::timestamp:
    case CellKind::timestamptz:
      return &timestamp_markup;
    case CellKind::time:
      return &time_markup;
    default:
      return nullptr;
  }
}

}  // namespace sheet_markup

}  // namespace pg_takeout
