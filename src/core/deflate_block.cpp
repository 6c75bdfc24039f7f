#include "deflate_block.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "deflate_huffman.hpp"

namespace pg_takeout {

namespace {

// Deflate allows 15. With these, four literals, or a literal and a match, fill no more than 63 bits.
constexpr unsigned max_code_length = 13;
constexpr unsigned max_distance_code_length = 12;
constexpr unsigned end_of_block = 256;
constexpr std::size_t large_block = 4096;     // sequences
constexpr std::size_t counted_together = 64;  // sequences
constexpr std::uint32_t sampled_weight = 8;   // of what was counted, beside symbols that were not seen
constexpr std::size_t room_step = 32 * 1024;  // bytes of output asked of the target at a time
// Bytes that hold the longest sequence, or all code lengths, or what ends a stream.
constexpr std::size_t margin = 2 * DeflateSequence::max_literals + 64;

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

// Distances up to 256 have an index each, then each 128 of them, which all have one symbol, do.
inline std::size_t distance_index(std::uint32_t distance) {
  const std::uint32_t rest = distance - 1;
  return rest < 256 ? rest : 256 + (rest >> 7);
}

struct DistanceSymbol {
  std::uint8_t symbol;
  std::uint8_t extra_bits;
};

// RFC 1951, 3.2.5: distances 1 to 4 are symbols 0 to 3; above, two symbols for each power of two.
constexpr auto distance_symbols_of = [] {
  std::array<DistanceSymbol, 512> table{};
  for (unsigned index = 0; index < table.size(); ++index) {
    const unsigned rest = index < 256 ? index : (index - 256) << 7;
    const unsigned extra_bits = static_cast<unsigned>(std::bit_width(rest | 2)) - 2;
    table[index] = {static_cast<std::uint8_t>(2 * extra_bits + (rest >> extra_bits)),
                    static_cast<std::uint8_t>(extra_bits)};
  }
  return table;
}();

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

inline void DeflateBlockWriter::BitBuffer::add(std::uint64_t more, unsigned length) {
  bits |= more << count;
  count += length;
}

// At most 32 bits, and no ones above them.
void DeflateBlockWriter::put(std::uint32_t bits, unsigned length) {
  buffer_.flush();
  buffer_.add(bits, length);
}

// In a large block one group of sequences in four is counted, and each symbol once on top, since any may occur elsewhere.
void DeflateBlockWriter::count(const char* bytes, std::span<const DeflateSequence> sequences) {
  const bool is_large = sequences.size() >= large_block;
  literal_counts_.fill(is_large ? 1 : 0);
  distance_counts_.fill(is_large ? 1 : 0);
  const std::uint32_t weight = is_large ? sampled_weight : 1;
  const auto* in = reinterpret_cast<const unsigned char*>(bytes);
  for (std::size_t group = 0; group * counted_together < sequences.size(); ++group) {
    const std::size_t first = group * counted_together;
    const auto part = sequences.subspan(first, std::min(counted_together, sequences.size() - first));
    if (is_large && group % 4 != 0) {
      for (const DeflateSequence sequence : part) in += sequence.literals() + sequence.length();
      continue;
    }
    for (const DeflateSequence sequence : part) {
      for (const unsigned char* const end = in + sequence.literals(); in < end; ++in) literal_counts_[*in] += weight;
      const std::size_t length = sequence.length();
      if (length == 0) continue;
      literal_counts_[length_symbols[length].symbol] += weight;
      distance_counts_[distance_symbols_of[distance_index(sequence.distance())].symbol] += weight;
      in += length;
    }
  }
  literal_counts_[end_of_block] = 1;
}

void DeflateBlockWriter::make_codes() {
  std::array<std::uint16_t, literal_symbols> literals{};
  std::array<std::uint16_t, distance_symbols> distances{};
  huffman_lengths(literal_counts_, max_code_length, literal_lengths_);
  huffman_lengths(distance_counts_, max_distance_code_length, distance_lengths_);
  huffman_codes(literal_lengths_, literals);
  huffman_codes(distance_lengths_, distances);
  for (std::size_t i = 0; i < literal_symbols; ++i) literal_codes_[i] = {literals[i], literal_lengths_[i]};
  for (std::size_t i = 0; i < distance_codes_.size(); ++i) {
    const auto [symbol, extra_bits] = distance_symbols_of[i];
    distance_codes_[i] = {distances[symbol], distance_lengths_[symbol], extra_bits,
                          static_cast<std::uint16_t>((1U << extra_bits) - 1)};
  }
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
  for (const DeflateSequence *next = sequences.data(), *const end = next + sequences.size(); next < end;) {
    make_room(room_step);
    BitBuffer buffer = buffer_;  // a copy that bytes written cannot alias
    const auto add = [&buffer](const Code& code) { buffer.add(code.bits, code.length); };
    char* const full = limit_ - margin;
    for (; next < end && buffer.out < full; ++next) {
      const DeflateSequence sequence = *next;
      std::size_t literals = sequence.literals();
      buffer.flush();
      for (; literals >= 4; literals -= 4, in += 4) {  // 7 + 4 * 13 bits
        add(literal_codes_[in[0]]);
        add(literal_codes_[in[1]]);
        add(literal_codes_[in[2]]);
        add(literal_codes_[in[3]]);
        buffer.flush();
      }
      if (literals >= 2) {
        add(literal_codes_[in[0]]);
        add(literal_codes_[in[1]]);
        buffer.flush();
        in += 2;
      }
      if (literals % 2 != 0) add(literal_codes_[*in++]);
      const std::size_t length = sequence.length();
      if (length == 0) continue;
      const std::uint32_t distance = sequence.distance();
      const DistanceCode distance_code = distance_codes_[distance_index(distance)];
      buffer.add(match_codes_[length].bits, match_codes_[length].length);  // 7 + 13 + 18 bits
      buffer.add(distance_code.bits, distance_code.length);
      buffer.add((distance - 1) & distance_code.extra_mask, distance_code.extra_bits);  // 38 + 12 + 13 bits
      in += length;
    }
    buffer_ = buffer;
  }
  make_room(margin);
  buffer_.flush();
  put(literal_codes_[end_of_block].bits, literal_codes_[end_of_block].length);
}

}  // namespace pg_takeout
