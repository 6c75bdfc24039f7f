// Countries.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// An officially assigned alpha-2 code of ISO 3166-1, upper case. The list is that of the iso-codes package with which the
// library was built.
[[nodiscard]] BrokenRule check_country(std::string_view text);

// All of them, two letters each, in alphabetical order.
[[nodiscard]] std::string_view assigned_country_codes();

}  // namespace pg_takeout
