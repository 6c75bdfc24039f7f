#include "audit_line.hpp"

#include <cstring>

#include "audit_json.hpp"
#include "hex_text.hpp"
#include "json_string.hpp"
#include "value_text.hpp"

namespace pg_takeout {

namespace {

// Identifiers have 63 bytes at most (NAMEDATALEN), so only a name full of characters to escape is cut.
constexpr std::size_t name_room = 192;

constexpr std::array<AuditFieldRule, audit_field_count> rules = {{
    {"seq", 0},
    {"time", 0},
    {"event", 16},
    {"export", 0},
    {"node", 128},
    {"pid", 0},
    {"database", name_room},
    {"database_oid", 0},
    {"role", name_room},
    {"role_oid", 0},
    {"client_address", 64},
    {"application_name", name_room},
    {"tenant", 256},
    {"dataset", name_room},
    {"format", 16},
    {"method", 16},
    {"part_of", 0},
    {"filter", 1472},
    {"rows", 0},
    {"bytes", 0},
    {"sha256", 64},
    {"sqlstate", 5},
    {"reason", 512},
    {"suppressed", 0},
    {"version", 0},
    {"chain", 32},
    {"system", 20},
    {"home", 128},
    {"file", 128},
    {"prev", 64},
    {"hash", 64},
}};

// What a member takes beside its name and text: quotes, colon and comma, or these and the digits of a number or time.
constexpr std::size_t text_frame = 6, number_frame = 32;

constexpr std::size_t longest_line(AuditField first, AuditField last) {
  std::size_t size = 0;
  for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i)
    size += rules[i].name.size() + rules[i].longest + (rules[i].longest == 0 ? number_frame : text_frame);
  return size;
}
// No line has both what only the first line of a file has and the rest.
constexpr std::size_t longest_ending = longest_line(AuditField::previous, AuditField::hash) + 3;
static_assert(longest_line(AuditField::sequence, AuditField::suppressed) + longest_ending < audit_line_room);

char* write_bytes(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

char* write_member(char* out, AuditField field) {
  *out++ = '"';
  out = write_bytes(out, audit_field_rule(field).name);
  return write_bytes(out, "\":");
}

char* write_digest(char* out, AuditField field, const Sha256Digest& digest) {
  out = write_member(out, field);
  *out++ = '"';
  out = write_hex(out, digest.data(), digest.size());
  *out++ = '"';
  return out;
}

}  // namespace

const AuditFieldRule& audit_field_rule(AuditField field) { return rules[static_cast<std::size_t>(field)]; }

void AuditBody::add(std::string_view bytes) {
  std::memcpy(text_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void AuditBody::add_name(AuditField field) {
  add(",");
  size_ = static_cast<std::size_t>(write_member(text_ + size_, field) - text_);
}

void AuditBody::add_text(AuditField field, std::string_view text) {
  if (text.data() == nullptr) return;
  add_name(field);
  add("\"");
  size_ += write_cut_json_string(text_ + size_, audit_field_rule(field).longest, text);
  add("\"");
}

void AuditBody::add_number(AuditField field, std::int64_t number) {
  add_name(field);
  size_ = static_cast<std::size_t>(write_integer(text_ + size_, number) - text_);
}

void AuditBody::add_json(AuditField field, std::string_view json) {
  if (json.data() == nullptr) return;
  add_name(field);
  const std::size_t longest = audit_field_rule(field).longest;
  if (json.size() <= longest && is_json_object(json)) {
    add(json);
    return;
  }
  constexpr std::string_view opening = "{\"cut\":\"", closing = "\"}";
  add(opening);
  size_ += write_cut_json_string(text_ + size_, longest - opening.size() - closing.size(), json);
  add(closing);
}

std::size_t write_audit_line(char* out, const AuditPlace& place, std::string_view event, std::uint64_t export_id,
                             const AuditBody& body, Sha256Digest* hash) noexcept {
  char* at = out;
  *at++ = '{';
  at = write_member(at, AuditField::sequence);
  at = write_integer(at, static_cast<std::int64_t>(place.sequence));
  *at++ = ',';
  at = write_member(at, AuditField::time);
  *at++ = '"';
  at = write_timestamp(at, place.time, true);
  at = write_bytes(at, "\",");
  at = write_member(at, AuditField::event);
  *at++ = '"';
  at = write_bytes(at, event);
  *at++ = '"';
  if (export_id != 0) {
    *at++ = ',';
    at = write_member(at, AuditField::export_id);
    at = write_integer(at, static_cast<std::int64_t>(export_id));
  }
  at = write_bytes(at, body.text());
  *at++ = ',';
  at = write_digest(at, AuditField::previous, place.previous);
  const std::string_view previous(at - 1 - 2 * place.previous.size(), 2 * place.previous.size());

  *at = '}';
  if (!sha256_of(previous, {out, static_cast<std::size_t>(at + 1 - out)}, hash)) return 0;
  *at++ = ',';
  at = write_digest(at, AuditField::hash, *hash);
  at = write_bytes(at, "}\n");
  return static_cast<std::size_t>(at - out);
}

}  // namespace pg_takeout
