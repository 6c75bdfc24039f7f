#include "chunk_sink.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "error.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t chunk_alignment = 8;

[[noreturn]] void throw_too_many_bytes(std::uint64_t max_bytes) {
  throw Error(ErrorCode::too_many_bytes, "result would be larger than " + std::to_string(max_bytes) + " bytes");
}

}  // namespace

ChunkSink::ChunkSink(const Options& options, std::pmr::memory_resource* memory)
    : options_(options), memory_(memory), chunks_(memory), next_capacity_(options.first_chunk) {}

ChunkSink::~ChunkSink() {
  for (const Chunk& chunk : chunks_) free_chunk(chunk);
  free_chunk(spare_);
}

std::size_t ChunkSink::open_bytes() const {
  if (chunks_.empty()) return 0;
  return static_cast<std::size_t>(position_ - chunks_.back().data);
}

std::uint64_t ChunkSink::size() const { return closed_bytes_ + open_bytes(); }

void ChunkSink::check_limit() const {
  if (total_size() > options_.max_bytes) throw_too_many_bytes(options_.max_bytes);
}

ChunkSink::Chunk ChunkSink::first_chunk() const {
  Chunk chunk = chunks_.front();
  if (chunks_.size() == 1) chunk.size = open_bytes();
  return chunk;
}

void ChunkSink::release_first() {
  Chunk chunk = first_chunk();
  released_bytes_ += chunk.size;
  if (chunks_.size() > 1) {
    closed_bytes_ -= chunk.size;
  } else {
    position_ = limit_ = nullptr;
  }
  chunks_.erase(chunks_.begin());
  const bool reusable = options_.reuses_chunks && chunk.capacity <= options_.largest_chunk;
  if (reusable && chunk.capacity > spare_.capacity) std::swap(chunk, spare_);
  free_chunk(chunk);
}

void ChunkSink::copy_range(std::uint64_t offset, std::size_t length, char* target) const {
  for (std::size_t i = 0; i < chunks_.size() && length > 0; ++i) {
    const std::size_t size = i + 1 < chunks_.size() ? chunks_[i].size : open_bytes();
    if (offset >= size) {
      offset -= size;
      continue;
    }
    const std::size_t part = std::min(length, size - static_cast<std::size_t>(offset));
    std::memcpy(target, chunks_[i].data + offset, part);
    target += part;
    length -= part;
    offset = 0;
  }
}

void ChunkSink::make_room(std::size_t size) {
  for (const auto* stop : options_.stops)
    if (stop != nullptr && *stop != 0) throw Error(ErrorCode::interrupted, "interrupted");
  check_limit();
  const std::uint64_t left = options_.max_bytes - total_size();
  if (left == 0) throw_too_many_bytes(options_.max_bytes);

  // Near the cap the window ends at the cap, so that each further reservation comes here and is counted.
  const auto window = static_cast<std::size_t>(std::min<std::uint64_t>(left, SIZE_MAX));
  if (!chunks_.empty()) {
    const Chunk& open = chunks_.back();
    const std::size_t unused = open.capacity - open_bytes();
    if (unused >= size) {
      limit_ = position_ + std::min(unused, std::max(window, size));
      return;
    }
  }
  const std::size_t capacity = std::max(size, std::min(next_capacity_, window));
  // Room in the list first: what comes after must not throw.
  if (chunks_.size() == chunks_.capacity()) chunks_.reserve(std::max<std::size_t>(8, 2 * chunks_.capacity()));
  const Chunk chunk = take_chunk(capacity);
  close_open_chunk();
  chunks_.push_back(chunk);
  position_ = chunk.data;
  limit_ = position_ + std::min(chunk.capacity, std::max(window, size));
  if (next_capacity_ < options_.largest_chunk) next_capacity_ = std::min(2 * next_capacity_, options_.largest_chunk);
}

void ChunkSink::close_open_chunk() {
  if (chunks_.empty()) return;
  Chunk& open = chunks_.back();
  open.size = open_bytes();
  closed_bytes_ += open.size;
  if (open.size == 0) {  // it was too small for the first reservation in it
    free_chunk(open);
    chunks_.pop_back();
  }
}

ChunkSink::Chunk ChunkSink::take_chunk(std::size_t capacity) {
  if (spare_.capacity >= capacity) return std::exchange(spare_, Chunk{});
  const std::size_t lead = options_.header + (capacity / 16 >= options_.page ? total_size() % options_.page : 0);
  auto* memory = static_cast<char*>(memory_->allocate(lead + capacity, chunk_alignment));
  return {memory, memory + lead, capacity, 0};
}

void ChunkSink::free_chunk(const Chunk& chunk) {
  if (chunk.memory == nullptr) return;
  const auto lead = static_cast<std::size_t>(chunk.data - chunk.memory);
  memory_->deallocate(chunk.memory, lead + chunk.capacity, chunk_alignment);
}

}  // namespace pg_takeout
