#include "deflater.hpp"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <cstdint>
#include <memory>
#include <new>

#include "error.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t block_size = 1024 * 1024;
constexpr std::size_t output_step = 32 * 1024;  // compressed bytes asked of the target at a time
constexpr std::uint32_t level = 1;
constexpr std::size_t level_buffer_size = ISAL_DEF_LVL1_DEFAULT;
// isal_zstream holds hash tables that are to lie on cache lines; a memory resource over palloc aligns to 8 only.
constexpr std::size_t alignment = 64;

constexpr std::size_t aligned(std::size_t size) { return (size + alignment - 1) / alignment * alignment; }

constexpr std::size_t stream_offset = 0;
constexpr std::size_t level_buffer_offset = stream_offset + aligned(sizeof(isal_zstream));
constexpr std::size_t block_offset = level_buffer_offset + aligned(level_buffer_size);
constexpr std::size_t allocation_size = alignment + block_offset + block_size + Deflater::max_reserve;

}  // namespace

DeflatedPart join_parts(const DeflatedPart& first, const DeflatedPart& second) {
  DeflatedPart joined;
  joined.raw_size = first.raw_size + second.raw_size;
  joined.compressed_size = first.compressed_size + second.compressed_size;
  joined.crc = static_cast<std::uint32_t>(crc32_combine(first.crc, second.crc, static_cast<z_off_t>(second.raw_size)));
  return joined;
}

Deflater::Deflater(std::pmr::memory_resource* memory) : memory_(memory) {
  allocation_ = memory_->allocate(allocation_size, 8);
  void* base = allocation_;
  std::size_t room = allocation_size;
  std::align(alignment, block_offset + block_size + max_reserve, base, room);
  auto* bytes = static_cast<char*>(base);
  stream_ = new (bytes + stream_offset) isal_zstream;
  isal_deflate_init(stream_);
  stream_->level = level;
  stream_->level_buf = reinterpret_cast<std::uint8_t*>(bytes + level_buffer_offset);
  stream_->level_buf_size = level_buffer_size;
  block_ = bytes + block_offset;
}

Deflater::~Deflater() { memory_->deallocate(allocation_, allocation_size, 8); }

void Deflater::start(Sink& target) {
  target_ = &target;
  part_ = {};
  isal_deflate_reset(stream_);
  position_ = block_;
  limit_ = block_ + block_size + max_reserve;
}

DeflatedPart Deflater::finish(Ending ending) {
  const auto pending = static_cast<std::size_t>(position_ - block_);
  const std::size_t first = pending < block_size ? pending : block_size;
  if (first < pending) compress(block_, first, false, ending);
  compress(block_ + (first < pending ? first : 0), first < pending ? pending - first : pending, true, ending);
  position_ = nullptr;
  limit_ = nullptr;
  return part_;
}

// The window is a block and room for one largest reserve(), so a full window always holds a whole block.
void Deflater::make_room(std::size_t size) {
  if (size > max_reserve) throw Error(ErrorCode::internal, "deflater asked for more room than it has");
  const auto rest = static_cast<std::size_t>(position_ - block_) - block_size;
  compress(block_, block_size, false, Ending::open);
  std::memmove(block_, block_ + block_size, rest);
  position_ = block_ + rest;
}

void Deflater::compress(const char* bytes, std::size_t size, bool last, Ending ending) {
  auto* input = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes));
  part_.crc = crc32_gzip_refl(part_.crc, input, size);
  part_.raw_size += size;
  stream_->next_in = input;
  stream_->avail_in = static_cast<std::uint32_t>(size);
  stream_->flush = last && ending == Ending::open ? FULL_FLUSH : NO_FLUSH;
  stream_->end_of_stream = last && ending == Ending::final ? 1 : 0;
  do {
    char* out = target_->reserve(output_step);
    stream_->next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_->avail_out = output_step;
    if (isal_deflate(stream_) != COMP_OK) throw Error(ErrorCode::internal, "compression by ISA-L failed");
    const std::size_t produced = output_step - stream_->avail_out;
    target_->commit(out + produced);
    part_.compressed_size += produced;
  } while (stream_->avail_in > 0 || stream_->avail_out == 0);
}

}  // namespace pg_takeout
