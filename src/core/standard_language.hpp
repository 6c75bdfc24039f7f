// Language tags.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// A well-formed tag of BCP 47 (RFC 5646 section 2.1), such as fi, en-GB, zh-Hant-TW, of any case, without a variant or a
// singleton twice (section 2.2.9) and of at most 255 octets. Whether its subtags are registered is not asked.
[[nodiscard]] BrokenRule check_language(std::string_view text);

}  // namespace pg_takeout
