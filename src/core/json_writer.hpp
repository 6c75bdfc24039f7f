// JSON as RFC 8259 has it: an array of objects, or one object a line (json lines).
//
// Numbers keep every digit. null stands for NULL, NaN, infinities and dates BC, which neither JSON nor RFC 3339 can say;
// a year above 9999 is given as PostgreSQL reads it. Bytes are "\\x…", networks "203.0.113.0/24", timestamptz has Z.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sink.hpp"
#include "value_text.hpp"
#include "writer.hpp"

namespace pg_takeout {

struct JsonOptions {
  bool lines = false;   // one object a line, no array around them
  bool pretty = false;  // indented by two spaces; not with lines
};

class JsonWriter final : public Writer {
 public:
  JsonWriter(JsonOptions options, Sink& sink, std::pmr::memory_resource* memory);

  // Error invalid_option for pretty lines.
  void begin(std::span<const Column> columns) override;
  // A cell of kind json must hold valid JSON: it is copied.
  void row(std::span<const Cell> cells) override;
  void end() override;

 private:
  // What comes before a member's value, from the opening brace or the comma to the colon.
  struct Key {
    std::uint32_t offset;  // in key_bytes_; rounded up to whole blocks there
    std::uint32_t length;
  };

  void add_key(std::string_view name);
  char* write_key(char* out, const Key& key) const;
  char* write_cell(char* out, const Cell& cell);
  char* write_json(char* out, std::string_view json) const;
  void write_long_row(std::span<const Cell> cells);
  void write_long_cell(const Cell& cell);

  JsonOptions options_;
  Sink& sink_;
  std::pmr::vector<Key> keys_;
  std::pmr::vector<char> key_bytes_;
  std::string_view before_row_;
  std::string_view before_next_row_;
  std::string_view after_row_;
  std::size_t room_without_cells_ = 0;
  bool has_rows_ = false;
  DayText last_day_;
};

}  // namespace pg_takeout
