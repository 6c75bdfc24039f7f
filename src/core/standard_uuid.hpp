// UUIDs.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// The text of RFC 9562 section 4 (the successor of RFC 4122): 8-4-4-4-12 hexadecimal digits of any case, any version.
[[nodiscard]] BrokenRule check_uuid(std::string_view text);

}  // namespace pg_takeout
