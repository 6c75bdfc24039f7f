// The inside of a JSON string (RFC 8259 section 7).
#pragma once

#include <cstddef>
#include <string_view>

namespace pg_takeout {

inline constexpr std::size_t longest_json_escape = 6;  // \u001f: bytes that one byte can become

// Writes `text`, valid UTF-8, with quotes, backslashes and control characters escaped and all else as it is.
// Room needed: longest_json_escape bytes for each byte of it.
char* write_json_escaped(char* out, std::string_view text);

}  // namespace pg_takeout
