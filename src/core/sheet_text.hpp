// Text as SpreadsheetML has it (ECMA-376 part 1, 18.3.1.53 <is>, 18.18.85 ST_Xstring): XML escapes, and _xHHHH_ for what
// XML 1.0 cannot hold.
#pragma once

#include <cstdint>
#include <string_view>

#include "sink.hpp"

namespace pg_takeout {

// Bytes that one byte of text becomes at most.
inline constexpr std::size_t max_escaped_byte = 7;
// Bytes that escape_text may write beyond its result.
inline constexpr std::size_t escape_slack = 16;

// Writes the text from `in` up to `stop` at `out` and returns the end. It looks at bytes up to `end` (stop <= end), so
// that a long text can be written in slices, and moves `in` to where it stopped: at `stop` or up to two bytes behind it.
// Room needed: max_escaped_byte * (stop - in) + escape_slack.
char* escape_text(char* out, const char*& in, const char* stop, const char* end);
// The same, byte by byte: the specification.
char* escape_text_scalar(char* out, const char*& in, const char* stop, const char* end);

// Copies text that can stand in <t> as it is; false where some byte may need an escape or outer white space is to be
// preserved. `out` has room for the text and escape_slack; what is there is undefined when the answer is false.
[[nodiscard]] bool copy_plain_text(char* out, std::string_view text);
// The same, byte by byte: the specification.
[[nodiscard]] bool copy_plain_text_scalar(char* out, std::string_view text);

// Escapes text of any length.
void append_escaped(Sink& sink, std::string_view text);

// Whether an XML reader may drop the text's outer white space unless xml:space="preserve" says no.
[[nodiscard]] inline bool has_outer_space(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  return !text.empty() && (is_space(text.front()) || is_space(text.back()));
}

// Whether _xHHHH_ will stand in the text's escaped form.
[[nodiscard]] bool has_xstring_escapes(std::string_view text);

// UTF-16 code units of valid UTF-8: what Excel counts.
[[nodiscard]] std::size_t utf16_length(std::string_view text);

}  // namespace pg_takeout
