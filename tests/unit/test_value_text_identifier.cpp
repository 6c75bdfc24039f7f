#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>

#include "value_text.hpp"

using namespace pg_takeout;

namespace {

std::string uuid_text(const unsigned char* bytes) {
  char text[max_value_text];
  return {text, write_uuid(text, bytes)};
}
std::string network_text(const Network& network) {
  char text[max_value_text];
  return {text, write_network(text, network)};
}

Network ipv6(const char* text, int prefix) {
  Network network{};
  network.version = 6;
  network.prefix = static_cast<std::uint8_t>(prefix);
  REQUIRE(inet_pton(AF_INET6, text, network.address) == 1);
  return network;
}

}  // namespace

TEST_CASE("a uuid is 8-4-4-4-12 lower-case digits") {
  std::mt19937 random(10);
  for (int i = 0; i < 10'000; ++i) {
    unsigned char bytes[16];
    for (auto& byte : bytes) byte = static_cast<unsigned char>(random());
    std::string expected;
    for (int k = 0; k < 16; ++k) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", bytes[k]);
      if (k == 4 || k == 6 || k == 8 || k == 10) expected.push_back('-');
      expected += digits;
    }
    REQUIRE(uuid_text(bytes) == expected);
  }
}

TEST_CASE("an IPv4 network is dotted and has its prefix") {
  CHECK(network_text({4, 24, {203, 0, 113, 0}}) == "203.0.113.0/24");
  CHECK(network_text({4, 0, {}}) == "0.0.0.0/0");
  CHECK(network_text({4, 32, {255, 255, 255, 255}}) == "255.255.255.255/32");
}

TEST_CASE("an IPv6 network is written as RFC 5952 recommends") {
  for (const auto& [text, prefix] : {std::pair{"2001:db8::", 48},
                                     {"::", 0},
                                     {"::1", 128},
                                     {"2001:db8::1:0:0:1", 128},     // section 4.2.3: the first of equal runs
                                     {"2001:0:0:1::1", 128},         // the longest run
                                     {"2001:db8:0:1:1:1:1:1", 128},  // section 4.2.2: no :: for one group
                                     {"1:2:3:4:5:6:7:8", 128},
                                     {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128},
                                     {"::ffff:203.0.113.0", 120},  // section 5
                                     {"64:ff9b::cb00:7100", 120},
                                     {"abcd::", 16}}) {
    CHECK(network_text(ipv6(text, prefix)) == std::string(text) + "/" + std::to_string(prefix));
  }
}

TEST_CASE("IPv6 addresses are those of inet_ntop") {
  std::mt19937 random(11);
  for (int i = 0; i < 100'000; ++i) {
    Network network{6, static_cast<std::uint8_t>(random() % 129), {}};
    for (int k = 0; k < 8; ++k) {
      const auto group = random() % 3 == 0 ? random() % 65'536 : random() % 3 == 0 ? random() % 16 : 0;
      network.address[2 * k] = static_cast<std::uint8_t>(group >> 8);
      network.address[2 * k + 1] = static_cast<std::uint8_t>(group);
    }
    char expected[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, network.address, expected, sizeof expected);
    REQUIRE(network_text(network) == std::string(expected) + "/" + std::to_string(network.prefix));
  }
}
