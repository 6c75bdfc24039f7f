#include "deflate_block.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "deflate_huffman.hpp"

namespace pg_takeout {

namespace {

constexpr unsigned max_code_length = 15;
constexpr unsigned end_of_block = 256;
constexpr std::size_t room_step = 32 * 1024;   // bytes of output asked of the target at a time
constexpr std::size_t literals_at_once = 1024;  // literals, or one match, that `margin` bytes hold for sure
constexpr std::size_t margin = 2 * literals_at_once + 64;

struct LengthSymbol {
  std::uint16_t symbol;
  std::uint8_t extra_bits;
  std::uint8_t extra;
};

// RFC 1951, 3.2.5: symbol and extra bits of each match length.
constexpr auto length_symbols = [] {
  std::array<LengthSymbol, DeflateBlockWriter::max_match + 1> table{};
  unsigned length = 3;
  for (unsigned symbol = 257; symbol <= 284; ++symbol) {
    const unsigned extra_bits = symbol < 265 ? 0 : (symbol - 261) / 4;
    for (unsigned extra = 0; extra < 1U << extra_bits && length <= 258; ++extra, ++length) {
      table[length] = {static_cast<std::uint16_t>(symbol), static_cast<std::uint8_t>(extra_bits),
                       static_cast<std::uint8_t>(extra)};
    }
  }
  table[258] = {285, 0, 0};
  return table;
}();

// Distances 1 to 4 are symbols 0 to 3; above, two symbols for each power of two.
struct DistanceSymbol {
  unsigned symbol;
  unsigned extra_bits;
  unsigned extra;
};

DistanceSymbol distance_symbol(unsigned distance) {
  const unsigned rest = distance - 1;
  if (rest < 4) return {rest, 0, 0};
  const unsigned extra_bits = static_cast<unsigned>(std::bit_width(rest)) - 2;
  const unsigned high = rest >> extra_bits;  // 2 or 3
  return {2 * extra_bits + high, extra_bits, rest & ((1U << extra_bits) - 1)};
}

// Code lengths written by runs (RFC 1951, 3.2.7).
struct LengthRun {
  std::uint8_t symbol;
  std::uint8_t extra;
};

constexpr std::uint8_t extra_bits_of(std::uint8_t symbol) {
  return symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
}

std::size_t run_lengths(std::span<const std::uint8_t> lengths, std::span<LengthRun> runs) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < lengths.size();) {
    std::size_t same = 1;
    while (i + same < lengths.size() && lengths[i + same] == lengths[i]) ++same;
    std::size_t left = same;
    if (lengths[i] == 0) {
      for (; left >= 11; left -= std::min<std::size_t>(left, 138)) {
        runs[count++] = {18, static_cast<std::uint8_t>(std::min<std::size_t>(left, 138) - 11)};
      }
      if (left >= 3) {
        runs[count++] = {17, static_cast<std::uint8_t>(left - 3)};
        left = 0;
      }
    } else {
      runs[count++] = {lengths[i], 0};
      --left;
      for (; left >= 3; left -= std::min<std::size_t>(left, 6)) {
        runs[count++] = {16, static_cast<std::uint8_t>(std::min<std::size_t>(left, 6) - 3)};
      }
    }
    for (; left > 0; --left) runs[count++] = {lengths[i], 0};
    i += same;
  }
  return count;
}

}  // namespace

void DeflateBlockWriter::start(Sink& target) {
  target_ = &target;
  buffer_ = {};
  start_ = limit_ = nullptr;
  written_ = 0;
}

void DeflateBlockWriter::write(const char* bytes, std::span<const DeflateSequence> sequences) {
  if (sequences.empty()) return;
  count(bytes, sequences);
  make_codes();
  write_codes();
  write_sequences(bytes, sequences);
}

std::uint64_t DeflateBlockWriter::finish() {
  make_room(margin);
  put(0, 3);  // a stored block, not the last, and empty
  put(0, (8 - buffer_.count % 8) % 8);
  put(0xFFFF0000, 32);
  buffer_.flush();
  written_ += static_cast<std::uint64_t>(buffer_.out - start_);
  target_->commit(buffer_.out);
  return written_;
}

void DeflateBlockWriter::make_room(std::size_t size) {
  if (buffer_.out != nullptr) {
    if (static_cast<std::size_t>(limit_ - buffer_.out) >= size) return;
    written_ += static_cast<std::uint64_t>(buffer_.out - start_);
    target_->commit(buffer_.out);
  }
  start_ = buffer_.out = target_->reserve(room_step);
  limit_ = start_ + room_step;
}

// Up to 7 bits stay behind.
inline void DeflateBlockWriter::BitBuffer::flush() {
  std::uint64_t bytes = bits;
  if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
  std::memcpy(out, &bytes, sizeof bytes);
  out += count / 8;
  bits >>= count & ~7U;  // count is 63 at most
  count &= 7;
}

inline void DeflateBlockWriter::BitBuffer::add(Code code) {
  bits |= static_cast<std::uint64_t>(code.bits) << count;
  count += code.length;
}

// At most 32 bits, and no ones above them.
void DeflateBlockWriter::put(std::uint32_t bits, unsigned length) {
  buffer_.flush();
  buffer_.add({bits, length});
}

