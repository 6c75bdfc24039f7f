#include "sheet_deflater.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "error.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t block_size = 256 * 1024;  // XML under one set of codes; it stays in a processor's cache
// Bytes before and after the data that may be read. Those before are zeros, which no XML is.
constexpr std::size_t slack = 64;
constexpr std::size_t first_marks = 8192;
constexpr std::size_t text_hash_bits = 13;
constexpr std::size_t least_match = 4;
constexpr std::size_t lazy_match = 16;       // a match this long is taken at once
constexpr std::size_t near = 2048;           // a match of four bytes from farther away saves nothing
constexpr std::size_t least_search = 6;      // bytes of text that are searched for
constexpr std::size_t longest_prefix = 128;  // of values, so that with their markup they are one match
constexpr std::size_t longest_suffix = 128;

std::uint32_t load_4(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The first byte lowest.
std::uint64_t load_8(const char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

std::size_t text_hash(const char* bytes) { return load_4(bytes) * 0x9E3779B1U >> (32 - text_hash_bits); }

// How many bytes from `a` and from `b` are the same, up to `most`.
inline std::size_t common_prefix(const char* a, const char* b, std::size_t most) {
  for (std::size_t length = 0; length < most; length += 8) {
    const std::uint64_t difference = load_8(a + length) ^ load_8(b + length);
    if (difference != 0) return std::min(most, length + static_cast<std::size_t>(std::countr_zero(difference)) / 8);
  }
  return most;
}

// The same of the bytes before `a` and before `b`.
inline std::size_t common_suffix(const char* a, const char* b, std::size_t most) {
  for (std::size_t length = 0; length < most; length += 8) {
    const std::uint64_t difference = load_8(a - length - 8) ^ load_8(b - length - 8);
    if (difference != 0) return std::min(most, length + static_cast<std::size_t>(std::countl_zero(difference)) / 8);
  }
  return most;
}

}  // namespace

SheetDeflater::SheetDeflater(std::pmr::memory_resource* memory)
    : buffer_(slack + DeflateBlockWriter::window + block_size + max_reserve + slack, memory),
      marks_(first_marks, memory),
      // Each has a match or a full run of literals, but for the last.
      sequences_((block_size + max_reserve) / DeflateBlockWriter::least_match + 16, memory),
      text_places_(std::size_t{1} << text_hash_bits, Place{0}, memory),
      column_places_(memory),
      first_(buffer_.data() + slack) {}

void SheetDeflater::start(Sink& target, std::size_t columns) {
  std::fill(text_places_.begin(), text_places_.end(), Place{0});
  column_places_.assign(columns, {});
  type_places_.fill({});
  last_markup_ = 0;
  row_ = 0;
  base_ = DeflateBlockWriter::window + 1;  // so that no place is 0, which proposes nothing
  in_text_ = false;
  mark_count_ = 0;
  part_ = {};
  blocks_.start(target);
  new_ = first_;
  position_ = new_;
  limit_ = new_ + block_size + max_reserve;
}

DeflatedPart SheetDeflater::finish() {
  compress();
  part_.compressed_size = blocks_.finish();
  position_ = nullptr;
  limit_ = nullptr;
  return part_;
}

// The window is a block and room for one largest reserve(), so a block has gathered whenever it is full.
void SheetDeflater::make_room(std::size_t size) {
  if (size > max_reserve) throw Error(ErrorCode::internal, "sheet deflater asked for more room than it has");
  compress();
  const std::size_t kept = std::min(DeflateBlockWriter::window, static_cast<std::size_t>(position_ - first_));
  base_ = place_of(position_ - kept);
  std::memmove(first_, position_ - kept, kept);
  new_ = first_ + kept;
  position_ = new_;
  limit_ = new_ + block_size + max_reserve;
}

inline bool SheetDeflater::reaches(const char* at, std::size_t distance) const {
  return distance - 1 < std::min(DeflateBlockWriter::window, static_cast<std::size_t>(at - first_));
}

inline void SheetDeflater::Cover::match(const char* at, std::size_t length, std::size_t distance) {
  auto count = static_cast<std::size_t>(at - end);
  for (; count > DeflateSequence::max_literals; count -= DeflateSequence::max_literals)
    *next++ = {DeflateSequence::max_literals, 0, 0};
  *next++ = {count, length, distance};
  end = at + length;
}

inline bool SheetDeflater::Cover::lengthen(const DeflateSequence* first, std::size_t length, std::size_t distance) {
  if (next == first) return false;
  DeflateSequence& last = next[-1];
  const std::size_t longer = last.length() + length;
  if (last.length() == 0 || last.distance() != distance || longer > DeflateBlockWriter::max_match) return false;
  last = {last.literals(), longer, distance};
  end += length;
  return true;
}

inline void SheetDeflater::Cover::literals(const char* stop) {
  while (end < stop) {
    const auto count = std::min(DeflateSequence::max_literals, static_cast<std::size_t>(stop - end));
    *next++ = {count, 0, 0};
    end += count;
  }
}

void SheetDeflater::compress() {
  const auto size = static_cast<std::size_t>(position_ - new_);
  part_.crc = crc32_gzip_refl(part_.crc, reinterpret_cast<const std::uint8_t*>(new_), size);
  part_.raw_size += size;
  marks_[mark_count_].start = position_;
  Cover cover{new_, sequences_.data()};
  if (in_text_) cover = search_text(cover, new_, marks_[0].start);
  cover = cover_cells(cover);
  cover.literals(position_);
  if (mark_count_ > 0) in_text_ = marks_[mark_count_ - 1].text;
  mark_count_ = 0;
  blocks_.write(new_, {sequences_.data(), cover.next});
}

// Each cell's markup and value, but for the end of a value that the next cell's markup may take along.
//
// The cell above has the same markup but for digits of the row's number, and the last cell of this type in this row the
// same from these digits on. The cell above gives the rest too where it has the start of the value as well.
SheetDeflater::Cover SheetDeflater::cover_cells(Cover cover) {
  // Copies, as the compiler must take every sequence written for a change of members.
  ColumnPlaces* const columns = column_places_.data();
  TypePlace* const types = type_places_.data();
  const DeflateSequence* const sequences = sequences_.data();
  const char* const first = first_;
  const Place base = base_;
  std::uint32_t row = row_;
  Place last_place = last_markup_;
  const CellMark* const marks_end = marks_.data() + mark_count_;
  for (const CellMark* cell = marks_.data(); cell < marks_end; ++cell) {
    const char* const start = cell->start;
    const char* const value = start + cell->value;
    const char* const end = cell[1].start;
    ColumnPlaces& column = columns[cell->column];
    TypePlace& type = types[cell->type];
    const Place place = base + static_cast<Place>(start - first);
    const std::size_t distance = static_cast<Place>(place - column.markup);
    const std::size_t changed_digits = cell->changed_digits;
    if (cell->row_digits_end != 0) ++row;
    if (changed_digits != 0 && distance <= DeflateBlockWriter::window) {
      const auto open = static_cast<std::size_t>(start - cover.end);
      const char* from = start - common_suffix(start, start - distance, std::min(open, longest_suffix));
      if (cell->row_digits_end != 0) {
        const char* const digits_end = start + cell->row_digits_end;
        cover.match(from, static_cast<std::size_t>(digits_end - from) - changed_digits, distance);
        from = digits_end;
      }
      const char* const digits_end = start + cell->digits_end;
      const std::size_t opened = static_cast<std::size_t>(digits_end - from) - changed_digits;
      if (from > cover.end || !cover.lengthen(sequences, opened, distance)) cover.match(from, opened, distance);
      const auto value_size = static_cast<std::size_t>(end - value);
      const std::size_t like_above = common_prefix(value - distance, value, std::min(value_size, longest_prefix));
      const auto opening = static_cast<std::size_t>(value - digits_end);
      if (type.row == row && like_above < 1 + 2 * changed_digits && (changed_digits > 1 || like_above < value_size)) {
        cover.match(digits_end - changed_digits, opening + changed_digits,
                    static_cast<Place>(place + cell->digits_end - type.digits_end));
      } else {
        cover.match(digits_end, opening + like_above, distance);
      }
    } else {
      last_markup_ = last_place;
      cover = cover_new_markup(cover, *cell, end);
    }
    if (cell->text) cover = cover_text(cover, *cell, end, cell[1].changed_digits != 0 && cell + 1 < marks_end);
    column = {place, place + cell->value, static_cast<std::uint32_t>(end - value)};
    type = {place + cell->digits_end, row};
    last_place = place;
  }
  row_ = row;
  last_markup_ = last_place;
  return cover;
}

// Takes the match that the candidate proposes, if it has at least that length.
inline bool SheetDeflater::match_at(Cover& cover, const char* at, const char* end, Place candidate, std::size_t least) {
  const std::size_t distance = static_cast<Place>(place_of(at) - candidate);
  if (!reaches(at, distance)) return false;
  const std::size_t most = std::min(DeflateBlockWriter::max_match, static_cast<std::size_t>(end - at));
  const std::size_t length = common_prefix(at - distance, at, most);
  if (length < least) return false;
  cover.match(at, length, distance);
  return true;
}

// Markup that may have parts of the cell above, of the cell before, and of the last cell of its type.
SheetDeflater::Cover SheetDeflater::cover_new_markup(Cover cover, const CellMark& cell, const char* end) {
  const Place type = type_places_[cell.type].digits_end;
  const char* const digits = cell.start + cell.digits;
  const char* const digits_end = cell.start + cell.digits_end;
  const char* const value = cell.start + cell.value;
  if (!match_at(cover, cell.start, end, column_places_[cell.column].markup, least_match)) {
    (void)match_at(cover, cell.start, end, last_markup_, least_match);
  }
  const char* at = std::max(cover.end, cell.start);
  if (at < digits_end) {
    at = std::max(at, digits);
    const auto left = static_cast<Place>(digits_end - at);
    if (!match_at(cover, at, end, type - left, left + least_match)) at = digits_end;
  }
  at = std::max(cover.end, at);
  if (at < value) (void)match_at(cover, at, end, type + static_cast<Place>(at - digits_end), least_match);
  return cover;
}

// Text that is as long as the one above and begins like it is compared with it byte by byte, other text is searched.
SheetDeflater::Cover SheetDeflater::cover_text(Cover cover, const CellMark& cell, const char* end, bool keeps_tail) {
  const char* const value = cell.start + cell.value;
  const ColumnPlaces& above = column_places_[cell.column];
  const std::size_t distance = static_cast<Place>(place_of(value) - above.value);
  const auto size = static_cast<std::size_t>(end - value);
  const char* at = std::max(cover.end, value);
  const bool reached = reaches(value, distance);
  if (reached && size == above.value_size && common_prefix(value - distance, value, least_match) == least_match) {
    while (at < end) {
      const std::size_t most = std::min(DeflateBlockWriter::max_match, static_cast<std::size_t>(end - at));
      const std::size_t length = common_prefix(at - distance, at, most);
      if (length >= least_match) cover.match(at, length, distance);
      at += length + (length < most ? 1 : 0);
    }
    return cover;
  }
  const char* stop = end;
  const std::size_t from_tail = distance + size - above.value_size;
  if (keeps_tail && reaches(at, from_tail)) {
    stop -= common_suffix(end, end - from_tail, std::min(longest_suffix, static_cast<std::size_t>(end - at)));
  }
  return stop - at >= static_cast<std::ptrdiff_t>(least_search) ? search_text(cover, at, stop) : cover;
}

// Looks text up by its next four bytes, and takes a match unless the one a byte later is longer.
SheetDeflater::Cover SheetDeflater::search_text(Cover cover, const char* at, const char* stop) {
  // Copies, as the compiler must take every place written for a change of members.
  Place* const table = text_places_.data();
  const char* const first = first_;
  const Place base = base_;
  const char* const last = stop - least_match;
  struct Match {
    std::size_t length = 0;
    std::size_t distance = 0;
  };
  // The latest place with the same hash, if the match saves anything. `here` becomes the latest.
  const auto find = [=](const char* here) {
    Place& latest = table[text_hash(here)];
    const Place place = base + static_cast<Place>(here - first);
    const Place distance = place - latest;
    latest = place;
    const auto reach = static_cast<Place>(std::min(DeflateBlockWriter::window, static_cast<std::size_t>(here - first)));
    if (distance - 1 >= reach || load_4(here - distance) != load_4(here)) return Match{};
    const std::size_t most = std::min(DeflateBlockWriter::max_match, static_cast<std::size_t>(stop - here));
    const std::size_t length = common_prefix(here - distance, here, most);
    if (length == least_match && distance > near) return Match{};
    return Match{length, distance};
  };
  while (at <= last) {
    Match match = find(at);
    if (match.length == 0) {
      ++at;
      continue;
    }
    const char* inside = at + 1;
    while (match.length < lazy_match && inside <= last) {
      const Match next = find(inside++);
      if (next.length <= match.length) break;
      ++at;
      match = next;
    }
    cover.match(at, match.length, match.distance);
    at = cover.end;
    for (const char* const behind = std::min(at, last + 1); inside < behind; ++inside) {
      table[text_hash(inside)] = base + static_cast<Place>(inside - first);
    }
  }
  return cover;
}

}  // namespace pg_takeout
