#include "deflater.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

// Half of it repeats, half does not.
std::string sample(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    text += "<c r=\"A" + std::to_string(random() % 1000) + "\"><v>";
    text.push_back(static_cast<char>(random()));
  }
  text.resize(size);
  return text;
}

// What palloc gives: 8 bytes of alignment and no more.
class EightByteMemory final : public std::pmr::memory_resource {
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    REQUIRE(alignment <= 8);
    return static_cast<char*>(std::pmr::new_delete_resource()->allocate(size + 8, 16)) + 8;
  }
  void do_deallocate(void* memory, std::size_t size, std::size_t) override {
    std::pmr::new_delete_resource()->deallocate(static_cast<char*>(memory) - 8, size + 8, 16);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

DeflatedPart deflate(Deflater& deflater, Sink& out, std::string_view text, std::size_t step, Deflater::Ending ending) {
  deflater.start(out);
  for (std::size_t at = 0; at < text.size(); at += step) deflater.append(text.substr(at, step));
  return deflater.finish(ending);
}

constexpr std::size_t sizes[] = {0,       1,       100,     65536,   1048575, 1048576,
                                 1048577, 1114111, 1114112, 1114113, 2097152, 3333333};

}  // namespace

TEST_CASE("zlib inflates what was deflated, and the checksum is its own") {
  EightByteMemory memory;
  Deflater deflater(&memory);
  for (const std::size_t size : sizes) {
    INFO(size);
    const std::string text = sample(size, static_cast<unsigned>(size));
    MemorySink out;
    const DeflatedPart part = deflate(deflater, out, text, 100000, Deflater::Ending::final);
    CHECK(part.raw_size == size);
    CHECK(part.compressed_size == out.text().size());
    CHECK(part.crc == crc_of(text));
    CHECK(inflated(out.text(), size) == text);
  }
}

TEST_CASE("the same bytes in any pieces give the same bytes") {
  Deflater deflater(std::pmr::new_delete_resource());
  const std::string text = sample(2500000, 7);
  MemorySink whole;
  (void)deflate(deflater, whole, text, text.size(), Deflater::Ending::open);
  for (const std::size_t step : {1UL, 777UL, 65536UL, 1048576UL}) {
    MemorySink out;
    (void)deflate(deflater, out, text, step, Deflater::Ending::open);
    CHECK(out.text() == whole.text());
  }
  MemorySink reserved;
  deflater.start(reserved);
  for (std::size_t at = 0; at < text.size(); at += 50000) {
    char* room = deflater.reserve(Deflater::max_reserve);
    text.copy(room, 50000, at);
    deflater.commit(room + 50000);
  }
  (void)deflater.finish(Deflater::Ending::open);
  CHECK(reserved.text() == whole.text());
}

TEST_CASE("parts made apart are one stream when joined") {
  Deflater deflater(std::pmr::new_delete_resource());
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const std::string first = sample(1 + random() % 3000, random());
    const std::string rows = sample(random() % 1500000, random());
    const std::string last = sample(1 + random() % 3000, random());
    MemorySink out;
    DeflatedPart part = deflate(deflater, out, first, 1000, Deflater::Ending::open);
    part = join_parts(part, deflate(deflater, out, rows, 1000, Deflater::Ending::open));
    part = join_parts(part, deflate(deflater, out, last, 1000, Deflater::Ending::final));
    const std::string text = first + rows + last;
    CHECK(part.raw_size == text.size());
    CHECK(part.compressed_size == out.text().size());
    CHECK(part.crc == crc_of(text));
    CHECK(inflated(out.text(), text.size()) == text);
  }
}

TEST_CASE("checksums join beyond 4 GiB") {
  // Zeros have a known effect on a CRC: joining 2^20 zeros 5000 times equals zlib's own combination at once.
  const std::string zeros(1 << 20, '\0');
  const DeflatedPart block{zeros.size(), 1000, crc_of(zeros)};
  DeflatedPart part = block;
  for (int i = 1; i < 5000; ++i) part = join_parts(part, block);
  CHECK(part.raw_size == 5000ULL << 20);
  DeflatedPart half = block;
  for (int i = 1; i < 2500; ++i) half = join_parts(half, block);
  CHECK(join_parts(half, half).crc == part.crc);
}
