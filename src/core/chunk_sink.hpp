// A sink that keeps its bytes in chunks: a result under construction, or a stream between two calls.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "sink.hpp"

namespace pg_takeout {

class ChunkSink final : public Sink {
 public:
  struct Options {
    std::size_t first_chunk = 64 * 1024;  // bytes; later chunks double up to largest_chunk
    std::size_t largest_chunk = 1024 * 1024;
    std::size_t header = 0;  // bytes left free before each chunk's data, for the caller
    // In a chunk of 16 pages or more the data begin as far behind `memory` as they do behind a page's start in the whole
    // result, so that the caller can move pages instead of copying them. 1: right at `memory` + header.
    std::size_t page = 1;
    // Of all bytes written, released ones included. Error too_many_bytes before memory for more is taken.
    std::uint64_t max_bytes = UINT64_MAX;
    bool reuses_chunks = true;  // release_first() keeps a chunk's memory for the next one
    std::array<const volatile std::sig_atomic_t*, 2> stops{};  // Error interrupted when one is not 0 at a new chunk
  };

  struct Chunk {
    char* memory;  // header bytes, then the data
    char* data;
    std::size_t capacity;  // bytes of data it can hold
    std::size_t size;      // bytes of data it holds
  };

  // Memory is asked for with an alignment of at most 8.
  ChunkSink(const Options& options, std::pmr::memory_resource* memory);
  ~ChunkSink() override;

  // Bytes written and not yet released.
  [[nodiscard]] std::uint64_t size() const;
  // Bytes written since the beginning.
  [[nodiscard]] std::uint64_t total_size() const { return released_bytes_ + size(); }

  // Error too_many_bytes when more than max_bytes are written. Writers reserve more than they commit, so the last
  // reservation may pass the cap unseen: call it after the writer's end(), before the result is used.
  void check_limit() const;

  // True when a chunk before the last one is full and can be taken.
  [[nodiscard]] bool has_full_chunk() const { return chunks_.size() > 1; }

  // The oldest chunk; its bytes stay until release_first(). Call only when size() > 0.
  [[nodiscard]] Chunk first_chunk() const;
  // Its memory is freed, or kept for the next chunk if it is of ordinary size and chunks are reused.
  void release_first();

  // Copies `length` bytes from `offset` on (of the bytes not released) to `target`. offset + length <= size().
  void copy_range(std::uint64_t offset, std::size_t length, char* target) const;

 private:
  void make_room(std::size_t size) override;
  void close_open_chunk();
  [[nodiscard]] Chunk take_chunk(std::size_t capacity);
  void free_chunk(const Chunk& chunk);
  [[nodiscard]] std::size_t open_bytes() const;

  Options options_;
  std::pmr::memory_resource* memory_;
  std::pmr::vector<Chunk> chunks_;  // the last one is open: its size is position_ - its data
  std::size_t next_capacity_;
  std::uint64_t closed_bytes_ = 0;  // in all chunks but the last
  std::uint64_t released_bytes_ = 0;
  Chunk spare_{};  // kept from release_first() for the next make_room()
};

}  // namespace pg_takeout
