// Telephone numbers.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// The international form of ITU-T E.164, a + before the country code and no spaces: at most 15 digits (E.164 section 6.1),
// the first not 0, since no country code begins with one (E.164, list of assigned country codes: zone 0 is spare). E.164
// sets no least length; 7 is that of the shortest subscribers' numbers in use, a country code of three digits and four more
// (Niue, Tokelau). Whether the number is assigned is not asked.
[[nodiscard]] BrokenRule check_phone(std::string_view text);

}  // namespace pg_takeout
