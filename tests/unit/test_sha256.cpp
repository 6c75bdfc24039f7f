#include <catch2/catch.hpp>
#include <string>

#include "hex_text.hpp"
#include "sha256.hpp"

using namespace pg_takeout;

namespace {

std::string hex(const Sha256Digest& digest) {
  std::string text(2 * digest.size(), '\0');
  write_hex(text.data(), digest.data(), digest.size());
  return text;
}

std::string in_pieces(const std::string& bytes, std::size_t piece) {
  Sha256 hash;
  for (std::size_t at = 0; at < bytes.size(); at += piece) CHECK(hash.add(std::string_view(bytes).substr(at, piece)));
  Sha256Digest digest;
  REQUIRE(hash.finish(&digest));
  return hex(digest);
}

}  // namespace

// The examples of FIPS 180-2, appendix B.
TEST_CASE("the standard's examples hold") {
  Sha256Digest digest;
  REQUIRE(sha256_of("", "", &digest));
  CHECK(hex(digest) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  REQUIRE(sha256_of("a", "bc", &digest));
  CHECK(hex(digest) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(in_pieces("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 7) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(in_pieces(std::string(1'000'000, 'a'), 4097) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a finished hash takes nothing more and has no second result") {
  Sha256 hash;
  CHECK(hash.add("abc"));
  Sha256Digest digest;
  CHECK(hash.finish(&digest));
  CHECK_FALSE(hash.add("d"));
  CHECK_FALSE(hash.finish(&digest));
}
