// How long a label of a domain name is as the DNS carries it.
#pragma once

#include <cstddef>

namespace pg_takeout {

// Octets of the A-label, xn-- and the Punycode of RFC 3492 section 6.3, of a label with characters beyond ASCII.
[[nodiscard]] std::size_t a_label_length(const char32_t* characters, std::size_t count);

}  // namespace pg_takeout
