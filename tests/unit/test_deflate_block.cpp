#include "deflate_block.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

// An empty last block of fixed codes, to end the stream.
constexpr std::string_view last_block("\x03\x00", 2);

struct Plan {
  std::string text;
  std::vector<DeflateSequence> sequences;
};

// Text made by sequences, as a reader will make it again.
Plan random_plan(std::mt19937& random, std::size_t count, std::string history, unsigned alphabet) {
  Plan plan;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t literals = random() % 50 == 0 ? random() % 4096 : random() % 12;
    for (std::size_t k = 0; k < literals; ++k) {
      plan.text.push_back(static_cast<char>(random() % alphabet));
      history.push_back(plan.text.back());
    }
    std::size_t length = 0;
    std::size_t distance = 0;
    if (!history.empty() && random() % 4 != 0) {
      length = random() % 3 == 0 ? 3 + random() % 256 : 3 + random() % 10;
      distance = 1 + random() % std::min<std::size_t>(history.size(), 32768);
      for (std::size_t k = 0; k < length; ++k) {
        history.push_back(history[history.size() - distance]);
        plan.text.push_back(history.back());
      }
    }
    if (literals > 0 || length > 0) plan.sequences.emplace_back(literals, length, distance);
  }
  return plan;
}

}  // namespace

TEST_CASE("zlib reads what blocks of random sequences say") {
  std::mt19937 random(4);
  DeflateBlockWriter writer;
  for (int round = 0; round < 300; ++round) {
    MemorySink out;
    writer.start(out);
    std::string text;
    const unsigned alphabet = random() % 2 == 0 ? 256 : 1 + random() % 4;
    for (unsigned block = 0; block < 1 + random() % 4; ++block) {
      // Some are so large that not all of their symbols are counted.
      const std::size_t count = random() % 8 == 0 ? 4000 + random() % 2000 : 1 + random() % 3000;
      const Plan plan = random_plan(random, count, text, alphabet);
      writer.write(plan.text.data(), plan.sequences);
      text += plan.text;
    }
    const std::uint64_t size = writer.finish();
    REQUIRE(size == out.text().size());
    REQUIRE(inflated(std::string(out.text()) + std::string(last_block), text.size()) == text);
  }
}

TEST_CASE("every length and every distance reads back") {
  std::string text;
  std::mt19937 random(5);
  for (int i = 0; i < 32768; ++i) text.push_back(static_cast<char>('a' + random() % 20));
  std::vector<DeflateSequence> sequences(8, {DeflateSequence::max_literals, 0, 0});
  sequences.emplace_back(8, 0, 0);
  const auto repeat = [&](std::size_t length, std::size_t distance) {
    for (std::size_t k = 0; k < length; ++k) text.push_back(text[text.size() - distance]);
    sequences.emplace_back(0, length, distance);
  };
  for (std::size_t length = 3; length <= 258; ++length) repeat(length, 30000 - length);
  for (std::size_t distance = 1; distance <= 32768; ++distance) repeat(3, distance);
  MemorySink out;
  DeflateBlockWriter writer;
  writer.start(out);
  writer.write(text.data(), sequences);
  (void)writer.finish();
  CHECK(inflated(std::string(out.text()) + std::string(last_block), text.size()) == text);
}

TEST_CASE("a large block holds symbols that were not among those counted") {
  std::string text(5000, 'a');
  std::vector<DeflateSequence> sequences(5000, {1, 0, 0});
  for (int i = 0; i < 256; ++i) {
    text.push_back(static_cast<char>(i));
    sequences.emplace_back(1, 0, 0);
  }
  std::mt19937 random(6);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t length = 3 + random() % 256;
    const std::size_t distance = 1 + random() % 5000;
    for (std::size_t k = 0; k < length; ++k) text.push_back(text[text.size() - distance]);
    sequences.emplace_back(0, length, distance);
  }
  MemorySink out;
  DeflateBlockWriter writer;
  writer.start(out);
  writer.write(text.data(), sequences);
  (void)writer.finish();
  CHECK(inflated(std::string(out.text()) + std::string(last_block), text.size()) == text);
}

TEST_CASE("a block of literals alone, of one byte, of nothing") {
  DeflateBlockWriter writer;
  const std::string long_text(200000, 'x');
  for (const std::string& text : {std::string("x"), std::string("hello"), long_text, std::string()}) {
    MemorySink out;
    writer.start(out);
    std::vector<DeflateSequence> sequences;
    for (std::size_t left = text.size(); left > 0;) {
      const std::size_t now = std::min(left, DeflateSequence::max_literals);
      sequences.emplace_back(now, 0, 0);
      left -= now;
    }
    writer.write(text.data(), sequences);
    (void)writer.finish();
    CHECK(inflated(std::string(out.text()) + std::string(last_block), text.size()) == text);
  }
}
