#include "audit_chain.hpp"

#include <cstring>

#include "hex_text.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t digits = 2 * Sha256Digest{}.size();

bool read_digest(std::string_view text, Sha256Digest* digest) { return read_hex(text, digest->data(), digest->size()); }

}  // namespace

void AuditLines::refill() {
  if (position_ > 0) std::memmove(buffer_, buffer_ + position_, size_ - position_);
  size_ -= position_;
  position_ = 0;
  while (size_ < sizeof buffer_) {
    const std::ptrdiff_t got = read_(file_, offset_, buffer_ + size_, sizeof buffer_ - size_);
    if (got < 0) failed_ = true;
    if (got <= 0) return;
    offset_ += static_cast<std::uint64_t>(got);
    size_ += static_cast<std::size_t>(got);
  }
}

bool AuditLines::next(std::string_view* line) {
  if (failed_) return false;
  const auto newline = [this] {
    return static_cast<const char*>(std::memchr(buffer_ + position_, '\n', size_ - position_));
  };
  const char* end = newline();
  if (end == nullptr) {
    refill();
    if (failed_ || position_ == size_) return false;
    end = newline();
  }
  if (whole_) ++number_;
  whole_ = end != nullptr;
  start_ = offset_ - size_ + position_;
  const std::size_t length = whole_ ? static_cast<std::size_t>(end - buffer_) - position_ : size_ - position_;
  *line = {buffer_ + position_, length};
  position_ += length + (whole_ ? 1 : 0);
  return true;
}

bool has_own_hash(std::string_view line, Sha256Digest* hash) noexcept {
  constexpr std::string_view hash_member = ",\"hash\":\"", previous_member = ",\"prev\":\"", closing = "\"}";
  constexpr std::size_t hash_length = hash_member.size() + digits + closing.size();
  constexpr std::size_t previous_length = previous_member.size() + digits + 1;
  if (line.size() < hash_length + previous_length + 1 || line.size() + 1 >= audit_line_room) return false;
  const std::size_t body = line.size() - hash_length;
  if (line.substr(body, hash_member.size()) != hash_member || line.substr(line.size() - closing.size()) != closing)
    return false;
  if (line.substr(body - previous_length, previous_member.size()) != previous_member) return false;
  if (!read_digest(line.substr(body + hash_member.size(), digits), hash)) return false;

  // The line as it was hashed: without its hash member, with its brace.
  char hashed[audit_line_room];
  std::memcpy(hashed, line.data(), body);
  hashed[body] = '}';
  Sha256Digest expected;
  return sha256_of(line.substr(body - 1 - digits, digits), {hashed, body + 1}, &expected) && expected == *hash;
}

const char* AuditChecker::check(std::string_view line, bool whole, bool first_of_file) noexcept {
  const bool lost = astray_;
  const Sha256Digest before = head_;
  const std::uint64_t expected = ++sequence_;
  astray_ = true;
  if (!whole) return "has no end";
  AuditMembers members;
  if (!read_audit_line(line, &members)) return "is not a line of the audit";
  Sha256Digest hash, previous;
  if (!has_own_hash(line, &hash)) return "was changed: its hash is not that of its text";

  astray_ = false;
  head_ = hash;
  sequence_ = static_cast<std::uint64_t>(members.number(AuditField::sequence));
  if ((members[AuditField::event] == "SEGMENT") != first_of_file)
    return first_of_file ? "is not what begins a file" : "begins a file and is within one";
  if (lost) return nullptr;
  if (!read_digest(members[AuditField::previous], &previous) || previous != before)
    return "does not follow the line before it: lines were removed, added or moved";
  return sequence_ == expected ? nullptr : "does not have the number after that of the line before it";
}

AuditTail read_audit_tail(AuditLines* lines) noexcept {
  AuditTail tail{};
  std::uint64_t since_good = 0;
  bool torn = false;
  std::string_view line;
  while (lines->next(&line)) {
    AuditMembers members;
    Sha256Digest hash;
    if (lines->whole() && read_audit_line(line, &members) && has_own_hash(line, &hash)) {
      tail.found = true;
      tail.head = hash;
      tail.sequence = static_cast<std::uint64_t>(members.number(AuditField::sequence));
      tail.keep = lines->end();
      tail.lines = lines->number();
      since_good = 0;
      torn = tail.damaged = false;
    } else {
      torn = torn || !lines->whole() || line.find('\0') != std::string_view::npos;
      if (!torn) {
        tail.damaged = true;
        tail.keep = lines->end();
        tail.lines = lines->number();
        ++since_good;
      }
    }
  }
  tail.sequence += since_good;
  tail.size = lines->end();
  tail.failed = lines->failed();
  return tail;
}

}  // namespace pg_takeout
