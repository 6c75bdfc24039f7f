#include "deflate_huffman.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace pg_takeout;

namespace {

std::vector<std::uint8_t> lengths_of(const std::vector<std::uint32_t>& counts, unsigned limit) {
  std::vector<std::uint8_t> lengths(counts.size(), 99);
  huffman_lengths(counts, limit, lengths);
  return lengths;
}

// Of a complete code the sum of 2^-length is 1.
double kraft_sum(const std::vector<std::uint8_t>& lengths) {
  double sum = 0;
  for (const std::uint8_t length : lengths) sum += length == 0 ? 0 : 1.0 / static_cast<double>(1U << length);
  return sum;
}

std::uint64_t cost(const std::vector<std::uint32_t>& counts, const std::vector<std::uint8_t>& lengths) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) bits += std::uint64_t{counts[i]} * lengths[i];
  return bits;
}

// The cost of an optimal code without a limit: the sum of all inner nodes.
std::uint64_t optimal_cost(std::vector<std::uint32_t> counts) {
  std::erase(counts, 0U);
  std::vector<std::uint64_t> nodes(counts.begin(), counts.end());
  std::uint64_t bits = 0;
  while (nodes.size() > 1) {
    std::sort(nodes.begin(), nodes.end(), std::greater<>());
    const std::uint64_t sum = nodes[nodes.size() - 1] + nodes[nodes.size() - 2];
    nodes.resize(nodes.size() - 2);
    nodes.push_back(sum);
    bits += sum;
  }
  return bits;
}

}  // namespace

TEST_CASE("codes are complete, within their limit, and optimal where the limit allows") {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint32_t> counts(2 + random() % 285);
    // Small counts cannot make a tree deeper than 15.
    const unsigned most = round % 2 == 0 ? 3 : 17;
    for (auto& count : counts) count = random() % 3 == 0 ? 0 : 1 + random() % (1U << random() % (most + 1));
    counts[0] = counts[1] = 1;
    const auto lengths = lengths_of(counts, 15);
    REQUIRE(kraft_sum(lengths) == 1.0);
    for (std::size_t i = 0; i < counts.size(); ++i) REQUIRE((lengths[i] == 0) == (counts[i] == 0));
    REQUIRE(*std::max_element(lengths.begin(), lengths.end()) <= 15);
    if (most == 3) REQUIRE(cost(counts, lengths) == optimal_cost(counts));
    REQUIRE(cost(counts, lengths) <= optimal_cost(counts) * 1.01);
  }
}

TEST_CASE("counts that want codes deeper than the limit are held to it") {
  std::vector<std::uint32_t> fibonacci{1, 1};
  while (fibonacci.size() < 40) fibonacci.push_back(fibonacci.end()[-1] + fibonacci.end()[-2]);
  const auto lengths = lengths_of(fibonacci, 15);
  CHECK(kraft_sum(lengths) == 1.0);
  CHECK(*std::max_element(lengths.begin(), lengths.end()) <= 15);
  CHECK(lengths[39] < lengths[0]);

  std::vector<std::uint32_t> nineteen(fibonacci.begin(), fibonacci.begin() + 19);
  const auto short_lengths = lengths_of(nineteen, 7);
  CHECK(kraft_sum(short_lengths) == 1.0);
  CHECK(*std::max_element(short_lengths.begin(), short_lengths.end()) <= 7);
}

TEST_CASE("one symbol has a code of one bit, none has no code") {
  CHECK(lengths_of({0, 5, 0}, 15) == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(lengths_of({0, 0, 0}, 15) == std::vector<std::uint8_t>{0, 0, 0});
}

TEST_CASE("codes are canonical") {
  // The example of RFC 1951, 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4), codes with their first bit on the right.
  const std::vector<std::uint8_t> lengths{3, 3, 3, 3, 3, 2, 4, 4};
  std::vector<std::uint16_t> codes(lengths.size());
  huffman_codes(lengths, codes);
  CHECK(codes == std::vector<std::uint16_t>{0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111});
}
