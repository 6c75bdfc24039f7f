// Cells that a spreadsheet would run as a formula when it opens a CSV file.
#pragma once

#include <string_view>

namespace pg_takeout {

// True for a text that starts with = + - @ TAB CR LF or the full-width twins of the first four, unless the whole of it
// is a number or a phone: ^[+-]?[0-9][0-9 ().,-]*$
[[nodiscard]] bool is_formula(std::string_view text);

}  // namespace pg_takeout
