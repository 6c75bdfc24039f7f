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
    DeflateSequence sequence{};
    sequence.literals = static_cast<std::uint16_t>(random() % 50 == 0 ? random() % 5000 : random() % 12);
    for (unsigned k = 0; k < sequence.literals; ++k) {
      plan.text.push_back(static_cast<char>(random() % alphabet));
      history.push_back(plan.text.back());
    }
    if (!history.empty() && random() % 4 != 0) {
      sequence.length = static_cast<std::uint16_t>(random() % 3 == 0 ? 3 + random() % 256 : 3 + random() % 10);
      sequence.distance = static_cast<std::uint16_t>(1 + random() % std::min<std::size_t>(history.size(), 32768));
      for (unsigned k = 0; k < sequence.length; ++k) {
        history.push_back(history[history.size() - sequence.distance]);
        plan.text.push_back(history.back());
      }
    }
    if (sequence.literals > 0 || sequence.length > 0) plan.sequences.push_back(sequence);
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
      const Plan plan = random_plan(random, 1 + random() % 3000, text, alphabet);
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
  std::vector<DeflateSequence> sequences{{32768, 0, 0}};
  const auto repeat = [&](std::size_t length, std::size_t distance) {
    for (std::size_t k = 0; k < length; ++k) text.push_back(text[text.size() - distance]);
    sequences.push_back({0, static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)});
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

TEST_CASE("a block of literals alone, of one byte, of nothing") {
  DeflateBlockWriter writer;
  const std::string long_text(200000, 'x');
  for (const std::string& text : {std::string("x"), std::string("hello"), long_text, std::string()}) {
    MemorySink out;
    writer.start(out);
    std::vector<DeflateSequence> sequences;
    for (std::size_t left = text.size(); left > 0;) {
      const std::size_t now = std::min<std::size_t>(left, 65535);
      sequences.push_back({static_cast<std::uint16_t>(now), 0, 0});
      left -= now;
    }
    writer.write(text.data(), sequences);
    (void)writer.finish();
    CHECK(inflated(std::string(out.text()) + std::string(last_block), text.size()) == text);
  }
}
