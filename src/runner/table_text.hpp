// Rows as people and as programs read them.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"

namespace pg_takeout {

// Columns under their titles, as wide as they need to be.
[[nodiscard]] std::string table_text(const std::vector<std::string>& titles, const Rows& rows);

}  // namespace pg_takeout
