// Texts between the server's encoding and the audit's UTF-8.
#pragma once

#include "postgres.hpp"

#include <string_view>

namespace pg_takeout {

// A text of the server's in UTF-8; null for null. Bytes that are no text in its encoding are question marks, or stay: then the
// line has U+FFFD for them.
std::string_view audit_text(const char* text);

// A member's text in the server's encoding, its escapes read where it has some. A character that this encoding does not have
// is a question mark: one name does not make the audit unreadable.
const char* audit_member_text(std::string_view text, bool escaped);

}  // namespace pg_takeout
