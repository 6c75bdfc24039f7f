// Huffman codes as deflate wants them (RFC 1951, 3.2.2): canonical, of limited length.
#pragma once

#include <cstdint>
#include <span>

namespace pg_takeout {

// Code lengths for symbols with these counts; symbols that do not occur get 0. No code is longer than `limit`, which must
// hold all symbols (2^limit >= counts.size()). A symbol that occurs alone gets one bit. At most 512 symbols.
void huffman_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths);

// The codes of these lengths, first bit lowest as deflate's bit order needs them.
void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

}  // namespace pg_takeout
