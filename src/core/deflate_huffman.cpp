#include "deflate_huffman.hpp"

#include <algorithm>
#include <array>

namespace pg_takeout {

namespace {

constexpr std::size_t max_symbols = 512;
constexpr unsigned max_length = 15;

struct Leaf {
  std::uint32_t count;
  std::uint16_t symbol;
};

// Depths of the leaves in the Huffman tree, by merging two queues: leaves by count, inner nodes as they are made.
// Returns the greatest depth.
unsigned tree_depths(std::span<const Leaf> leaves, std::span<std::uint8_t> depths) {
  const std::size_t size = leaves.size();
  std::array<std::uint32_t, max_symbols> inner_count;
  std::array<std::uint16_t, 2 * max_symbols> parent;  // of leaves, then of inner nodes
  std::size_t leaf = 0;
  std::size_t inner = 0;
  for (std::size_t made = 0; made + 1 < size; ++made) {
    std::uint32_t count = 0;
    for (int child = 0; child < 2; ++child) {
      const bool take_leaf = leaf < size && (inner == made || leaves[leaf].count <= inner_count[inner]);
      count += take_leaf ? leaves[leaf].count : inner_count[inner];
      parent[take_leaf ? leaf++ : size + inner++] = static_cast<std::uint16_t>(made);
    }
    inner_count[made] = count;
  }
  std::array<std::uint8_t, max_symbols> inner_depth{};
  for (std::size_t node = size - 1; node-- > 0;) {
    if (node + 2 < size) inner_depth[node] = static_cast<std::uint8_t>(inner_depth[parent[size + node]] + 1);
  }
  unsigned deepest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned depth = inner_depth[parent[i]] + 1U;
    depths[i] = static_cast<std::uint8_t>(depth);
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

// Brings codes down to the limit: each pair of codes too long for it takes the place of a shorter one. Leaves are in order
// of their counts, so the longest codes come first.
void limit_depths(unsigned limit, std::span<std::uint8_t> depths) {
  std::array<std::uint32_t, max_symbols> at_depth{};
  std::uint32_t used = 0;  // of the 2^limit codes of that length; a tree uses all of them
  for (const std::uint8_t depth : depths) {
    const unsigned limited = std::min<unsigned>(depth, limit);
    ++at_depth[limited];
    used += 1U << (limit - limited);
  }
  for (; used > 1U << limit; --used) {
    unsigned depth = limit - 1;
    while (at_depth[depth] == 0) --depth;
    --at_depth[limit];
    --at_depth[depth];
    at_depth[depth + 1] += 2;
  }
  std::size_t leaf = 0;
  for (unsigned depth = limit; depth > 0; --depth) {
    for (std::uint32_t i = 0; i < at_depth[depth]; ++i) depths[leaf++] = static_cast<std::uint8_t>(depth);
  }
}

}  // namespace

void huffman_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths) {
  std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
  std::array<Leaf, max_symbols> storage;
  std::size_t size = 0;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] > 0) storage[size++] = {counts[symbol], static_cast<std::uint16_t>(symbol)};
  }
  const std::span leaves(storage.data(), size);
  if (size < 2) {
    for (const Leaf& leaf : leaves) lengths[leaf.symbol] = 1;
    return;
  }
  std::sort(leaves.begin(), leaves.end(),
            [](const Leaf& a, const Leaf& b) { return a.count != b.count ? a.count < b.count : a.symbol < b.symbol; });
  std::array<std::uint8_t, max_symbols> depths;
  if (tree_depths(leaves, depths) > limit) limit_depths(limit, std::span(depths).first(size));
  for (std::size_t i = 0; i < size; ++i) lengths[leaves[i].symbol] = depths[i];
}

void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  std::array<std::uint16_t, max_length + 2> next{};
  for (const std::uint8_t length : lengths) {
    if (length > 0) ++next[length + 1U];
  }
  for (unsigned length = 1; length <= max_length; ++length) {
    next[length + 1] = static_cast<std::uint16_t>((next[length + 1] + next[length]) << 1);
  }
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned length = lengths[symbol];
    if (length == 0) continue;
    unsigned code = next[length]++;
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < length; ++bit, code >>= 1) reversed = reversed << 1 | (code & 1);
    codes[symbol] = static_cast<std::uint16_t>(reversed);
  }
}

}  // namespace pg_takeout
