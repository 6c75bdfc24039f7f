#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "chunk_sink.hpp"
#include "error.hpp"
#include "written_rows.hpp"

using namespace pg_takeout;
using test::text_of;

namespace {

// Counts what is out and refuses alignments that palloc does not give.
class CountingMemory final : public std::pmr::memory_resource {
 public:
  std::size_t in_use = 0;
  std::size_t largest = 0;
  std::size_t allocations = 0;
  std::size_t left = SIZE_MAX;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (alignment > 8) FAIL("alignment " << alignment);
    if (left == 0) throw std::bad_alloc();
    --left;
    ++allocations;
    in_use += bytes;
    largest = std::max(largest, bytes);
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    in_use -= bytes;
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

ErrorCode code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

}  // namespace

TEST_CASE("what is appended in any pieces comes out in order") {
  std::mt19937 random(1);
  CountingMemory memory;
  {
    ChunkSink::Options options;
    options.first_chunk = 16;
    options.largest_chunk = 256;
    options.header = 4;
    ChunkSink sink(options, &memory);
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
      const std::string piece(random() % 50, static_cast<char>('a' + i % 26));
      if (i % 3 == 0) {
        char* const out = sink.reserve(piece.size() + random() % 600);
        sink.commit(std::copy(piece.begin(), piece.end(), out));
      } else {
        sink.append(piece);
      }
      expected += piece;
      REQUIRE(sink.size() == expected.size());
    }
    REQUIRE(text_of(sink) == expected);
    REQUIRE(sink.total_size() == expected.size());
  }
  REQUIRE(memory.in_use == 0);
}

