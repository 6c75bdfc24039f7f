// Deflate blocks with dynamic Huffman codes (RFC 1951, 3.2.7) from matches that someone else found.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "sink.hpp"

namespace pg_takeout {

// Literal bytes, then a repetition of earlier bytes.
struct DeflateSequence {
  std::uint16_t literals;
  std::uint16_t length;    // 3 to 258, or 0: no repetition
  std::uint16_t distance;  // 1 to 32768
};

class DeflateBlockWriter {
 public:
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

  struct BitBuffer {
    char* out = nullptr;
    std::uint64_t bits = 0;
    unsigned count = 0;

    void flush();
    void add(Code code);
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
  std::array<Code, distance_symbols> distance_codes_;
  std::array<Code, max_match + 1> match_codes_;  // by length of the match
};

}  // namespace pg_takeout
