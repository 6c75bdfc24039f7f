// A line of the audit: one JSON object (RFC 8259), in UTF-8, under 4 kB. Its last two members chain it to the line before:
//
//   {"seq":8,"time":"2026-11-24T09:30:00.5Z","event":"INTENT",...,"prev":"<hash of line 7>","hash":"<this line's hash>"}
//
// hash is SHA-256 over the text of prev followed by the line as it would be without its hash member and newline.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sha256.hpp"

namespace pg_takeout {

inline constexpr std::size_t audit_line_room = 4096;  // bytes; a line with its newline is shorter

// The members a line can have, in the order they are written.
enum class AuditField {
  sequence,
  time,
  event,
  export_id,  // seq of the export's INTENT
  node,
  process,
  database,
  database_oid,
  role,
  role_oid,
  client_address,
  application_name,
  tenant,
  dataset,
  format,
  method,
  part_of,  // seq of the INTENT of the export that this one is a part of
  filter,
  rows,
  bytes,
  sha256,
  sqlstate,
  reason,
  suppressed,
  // Of a file's first line.
  version,
  chain,
  system,
  home,
  file,
  previous,
  hash,
};
inline constexpr std::size_t audit_field_count = static_cast<std::size_t>(AuditField::hash) + 1;

struct AuditFieldRule {
  std::string_view name;
  std::size_t longest;  // bytes of a text as it is written, escapes included; longer ones are cut
};
[[nodiscard]] const AuditFieldRule& audit_field_rule(AuditField field);

// What a line says, without its place in the chain. Members that do not fit into the line are not possible: each has its
// longest text.
class AuditBody {
 public:
  // Nothing where data() is null. Longer ones end in U+2026, bytes that are not UTF-8 become U+FFFD.
  void add_text(AuditField field, std::string_view text);
  void add_number(AuditField field, std::int64_t number);
  // The text of a JSON object. One that is too long, or is none, becomes {"cut":"its beginning"}.
  void add_json(AuditField field, std::string_view json);

  [[nodiscard]] std::string_view text() const { return {text_, size_}; }

 private:
  void add_name(AuditField field);
  void add(std::string_view bytes);

  std::size_t size_ = 0;
  char text_[audit_line_room];
};

// A line's place in the chain.
struct AuditPlace {
  std::uint64_t sequence;
  std::int64_t time;  // microseconds since 2000-01-01 UTC
  Sha256Digest previous;
};

// Writes the line with its newline; returns its length, or 0 where there is no memory for the hash. export_id 0: none.
// `out` has audit_line_room bytes.
[[nodiscard]] std::size_t write_audit_line(char* out, const AuditPlace& place, std::string_view event,
                                           std::uint64_t export_id, const AuditBody& body, Sha256Digest* hash) noexcept;

}  // namespace pg_takeout
