// Deflate blocks with dynamic Huffman codes (RFC 1951, 3.2.7) from matches that someone else found.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sink.hpp"

namespace pg_takeout {

// Literal bytes, then a repetition of earlier bytes. In one word, which is stored and loaded at once.
class DeflateSequence {
 public:
  static constexpr std::size_t max_literals = 4095;

  DeflateSequence() = default;
  // literals: up to max_literals; length: 3 to 258, or 0 where nothing is repeated; distance: 1 to 32768.
  DeflateSequence(std::size_t literals, std::size_t length, std::size_t distance)
      : word_(literals | std::uint64_t{length} << 16 | std::uint64_t{distance} << 32) {}

  [[nodiscard]] std::size_t literals() const { return word_ & 0xFFFF; }
  [[nodiscard]] std::size_t length() const { return word_ >> 16 & 0xFFFF; }
  [[nodiscard]] std::uint32_t distance() const { return static_cast<std::uint32_t>(word_ >> 32); }

 private:
  std::uint64_t word_ = 0;
};

class DeflateBlockWriter {
 public:
  static constexpr std::size_t least_match = 3;
  static constexpr std::size_t max_match = 258;
  static constexpr std::size_t window = 32768;

  void start(Sink& target);
  // One block, not the last of its stream: the sequences cover `bytes` from its first on.
  void write(const char* bytes, std::span<const DeflateSequence> sequences);
  // Ends on a byte boundary, as a full flush does, and says how many bytes were written since start().
  [[nodiscard]] std::uint64_t finish();

 private:
  static constexpr std::size_t literal_symbols = 286;
  static constexpr std::size_t distance_symbols = 30;

  struct Code {
    std::uint32_t bits;  // code and, above it, extra bits
    std::uint32_t length;
  };

  struct DistanceCode {
    std::uint32_t bits;
    std::uint8_t length;
    std::uint8_t extra_bits;
    std::uint16_t extra_mask;
  };

  struct BitBuffer {
    char* out = nullptr;
    std::uint64_t bits = 0;
    unsigned count = 0;

    void flush();
    void add(std::uint64_t more, unsigned length);
  };

  void count(const char* bytes, std::span<const DeflateSequence> sequences);
  void make_codes();
  void write_codes();
  void write_sequences(const char* bytes, std::span<const DeflateSequence> sequences);
  void put(std::uint32_t bits, unsigned length);
  void make_room(std::size_t size);

  Sink* target_ = nullptr;
  BitBuffer buffer_;
  char* start_ = nullptr;  // of what is not committed yet
  char* limit_ = nullptr;
  std::uint64_t written_ = 0;

  std::array<std::uint32_t, literal_symbols> literal_counts_;
  std::array<std::uint32_t, distance_symbols> distance_counts_;
  std::array<std::uint8_t, literal_symbols> literal_lengths_;
  std::array<std::uint8_t, distance_symbols> distance_lengths_;
  std::array<Code, literal_symbols> literal_codes_;
  std::array<DistanceCode, 512> distance_codes_;
  std::array<Code, max_match + 1> match_codes_;  // by length of the match
};

}  // namespace pg_takeout
