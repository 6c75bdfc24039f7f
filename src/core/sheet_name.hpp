// Names of sheets within Excel's rules: 1 to 31 UTF-16 units, none of [ ] : * ? / \, no apostrophe at either end, not
// "History", no two alike but for case.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pg_takeout {

// A name as near to the wanted one (valid UTF-8) as the rules allow and different from all taken ones. Where that needs
// a number, or `number` is above 1, it ends like "leads (2)".
[[nodiscard]] std::string make_sheet_name(std::string_view wanted, std::uint32_t number,
                                          std::span<const std::string> taken);

}  // namespace pg_takeout
