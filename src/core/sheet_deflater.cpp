#include "sheet_deflater.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "error.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t window = DeflateBlockWriter::window;
constexpr std::size_t block_size = 256 * 1024;  // XML under one set of codes; it stays in a processor's cache
constexpr std::size_t text_hash_bits = 13;
constexpr std::size_t least_match = 4;
constexpr std::size_t lazy_match = 16;  // a match this long is taken at once
constexpr std::size_t near = 2048;  // a match of four bytes from farther away saves nothing

std::uint32_t load_4(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t load_8(const char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::size_t text_hash(const char* bytes) { return load_4(bytes) * 0x9E3779B1U >> (32 - text_hash_bits); }

// How many bytes from `a` and from `b`, which is before `end`, are the same.
inline std::size_t common_length(const char* a, const char* b, const char* end) {
  const std::size_t most = std::min(DeflateBlockWriter::max_match, static_cast<std::size_t>(end - b));
  std::size_t length = 0;
  for (; length + 8 <= most; length += 8) {
    const std::uint64_t difference = load_8(a + length) ^ load_8(b + length);
    if (difference == 0) continue;
    const int equal_bits =
        std::endian::native == std::endian::little ? std::countr_zero(difference) : std::countl_zero(difference);
    return length + static_cast<std::size_t>(equal_bits) / 8;
  }
  while (length < most && a[length] == b[length]) ++length;
  return length;
}

}  // namespace

SheetDeflater::SheetDeflater(std::pmr::memory_resource* memory)
    : buffer_(window + block_size + max_reserve, memory),
      marks_(memory),
      // Each has a match of at least four bytes or a full run of literals, but for the last.
      sequences_((block_size + max_reserve) / least_match + 16, memory),
      text_places_(std::size_t{1} << text_hash_bits, Place{0}, memory),
      column_places_(memory) {}

void SheetDeflater::start(Sink& target, std::size_t columns) {
  std::fill(text_places_.begin(), text_places_.end(), Place{0});
  column_places_.assign(columns, {});
  type_places_.fill(0);
  last_markup_ = 0;
  base_ = window + 1;  // so that no place is 0, which proposes nothing
  searching_ = false;
  marks_.clear();
  part_ = {};
  blocks_.start(target);
  new_ = buffer_.data();
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
  char* const first = buffer_.data();
  const std::size_t kept = std::min(window, static_cast<std::size_t>(position_ - first));
  base_ = place_of(position_ - kept);
  std::memmove(first, position_ - kept, kept);
  new_ = first + kept;
  position_ = new_;
  limit_ = new_ + block_size + max_reserve;
}

// Ends the run of literals before the byte at hand with a match, or without one.
inline void SheetDeflater::end_sequence(std::size_t length, std::size_t distance) {
  auto literals = static_cast<std::size_t>(at_ - literals_);
  for (; literals > UINT16_MAX; literals -= UINT16_MAX) *next_sequence_++ = {UINT16_MAX, 0, 0};
  if (literals > 0 || length > 0) {
    *next_sequence_++ = {static_cast<std::uint16_t>(literals), static_cast<std::uint16_t>(length),
                         static_cast<std::uint16_t>(distance)};
  }
  at_ += length;
  literals_ = at_;
}

// Takes the match that the candidate proposes for the byte at hand, if it has at least that length.
inline bool SheetDeflater::match_at(Place candidate, std::size_t least) {
  const std::size_t distance = static_cast<Place>(place_of(at_) - candidate);
  if (distance - 1 >= std::min(window, static_cast<std::size_t>(at_ - buffer_.data()))) return false;
  const std::size_t length = common_length(at_ - distance, at_, position_);
  if (length < least) return false;
  end_sequence(length, distance);
  return true;
}

void SheetDeflater::compress() {
  const auto size = static_cast<std::size_t>(position_ - new_);
  part_.crc = crc32_gzip_refl(part_.crc, reinterpret_cast<const std::uint8_t*>(new_), size);
  part_.raw_size += size;
  next_sequence_ = sequences_.data();
  at_ = new_;
  literals_ = new_;
  for (const CellMark& cell : marks_) {
    if (at_ < cell.start && searching_) match_text(cell.start);
    at_ = std::max(at_, cell.start);
    match_markup(cell);
    searching_ = cell.search;
  }
  if (searching_) match_text(position_);
  at_ = std::max<const char*>(at_, position_);
  end_sequence(0, 0);
  marks_.clear();
  blocks_.write(new_, {sequences_.data(), next_sequence_});
}

// Two matches cover most markup: what the cell above has in common up to the digit of the row's number that changed, then
// what the last cell of the same type has from that digit on. Where the match before reaches into the reference already,
// the column's letters as literals and one match of all digits are shorter.
void SheetDeflater::match_markup(const CellMark& cell) {
  ColumnPlaces& column = column_places_[cell.column];
  Place& type = type_places_[cell.type];
  const char* const digits = cell.start + cell.digits;
  const char* const digits_end = cell.start + cell.digits_end;
  const char* const value = cell.start + cell.value;
  if (at_ < cell.start + cell.letters) {
    const auto done = static_cast<Place>(at_ - cell.start);
    if (!match_at(column.markup + done, least_match)) (void)match_at(last_markup_ + done, least_match);
  }
  if (at_ < digits_end) {
    at_ = std::max(at_, digits);
    const auto left = static_cast<Place>(digits_end - at_);
    if (!match_at(type - left, left + least_match)) at_ = digits_end;
  }
  if (at_ < value && !match_at(type + static_cast<Place>(at_ - digits_end), least_match)) at_ = value;
  if (at_ == value && cell.search) (void)match_at(column.value, least_match);
  column.markup = place_of(cell.start);
  column.value = place_of(value);
  type = place_of(digits_end);
  last_markup_ = column.markup;
}

// Looks text up by its next four bytes, and takes a match unless the one a byte later is longer.
void SheetDeflater::match_text(const char* stop) {
  // Copies, as the compiler must take every place written for a change of members.
  Place* const table = text_places_.data();
  const char* const first = buffer_.data();
  const char* const end = position_;
  const Place base = base_;
  const char* const last = stop - least_match;
  // The latest place with the same hash, if the match saves anything. `here` becomes the latest.
  const auto find = [=](const char* here) {
    Place& latest = table[text_hash(here)];
    const Place place = base + static_cast<Place>(here - first);
    const Place distance = place - latest;
    latest = place;
    const auto reach = static_cast<Place>(std::min(window, static_cast<std::size_t>(here - first)));
    if (distance - 1 >= reach || load_4(here - distance) != load_4(here)) return Match{};
    const std::size_t length = common_length(here - distance, here, end);
    if (length == least_match && distance > near) return Match{};
    return Match{length, distance};
  };
  const char* at = at_;
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
    at_ = at;
    end_sequence(match.length, match.distance);
    at = at_;
    for (const char* const behind = std::min(at, last + 1); inside < behind; ++inside) {
      table[text_hash(inside)] = base + static_cast<Place>(inside - first);
    }
  }
  at_ = at;
}

}  // namespace pg_takeout
