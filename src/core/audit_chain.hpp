// The chain that the audit's lines make: reading a file's lines, checking that each follows the one before, and finding the
// place where a file that a crash left can go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "audit_json.hpp"
#include "audit_line.hpp"

namespace pg_takeout {

// The lines of a file, block by block. Allocates nothing.
class AuditLines {
 public:
  // Reads up to `size` bytes from `offset` on; returns how many, 0 at the end, -1 where it fails.
  using Read = std::ptrdiff_t (*)(void* file, std::uint64_t offset, char* buffer, std::size_t size);

  AuditLines(Read read, void* file) : read_(read), file_(file) {}

  // The next line without its newline, valid until the next call; false at the end or after a failure. What has no newline
  // (the end of a torn file, or a part of what is too long for a line) is given with whole() false.
  [[nodiscard]] bool next(std::string_view* line);

  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }  // of the line given last, from 1
  [[nodiscard]] std::uint64_t start() const { return start_; }    // its offset in the file
  [[nodiscard]] std::uint64_t end() const { return offset_ - size_ + position_; }

 private:
  void refill();

  Read read_;
  void* file_;
  std::uint64_t offset_ = 0;  // in the file, behind what the buffer holds
  std::uint64_t number_ = 0;
  std::uint64_t start_ = 0;
  std::size_t position_ = 0;  // in the buffer
  std::size_t size_ = 0;
  bool whole_ = true;
  bool failed_ = false;
  char buffer_[8 * audit_line_room];
};

// Whether a line's hash is that of its text. The hash is set where it stands in the line.
[[nodiscard]] bool has_own_hash(std::string_view line, Sha256Digest* hash) noexcept;

// Goes over lines in the order they were written and says what is wrong with one: null where nothing is. A line that was
// changed is named once: the lines behind it are held against what they say themselves.
class AuditChecker {
 public:
  // A file's first line is to be of event SEGMENT, no other is.
  [[nodiscard]] const char* check(std::string_view line, bool whole, bool first_of_file) noexcept;
  // Whether the last line was wrong, so that the next can follow anything.
  [[nodiscard]] bool astray() const { return astray_; }
  // Of the last line that was right.
  [[nodiscard]] const Sha256Digest& head() const { return head_; }

 private:
  Sha256Digest head_{};
  std::uint64_t sequence_ = 0;
  bool astray_ = true;  // the first line may follow anything
};

// Where a file can go on.
struct AuditTail {
  bool found;              // it has a line that is right
  bool failed;             // it could not be read
  Sha256Digest head;       // of the last such line
  std::uint64_t sequence;  // of the last line
  std::uint64_t keep;      // bytes; what lies behind was torn by a crash: it has no newline, or zero bytes
  std::uint64_t size;      // bytes of the file
  std::uint64_t lines;     // that stay
  bool damaged;            // whole lines at its end are wrong, which no crash does: they stay, for the check to name
};
[[nodiscard]] AuditTail read_audit_tail(AuditLines* lines) noexcept;

}  // namespace pg_takeout
