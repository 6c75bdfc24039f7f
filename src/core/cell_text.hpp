// A cell's value as one text, as CSV has it before it is quoted.
#pragma once

#include <string_view>

#include "cell.hpp"
#include "value_text.hpp"

namespace pg_takeout {

// Room for the text of what is no text itself.
using CellScratch = char[max_value_text];

// Not for null. Binary values are no text: the view is empty. Lives as long as the cell's bytes and `scratch`.
[[nodiscard]] std::string_view cell_text(const Cell& cell, CellScratch& scratch);

}  // namespace pg_takeout