void DeflateBlockWriter::count(const char* bytes, std::span<const DeflateSequence> sequences) {
  literal_counts_.fill(0);
  distance_counts_.fill(0);
  // Two tables, so that equal bytes side by side do not wait for each other.
  std::array<std::uint32_t, 256> other{};
  const auto* in = reinterpret_cast<const unsigned char*>(bytes);
  for (const DeflateSequence& sequence : sequences) {
    const unsigned char* const end = in + sequence.literals;
    for (; end - in >= 2; in += 2) {
      ++literal_counts_[in[0]];
      ++other[in[1]];
    }
    if (in < end) ++literal_counts_[*in++];
    if (sequence.length == 0) continue;
    ++literal_counts_[length_symbols[sequence.length].symbol];
    ++distance_counts_[distance_symbol(sequence.distance).symbol];
    in += sequence.length;
  }
  for (std::size_t i = 0; i < other.size(); ++i) literal_counts_[i] += other[i];
  literal_counts_[end_of_block] = 1;
}

void DeflateBlockWriter::make_codes() {
  std::array<std::uint16_t, literal_symbols> literals{};
  std::array<std::uint16_t, distance_symbols> distances{};
  huffman_lengths(literal_counts_, max_code_length, literal_lengths_);
  huffman_lengths(distance_counts_, max_code_length, distance_lengths_);
  huffman_codes(literal_lengths_, literals);
  huffman_codes(distance_lengths_, distances);
  for (std::size_t i = 0; i < literal_symbols; ++i) literal_codes_[i] = {literals[i], literal_lengths_[i]};
  for (std::size_t i = 0; i < distance_symbols; ++i) distance_codes_[i] = {distances[i], distance_lengths_[i]};
  for (std::size_t length = 3; length <= max_match; ++length) {
    const LengthSymbol& symbol = length_symbols[length];
    const Code& code = literal_codes_[symbol.symbol];
    match_codes_[length] = {code.bits | static_cast<std::uint32_t>(symbol.extra) << code.length,
                            code.length + symbol.extra_bits};
  }
}

void DeflateBlockWriter::write_codes() {
  std::size_t literals = literal_symbols;
  while (literals > 257 && literal_lengths_[literals - 1] == 0) --literals;
  std::size_t distances = distance_symbols;
  while (distances > 1 && distance_lengths_[distances - 1] == 0) --distances;
  std::array<std::uint8_t, literal_symbols + distance_symbols> lengths;
  std::copy_n(literal_lengths_.begin(), literals, lengths.begin());
  std::copy_n(distance_lengths_.begin(), distances, lengths.begin() + static_cast<std::ptrdiff_t>(literals));
  std::array<LengthRun, literal_symbols + distance_symbols> runs;
  const std::size_t run_count = run_lengths(std::span(lengths).first(literals + distances), runs);

  constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  std::array<std::uint32_t, order.size()> counts{};
  for (std::size_t i = 0; i < run_count; ++i) ++counts[runs[i].symbol];
  if (std::count(counts.begin(), counts.end(), 0U) >= 18) ++counts[counts[0] == 0 ? 0 : 1];  // a code needs two symbols
  std::array<std::uint8_t, order.size()> code_lengths{};
  std::array<std::uint16_t, order.size()> codes{};
  huffman_lengths(counts, 7, code_lengths);
  huffman_codes(code_lengths, codes);
  std::size_t sent = order.size();
  while (sent > 4 && code_lengths[order[sent - 1]] == 0) --sent;

  make_room(margin);
  put(0b100, 3);  // not the last block; dynamic codes
  put(static_cast<std::uint32_t>(literals - 257), 5);
  put(static_cast<std::uint32_t>(distances - 1), 5);
  put(static_cast<std::uint32_t>(sent - 4), 4);
  for (std::size_t i = 0; i < sent; ++i) put(code_lengths[order[i]], 3);
  for (std::size_t i = 0; i < run_count; ++i) {
    put(codes[runs[i].symbol], code_lengths[runs[i].symbol]);
    put(runs[i].extra, extra_bits_of(runs[i].symbol));
  }
}

void DeflateBlockWriter::write_sequences(const char* bytes, std::span<const DeflateSequence> sequences) {
  const auto* in = reinterpret_cast<const unsigned char*>(bytes);
  BitBuffer buffer = buffer_;  // a copy that bytes written cannot alias
  const auto keep_room = [&] {
    if (static_cast<std::size_t>(limit_ - buffer.out) >= margin) return;
    buffer_ = buffer;
    make_room(margin);
    buffer = buffer_;
  };
  for (const DeflateSequence& sequence : sequences) {
    for (std::size_t left = sequence.literals; left > 0;) {
      keep_room();
      const std::size_t now = std::min(left, literals_at_once);
      const unsigned char* const end = in + now;
      for (; end - in >= 3; in += 3) {  // 7 + 3 * 15 bits
        buffer.flush();
        buffer.add(literal_codes_[in[0]]);
        buffer.add(literal_codes_[in[1]]);
        buffer.add(literal_codes_[in[2]]);
      }
      buffer.flush();
      for (; in < end; ++in) buffer.add(literal_codes_[*in]);
      left -= now;
    }
    if (sequence.length == 0) continue;
    keep_room();
    buffer.flush();
    const DistanceSymbol distance = distance_symbol(sequence.distance);
    buffer.add(match_codes_[sequence.length]);  // 7 + 20 bits
    buffer.add(distance_codes_[distance.symbol]);
    buffer.add({distance.extra, distance.extra_bits});  // 27 + 15 + 13 bits
    in += sequence.length;
  }
  keep_room();
  buffer.flush();
  buffer.add(literal_codes_[end_of_block]);
  buffer_ = buffer;
}

}  // namespace pg_takeout
