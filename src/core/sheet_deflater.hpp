// Deflate for the rows of a sheet. A general compressor spends most of its time on finding out that a cell looks like the
// one above; here the writer says where cells are and whether their markup is that of the cell above, so that markup costs
// no comparison, a value is compared with the one above, and only text that differs from it is searched for. The bytes
// depend on nothing but rows and columns.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "deflate_block.hpp"
#include "deflater.hpp"
#include "sink.hpp"

namespace pg_takeout {

// A cell about to be written: its markup, from the end of the value before to the start of its own. The parts of the
// markup are bytes from its start.
struct CellMark {
  const char* start;  // closing tags, row tags, <c r="
  std::uint16_t column;
  std::uint8_t row_digits_end;  // of the row's number in the row tag; 0 where there is none
  std::uint8_t digits;          // the row's number in the cell's reference
  std::uint8_t digits_end;      // what the cells of one type have in common begins
  std::uint8_t value;           // the markup ends
  std::uint8_t type;            // below SheetDeflater::types
  // Where all else is as it was before the column's last cell: digits of the row's number from the first that differs on.
  // 0: the markup is new.
  std::uint8_t changed_digits;
  bool text;  // parts of the value may repeat
};

class SheetDeflater final : public Sink {
 public:
  static constexpr std::size_t types = 16;
  // The largest reserve() that is granted.
  static constexpr std::size_t max_reserve = 64 * 1024;

  explicit SheetDeflater(std::pmr::memory_resource* memory);

  // Begins a part whose compressed bytes go to `target`.
  void start(Sink& target, std::size_t columns);
  // To be called with pointers into what was reserved last, in order, before anything more is reserved.
  void mark(const CellMark& cell) {
    if (mark_count_ + 1 == marks_.size()) marks_.resize(2 * marks_.size());  // one more ends the last cell
    marks_[mark_count_++] = cell;
  }
  // Ends on a byte boundary: another part of the entry follows.
  [[nodiscard]] DeflatedPart finish();

 private:
  // Where something stood: a count of bytes since the start, modulo 2^32.
  using Place = std::uint32_t;

  struct ColumnPlaces {
    Place markup = 0;
    Place value = 0;
    std::uint32_t value_size = 0;
  };

  struct TypePlace {
    Place digits_end = 0;
    std::uint32_t row = 0;
  };

  // What is covered by sequences so far. Handed on by value, to stay in registers.
  struct Cover {
    const char* end;  // the first byte that no sequence covers yet
    DeflateSequence* next;

    // Bytes before `at` that are not covered become literals. length: 3 to 258.
    void match(const char* at, std::size_t length, std::size_t distance);
    // Makes a match that ended here, of this distance, longer; false where there is none.
    bool lengthen(const DeflateSequence* first, std::size_t length, std::size_t distance);
    void literals(const char* stop);
  };

  void make_room(std::size_t size) override;
  void compress();
  Cover cover_cells(Cover cover);
  Cover cover_new_markup(Cover cover, const CellMark& cell, const char* end);
  Cover cover_text(Cover cover, const CellMark& cell, const char* end, bool keeps_tail);
  Cover search_text(Cover cover, const char* at, const char* stop);
  bool match_at(Cover& cover, const char* at, const char* end, Place candidate, std::size_t least);
  [[nodiscard]] Place place_of(const char* byte) const { return base_ + static_cast<Place>(byte - first_); }
  [[nodiscard]] bool reaches(const char* at, std::size_t distance) const;

  std::pmr::vector<char> buffer_;
  std::pmr::vector<CellMark> marks_;
  std::size_t mark_count_ = 0;
  std::pmr::vector<DeflateSequence> sequences_;
  std::pmr::vector<Place> text_places_;  // by hash of four bytes
  std::pmr::vector<ColumnPlaces> column_places_;
  std::array<TypePlace, types> type_places_{};
  Place last_markup_ = 0;
  std::uint32_t row_ = 0;
  char* first_ = nullptr;  // in the buffer: up to 32 kB that are compressed already, then what is new
  char* new_ = nullptr;    // start of what is not compressed yet
  Place base_ = 0;         // of the first byte
  bool in_text_ = false;   // the value at hand is text
  DeflateBlockWriter blocks_;
  DeflatedPart part_;
};

}  // namespace pg_takeout
