// Domain names of mail hosts, internationalised ones too.
#pragma once

#include <string_view>

#include "broken_rule.hpp"

namespace pg_takeout {

// Labels with dots between them, none empty (RFC 5321 section 4.1.2, Domain). A label is of letters, digits and hyphens, a
// hyphen neither first nor last, and has at most 63 octets (RFC 1035 section 2.3.4), or it is a U-label (RFC 6531 section
// 3.3, RFC 5890 section 2.3.2.1): UTF-8 whose A-label, xn--…, fits that. All of it has at most 253 octets as A-labels, which
// are 255 in the DNS. The last label is not a number (RFC 1123 section 2.1, RFC 3696 section 2).
//
// Of the characters that RFC 5892 bars from U-labels it knows whole blocks: controls, spaces, punctuation, symbols, private
// use. Upper case is allowed, as software lowers it first (RFC 5895).
[[nodiscard]] BrokenRule check_domain(std::string_view text);

}  // namespace pg_takeout
