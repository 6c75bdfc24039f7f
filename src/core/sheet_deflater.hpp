// Deflate for the rows of a sheet. A general compressor spends most of its time on finding out that a cell's markup looks
// like that of the cell above and of the cell before; here the writer says where cells are, so that these two matches cost
// a comparison each, and only text is searched. The bytes depend on nothing but rows and columns.
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
  const char* start;        // closing tags, row tags, <c r="
  std::uint8_t letters;     // the column's
  std::uint8_t digits;      // the row's
  std::uint8_t digits_end;  // what the cells of one type have in common begins
  std::uint8_t value;       // the markup ends
  std::uint16_t column;
  std::uint8_t type;  // below SheetDeflater::types
  bool search;        // the value is text of which parts may repeat
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
  void mark(const CellMark& cell) { marks_.push_back(cell); }
  // Ends on a byte boundary: another part of the entry follows.
  [[nodiscard]] DeflatedPart finish();

 private:
  // Where something stood: a count of bytes since the start, modulo 2^32. It only proposes a match; bytes are compared.
  using Place = std::uint32_t;

  struct ColumnPlaces {
    Place markup = 0;
    Place value = 0;
  };

  struct Match {
    std::size_t length = 0;
    std::size_t distance = 0;
  };

  void make_room(std::size_t size) override;
  void compress();
  void match_markup(const CellMark& cell);
  void match_text(const char* stop);
  bool match_at(Place candidate, std::size_t least);
  void end_sequence(std::size_t length, std::size_t distance);
  [[nodiscard]] Place place_of(const char* byte) const { return base_ + static_cast<Place>(byte - buffer_.data()); }

  std::pmr::vector<char> buffer_;  // up to 32 kB that are compressed already, then what is new
  std::pmr::vector<CellMark> marks_;
  std::pmr::vector<DeflateSequence> sequences_;
  DeflateSequence* next_sequence_ = nullptr;
  std::pmr::vector<Place> text_places_;  // by hash of four bytes
  std::pmr::vector<ColumnPlaces> column_places_;
  std::array<Place, types> type_places_{};
  Place last_markup_ = 0;
  Place base_ = 0;            // of the buffer's first byte
  char* new_ = nullptr;       // start of what is not compressed yet
  bool searching_ = false;    // the value at hand is text
  const char* at_ = nullptr;  // while compressing: the next byte to be covered
  const char* literals_ = nullptr;  // the first byte that no sequence covers yet
  DeflateBlockWriter blocks_;
  DeflatedPart part_;
};

}  // namespace pg_takeout
