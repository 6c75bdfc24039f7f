// How wide the values of a sheet are shown: what its columns' widths (ECMA-376 part 1, 18.3.1.13 <col>) are set from.
#pragma once

#include <cstdint>
#include <string_view>

#include "cell.hpp"

namespace pg_takeout {

// Characters of a text's first line; of a long text only its start is looked at.
[[nodiscard]] std::uint16_t displayed_width(std::string_view text);

// Characters that the cell's value is shown in; 0 for NULL.
[[nodiscard]] std::uint16_t displayed_width(const Cell& cell);

}  // namespace pg_takeout
