// Names of time zones.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// What a name in the IANA time zone database may look like, by the rules of its file theory.html: parts of ASCII letters,
// digits, ., -, _ and +, with / between them, no part empty, of dots, or beginning with a hyphen. Whether the database has it
// is for the server to say.
[[nodiscard]] BrokenRule check_time_zone(std::string_view text);

}  // namespace pg_takeout
