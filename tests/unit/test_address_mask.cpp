#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "address_mask.hpp"
#include "value_text.hpp"

using namespace pg_takeout;

namespace {

// The rules again, on a string of bits.
std::string bits_of(const Network& network) {
  std::string bits;
  for (int i = 0; i < (network.version == 4 ? 32 : 128); ++i) {
    bits.push_back((network.address[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0');
  }
  return bits;
}

std::size_t longest_prefix(const std::string& bits, MaskLengths lengths) {
  if (bits.size() == 32) return std::min<std::size_t>(lengths.ipv4, 32);
  const std::size_t ipv4 = std::min<std::size_t>(lengths.ipv4, 32);
  const std::size_t ipv6 = std::min<std::size_t>(lengths.ipv6, 128);
  const std::string mapped = std::string(80, '0') + std::string(16, '1');
  const std::string nat64 = "00000000011001001111111110011011";  // 0064:ff9b
  if (bits.starts_with(mapped)) return 96 + ipv4;
  if (bits.starts_with(nat64 + std::string(64, '0'))) return 96 + ipv4;
  if (bits.starts_with(nat64 + "0000000000000001")) return std::min<std::size_t>(ipv6, 48);
  if (bits.starts_with("0010000000000010")) return std::min(ipv6, 16 + ipv4);
  if (bits.starts_with("00100000000000010000000000000000")) return std::min(ipv6, 32 + ipv4);
  return ipv6;
}

Network mask(Network address, MaskLengths lengths) {
  mask_address(&address, lengths);
  return address;
}

void check(const Network& address, MaskLengths lengths) {
  std::string bits = bits_of(address);
  const std::size_t prefix = std::min<std::size_t>(address.prefix, longest_prefix(bits, lengths));
  bits.replace(prefix, std::string::npos, std::string(bits.size() - prefix, '0'));
  const Network masked = mask(address, lengths);
  REQUIRE(masked.version == address.version);
  REQUIRE(masked.prefix == prefix);
  REQUIRE(bits_of(masked) == bits);
  if (address.version == 4) {
    for (int i = 4; i < 16; ++i) REQUIRE(masked.address[i] == 0);
  }
}

std::string masked_text(const Network& address, MaskLengths lengths = {}) {
  char text[max_value_text];
  return {text, write_network(text, mask(address, lengths))};
}

}  // namespace

TEST_CASE("host bits do not leave") {
  CHECK(masked_text({4, 32, {203, 0, 113, 77}}) == "203.0.113.0/24");
  CHECK(masked_text({4, 16, {203, 0, 113, 77}}) == "203.0.0.0/16");
  CHECK(masked_text({4, 32, {203, 0, 113, 77}}, {20, 48}) == "203.0.112.0/20");
  CHECK(masked_text({6, 128, {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 9, 9, 9, 9, 9, 9, 9, 9}}) ==
        "2001:db8:1234::/48");
}

TEST_CASE("an IPv4 address inside IPv6 is held to the IPv4 length") {
  CHECK(masked_text({6, 128, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 77}}) == "::ffff:203.0.113.0/120");
  CHECK(masked_text({6, 128, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 203, 0, 113, 77}}) ==
        "64:ff9b::cb00:7100/120");
  CHECK(masked_text({6, 128, {0x20, 0x02, 203, 0, 113, 77, 1, 2, 3, 4}}) == "2002:cb00:7100::/40");
  CHECK(masked_text({6, 128, {0x20, 0x01, 0, 0, 203, 0, 113, 77, 1, 2, 3, 4}}, {24, 64}) == "2001:0:cb00:7100::/56");
  CHECK(masked_text({6, 128, {0, 0x64, 0xff, 0x9b, 0, 1, 203, 0, 113, 77, 1, 2}}, {24, 64}) == "64:ff9b:1::/48");
}

TEST_CASE("masking is what the bit-by-bit reference says") {
  std::mt19937 random(12);
  const std::vector<std::vector<std::uint8_t>> beginnings{{},
                                                          {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
                                                          {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0},
                                                          {0, 0x64, 0xff, 0x9b, 0, 1},
                                                          {0, 0x64, 0xff, 0x9b, 0, 2},
                                                          {0x20, 0x02},
                                                          {0x20, 0x01, 0, 0},
                                                          {0x20, 0x01, 0x0d, 0xb8}};
  for (int i = 0; i < 100'000; ++i) {
    Network address{};
    address.version = random() % 3 == 0 ? 4 : 6;
    for (auto& byte : address.address) byte = static_cast<std::uint8_t>(random());
    if (address.version == 6) {
      const auto& beginning = beginnings[random() % beginnings.size()];
      std::copy(beginning.begin(), beginning.end(), address.address);
      // Near misses: one bit beside a special prefix.
      if (random() % 4 == 0) address.address[random() % 12] ^= static_cast<std::uint8_t>(1U << random() % 8);
    }
    const unsigned width = address.version == 4 ? 32 : 128;
    address.prefix = static_cast<std::uint8_t>(random() % 2 == 0 ? width : random() % (width + 1));
    check(address, {});
    check(address, {static_cast<std::uint8_t>(random() % 33), static_cast<std::uint8_t>(random() % 129)});
    check(address, {32, 128});
    check(address, {255, 255});
  }
}

TEST_CASE("masking twice changes nothing more") {
  std::mt19937 random(13);
  for (int i = 0; i < 10'000; ++i) {
    Network address{static_cast<std::uint8_t>(random() % 2 == 0 ? 4 : 6), 32, {}};
    for (auto& byte : address.address) byte = static_cast<std::uint8_t>(random());
    const Network once = mask(address, {});
    const Network twice = mask(once, {});
    REQUIRE(std::memcmp(&once, &twice, sizeof once) == 0);
  }
}
