// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which uses the processor's SHA instructions where there are some.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

struct evp_md_ctx_st;

namespace pg_takeout {

using Sha256Digest = std::array<unsigned char, 32>;

// Of bytes that come piece by piece. It owns memory of libcrypto's, outside every memory context: its destructor must run.
class Sha256 {
 public:
  Sha256();  // throws std::bad_alloc
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  // False where libcrypto fails; from then on finish() does too.
  bool add(std::string_view bytes) noexcept;

  // Once: nothing can be added afterwards.
  [[nodiscard]] bool finish(Sha256Digest* digest) noexcept;

 private:
  evp_md_ctx_st* context_;
  bool failed_ = false;
};

// Of two pieces in a row. False where there is no memory.
[[nodiscard]] bool sha256_of(std::string_view head, std::string_view tail, Sha256Digest* digest) noexcept;

}  // namespace pg_takeout
