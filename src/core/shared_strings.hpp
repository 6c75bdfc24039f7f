// The workbook's shared strings (ECMA-376 part 1, 18.4.9 <sst>): a bounded dictionary of strings that repeat. A string
// gets in when it is seen the second time, so that indexes stay short; a column whose strings do not repeat gives up
// early and writes them in their cells.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sink.hpp"

namespace pg_takeout {

class SharedStrings {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t max_length = 64;              // bytes of one string
  static constexpr std::uint32_t max_per_column = 4096;      // strings a column may bring in
  static constexpr std::uint32_t max_strings = 32768;        // that repeat
  static constexpr std::uint32_t max_held = 65536;           // with those held by hold()
  static constexpr std::size_t max_bytes = 4 * 1024 * 1024;  // of all strings: a bound on memory

  // What one column has asked for so far.
  struct ColumnUse {
    std::uint32_t added = 0;
    std::uint32_t asked = 0;   // in this window
    std::uint32_t missed = 0;  // in this window: strings not seen before
    bool judged = false;
    bool given_up = false;
  };

  explicit SharedStrings(std::pmr::memory_resource* memory);

  // The string's index, counted as one more reference to it; or none: the cell has to carry the string itself.
  // The empty string always has an index: ExcelJS takes it in a cell for no cell.
  [[nodiscard]] std::uint32_t reference(ColumnUse& column, std::string_view text) {
    return column.given_up && !text.empty() ? none : look_up(column, text);
  }

  // The same for a string that does not have to repeat or be short; none past max_held or max_bytes.
  [[nodiscard]] std::uint32_t hold(std::string_view text);

  [[nodiscard]] std::uint64_t references() const { return references_; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(strings_.size()); }

  // The whole part, sharedStrings.xml.
  void write_part(Sink& sink) const;

 private:
  struct String {
    std::uint32_t offset;
    std::uint32_t length;
  };
  struct Slot {
    std::uint32_t hash;
    std::uint32_t index_and_1;  // 0 when free
  };

  [[nodiscard]] std::uint32_t look_up(ColumnUse& column, std::string_view text);
  [[nodiscard]] std::string_view text_of(std::uint32_t index) const;
  [[nodiscard]] Slot* find(std::uint32_t hash, std::string_view text);
  [[nodiscard]] std::uint32_t reference_empty();
  [[nodiscard]] std::uint32_t add(std::uint32_t hash, Slot* slot, std::string_view text);
  void grow();

  std::pmr::vector<char> bytes_;
  std::pmr::vector<String> strings_;
  std::pmr::vector<Slot> slots_;          // a power of two
  std::pmr::vector<std::uint32_t> seen_;  // hashes of strings seen lately, each at a place of its own
  std::uint32_t empty_ = none;            // the empty string's index; it has no slot
  std::uint64_t references_ = 0;
};

}  // namespace pg_takeout
