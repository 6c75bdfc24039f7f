// URLs.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// A URI of RFC 3986 with a host: scheme://host, then port, path, query and fragment as there are. Any scheme; the host is
// not empty (for http and https RFC 9110 section 4.2 asks for that). ASCII only: other characters, spaces and such are
// percent-encoded, names of hosts in the letters of RFC 5890's A-labels. No relative references, no mailto: and the like.
[[nodiscard]] BrokenRule check_url(std::string_view text);

}  // namespace pg_takeout
