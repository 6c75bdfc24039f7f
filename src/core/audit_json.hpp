// The JSON of audit lines: strings that are cut to a length, a check, and reading members back. None of it allocates or
// throws, so that a failed transaction can write its lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "audit_line.hpp"

namespace pg_takeout {

// Writes the inside of a JSON string in at most `room` bytes (3 at least) and returns how many. Where the text does not fit,
// it ends, at a character's border, with U+2026. Bytes that are not UTF-8 become U+FFFD.
std::size_t write_cut_json_string(char* out, std::size_t room, std::string_view text) noexcept;

// Whether the text is one JSON object in UTF-8 that can stand in a line: no control characters.
[[nodiscard]] bool is_json_object(std::string_view text) noexcept;

// The members of a line as they stand there: texts without their quotes but with their escapes, numbers by their digits.
struct AuditMembers {
  std::array<std::string_view, audit_field_count> values;  // data() is null where there is none

  [[nodiscard]] std::string_view operator[](AuditField field) const { return values[static_cast<std::size_t>(field)]; }
  // -1 where there is none, or it is none.
  [[nodiscard]] std::int64_t number(AuditField field) const noexcept;
  // Microseconds since 2000-01-01 UTC. False where there is none.
  [[nodiscard]] bool time(std::int64_t* microseconds) const noexcept;
};

// Reads a line without its newline. False where it is not a JSON object, a member has the wrong type or stands there twice, or
// seq, time, event, prev or hash is missing. Members that this version does not know are passed over.
[[nodiscard]] bool read_audit_line(std::string_view line, AuditMembers* members) noexcept;

// Writes what the escapes of a member's text stand for, at most text.size() bytes, and returns how many.
std::size_t unescape_json(char* out, std::string_view text) noexcept;

}  // namespace pg_takeout