TEST_CASE("chunks double up to the largest, and a bigger reservation has a chunk of its own") {
  ChunkSink::Options options;
  options.first_chunk = 1000;
  options.largest_chunk = 4000;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  for (int i = 0; i < 1000; ++i) sink.append("0123456789");
  char* const out = sink.reserve(10'000);
  std::memset(out, 'x', 10'000);
  sink.commit(out + 10'000);
  sink.append("end");

  std::vector<std::size_t> capacities;
  std::string text;
  while (sink.size() > 0) {
    const ChunkSink::Chunk chunk = sink.first_chunk();
    capacities.push_back(chunk.capacity);
    REQUIRE(chunk.size > 0);
    text.append(chunk.memory, chunk.size);
    sink.release_first();
  }
  REQUIRE(capacities == std::vector<std::size_t>{1000, 2000, 4000, 4000, 10'000, 4000});
  REQUIRE(text.size() == 20'003);
  REQUIRE(text.substr(20'000) == "end");
}

TEST_CASE("the header stays free before each chunk") {
  ChunkSink::Options options;
  options.first_chunk = 8;
  options.largest_chunk = 8;
  options.header = 4;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  sink.append("0123456789");
  const ChunkSink::Chunk first = sink.first_chunk();
  std::memcpy(first.memory, "HEAD", 4);
  REQUIRE(first.size == 8);
  REQUIRE(std::string_view(first.memory, 12) == "HEAD01234567");
  REQUIRE(text_of(sink) == "0123456789");
}

TEST_CASE("large chunks' data lie on pages as they do in the whole result") {
  ChunkSink::Options options;
  options.first_chunk = 1000;
  options.largest_chunk = 64'000;
  options.header = 4;
  options.page = 1024;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  std::string written;
  for (int i = 0; written.size() < 400'000; ++i) {
    const std::string row = std::to_string(i) + std::string(static_cast<std::size_t>(i % 700), 'r');
    char* target = sink.reserve(row.size());
    std::memcpy(target, row.data(), row.size());
    sink.commit(target + row.size());
    written += row;
  }
  REQUIRE(text_of(sink) == written);
  std::size_t before = 0, large = 0;
  for (; sink.size() > 0; sink.release_first()) {
    const ChunkSink::Chunk chunk = sink.first_chunk();
    const auto lead = static_cast<std::size_t>(chunk.data - chunk.memory);
    REQUIRE(lead == options.header + (chunk.capacity < 16 * options.page ? 0 : before % options.page));
    large += lead > options.header ? 1 : 0;
    before += chunk.size;
  }
  REQUIRE(large > 3);
}

TEST_CASE("a stream holds two chunks, however much goes through it") {
  CountingMemory memory;
  ChunkSink::Options options;
  options.first_chunk = 1024;
  options.largest_chunk = 1024;
  options.header = 8;
  ChunkSink sink(options, &memory);
  const std::string row(100, 'r');
  std::uint64_t taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    sink.append(row);
    while (sink.has_full_chunk()) {
      REQUIRE(sink.first_chunk().size == 1024);
      taken += 1024;
      sink.release_first();
    }
  }
  REQUIRE(taken + sink.size() == 10'000'000);
  REQUIRE(sink.total_size() == 10'000'000);
  REQUIRE(memory.allocations <= 4);
  REQUIRE(memory.in_use <= 2 * (1024 + 8) + 1024);
}

TEST_CASE("a result of exactly the cap is allowed and one byte more is not") {
  for (const std::size_t cap : {1, 15, 16, 17, 100, 1000}) {
    ChunkSink::Options options;
    options.first_chunk = 16;
    options.largest_chunk = 64;
    options.max_bytes = cap;
    const std::string text(cap, 'x');
    {
      ChunkSink sink(options, std::pmr::new_delete_resource());
      sink.append(text);
      sink.check_limit();
      REQUIRE(text_of(sink) == text);
      REQUIRE(code_of([&] { sink.append("y"); }) == ErrorCode::too_many_bytes);
    }
    {
      ChunkSink sink(options, std::pmr::new_delete_resource());
      REQUIRE(code_of([&] { sink.append(text + "y"); }) == ErrorCode::too_many_bytes);
    }
    // Byte by byte, with reservations that are larger than what is committed.
    ChunkSink sink(options, std::pmr::new_delete_resource());
    const auto put = [&sink] {
      char* const out = sink.reserve(40);
      *out = 'z';
      sink.commit(out + 1);
    };
    for (std::size_t i = 0; i < cap; ++i) put();
    sink.check_limit();
    REQUIRE(sink.size() == cap);
    REQUIRE(code_of([&] {
              put();
              sink.check_limit();
            }) == ErrorCode::too_many_bytes);
  }
}

TEST_CASE("one reservation at most passes the cap before it is noticed") {
  ChunkSink::Options options;
  options.max_bytes = 1000;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  REQUIRE(code_of([&] {
            for (int i = 0; i < 1000; ++i) {
              char* const out = sink.reserve(100);
              std::memset(out, 'x', 90);
              sink.commit(out + 90);
            }
          }) == ErrorCode::too_many_bytes);
  REQUIRE(sink.size() > 1000);
  REQUIRE(sink.size() <= 1100);
  REQUIRE(code_of([&] { sink.check_limit(); }) == ErrorCode::too_many_bytes);
}

TEST_CASE("the window of a chunk that is used again ends at the cap") {
  ChunkSink::Options options;
  options.first_chunk = options.largest_chunk = 100;
  options.max_bytes = 250;
  const auto put = [](ChunkSink& sink, std::size_t reserved, std::size_t written) {
    char* const out = sink.reserve(reserved);
    std::memset(out, 'x', written);
    sink.commit(out + written);
  };
  for (const bool reserve_more_than_is_left : {false, true}) {
    ChunkSink sink(options, std::pmr::new_delete_resource());
    for (int i = 0; i < 2; ++i) {
      put(sink, 100, 100);
      sink.release_first();
    }
    if (reserve_more_than_is_left) {
      put(sink, 40, 5);
      put(sink, 48, 5);
      put(sink, 60, 60);
    } else {
      put(sink, 50, 50);
    }
    REQUIRE(code_of([&] { put(sink, 1, 1); }) == ErrorCode::too_many_bytes);
  }
}

TEST_CASE("a chunk that is too small for its first reservation is not handed out") {
  ChunkSink::Options options;
  options.first_chunk = 16;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  static_cast<void>(sink.reserve(10));
  char* const out = sink.reserve(1000);
  std::memset(out, 'x', 1000);
  sink.commit(out + 1000);
  REQUIRE_FALSE(sink.has_full_chunk());
  REQUIRE(sink.first_chunk().size == 1000);
}

TEST_CASE("no memory is taken for what lies above the cap") {
  CountingMemory memory;
  ChunkSink::Options options;
  options.max_bytes = 100'000;
  ChunkSink sink(options, &memory);
  const std::string piece(1000, 'x');
  REQUIRE(code_of([&] {
            for (int i = 0; i < 200; ++i) sink.append(piece);
          }) == ErrorCode::too_many_bytes);
  REQUIRE(memory.in_use <= 100'000 + 1000);
}

TEST_CASE("the cap counts released bytes") {
  ChunkSink::Options options;
  options.first_chunk = options.largest_chunk = 100;
  options.max_bytes = 1000;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  const std::string piece(100, 'x');
  for (int i = 0; i < 10; ++i) {
    sink.append(piece);
    if (sink.has_full_chunk()) sink.release_first();
  }
  REQUIRE(code_of([&] { sink.append("y"); }) == ErrorCode::too_many_bytes);
}

TEST_CASE("the error names the cap") {
  ChunkSink::Options options;
  options.max_bytes = 12;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  REQUIRE_THROWS_WITH(sink.append("0123456789abc"), "result would be larger than 12 bytes");
}

TEST_CASE("a raised stop flag interrupts at the next chunk") {
  volatile std::sig_atomic_t stop = 0;
  ChunkSink::Options options;
  options.first_chunk = options.largest_chunk = 100;
  options.stops = {nullptr, &stop};
  ChunkSink sink(options, std::pmr::new_delete_resource());
  sink.append(std::string(50, 'x'));
  stop = 1;
  sink.append(std::string(50, 'x'));
  REQUIRE(code_of([&] { sink.append("y"); }) == ErrorCode::interrupted);
  stop = 0;
  sink.append("y");
  REQUIRE(text_of(sink) == std::string(100, 'x') + "y");
}

TEST_CASE("a failed allocation at any point loses nothing") {
  for (std::size_t allocations = 0; allocations < 40; ++allocations) {
    CountingMemory memory;
    {
      memory.left = allocations;
      ChunkSink::Options options;
      options.first_chunk = options.largest_chunk = 16;
      ChunkSink sink(options, &memory);
      std::string written;
      try {
        for (int i = 0; i < 200; ++i) {
          char* const out = sink.reserve(4);
          std::memcpy(out, "abcd", 4);
          sink.commit(out + 4);
          written += "abcd";
        }
        FAIL("no allocation failed");
      } catch (const std::bad_alloc&) {
      }
      REQUIRE(text_of(sink) == written);
      memory.left = SIZE_MAX;
      sink.append("after");
      REQUIRE(text_of(sink) == written + "after");
    }
    REQUIRE(memory.in_use == 0);
  }
}

TEST_CASE("any range of the bytes can be copied, also after a release") {
  ChunkSink::Options options;
  options.first_chunk = options.largest_chunk = 16;
  options.header = 4;
  ChunkSink sink(options, std::pmr::new_delete_resource());
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += static_cast<char>('0' + i % 75);
  sink.append(expected);
  for (int releases = 0; releases < 3; ++releases) {
    for (std::size_t offset = 0; offset <= expected.size(); ++offset) {
      for (std::size_t length = 0; offset + length <= expected.size(); ++length) {
        std::string copy(length, '\0');
        sink.copy_range(offset, length, copy.data());
        REQUIRE(copy == expected.substr(offset, length));
      }
    }
    sink.release_first();
    expected.erase(0, 16);
  }
}

TEST_CASE("an unused sink holds nothing") {
  CountingMemory memory;
  ChunkSink sink({}, &memory);
  REQUIRE(sink.size() == 0);
  REQUIRE_FALSE(sink.has_full_chunk());
  REQUIRE(memory.allocations == 0);
  REQUIRE(text_of(sink).empty());
}
