// The open standards that a field can be declared to follow, by name.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

using StandardCheck = BrokenRule (*)(std::string_view text);

// Null for an unknown name. The names are those of takeout.known_standards(). The check of time_zone knows the form of its
// names only.
[[nodiscard]] StandardCheck find_standard(std::string_view name);

}  // namespace pg_takeout
