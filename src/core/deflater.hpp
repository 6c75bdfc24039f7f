// Raw deflate (RFC 1951) by ISA-L. A Deflater is a sink: what is written to it goes, compressed, to another sink.
// It hands ISA-L blocks of exactly 1 MiB however the bytes came in, so that the same bytes in give the same bytes out.
#pragma once

#include <cstdint>
#include <memory_resource>

#include "sink.hpp"

struct isal_zstream;

namespace pg_takeout {

// A run of deflate blocks that ends on a byte boundary and refers to nothing before itself: such runs can be joined.
struct DeflatedPart {
  std::uint64_t raw_size = 0;
  std::uint64_t compressed_size = 0;
  std::uint32_t crc = 0;  // CRC-32 (ISO 3309) of the raw bytes
};

// The parts of one entry joined in order.
[[nodiscard]] DeflatedPart join_parts(const DeflatedPart& first, const DeflatedPart& second);

class Deflater final : public Sink {
 public:
  enum class Ending {
    open,   // full flush: another part follows
    final,  // the last part of its entry
  };

  // The largest reserve() that is granted.
  static constexpr std::size_t max_reserve = 64 * 1024;

  explicit Deflater(std::pmr::memory_resource* memory);
  ~Deflater() override;

  // Begins a part whose compressed bytes go to `target`. The part before must be finished.
  void start(Sink& target);
  [[nodiscard]] DeflatedPart finish(Ending ending);

 private:
  void make_room(std::size_t size) override;
  void compress(const char* bytes, std::size_t size, bool last, Ending ending);

  std::pmr::memory_resource* memory_;
  void* allocation_ = nullptr;
  isal_zstream* stream_ = nullptr;  // inside the allocation, as are level buffer and block
  char* block_ = nullptr;
  Sink* target_ = nullptr;
  DeflatedPart part_;
};

}  // namespace pg_takeout
