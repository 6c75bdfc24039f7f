#include "sha256.hpp"

#include <openssl/evp.h>

#include <new>

namespace pg_takeout {

namespace {

EVP_MD_CTX* open_context() {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (context == nullptr) return nullptr;
  if (EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1) return context;
  EVP_MD_CTX_free(context);
  return nullptr;
}

}  // namespace

Sha256::Sha256() : context_(open_context()) {
  if (context_ == nullptr) throw std::bad_alloc();
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

bool Sha256::add(std::string_view bytes) noexcept {
  failed_ = failed_ || EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1;
  return !failed_;
}

bool Sha256::finish(Sha256Digest* digest) noexcept {
  failed_ = failed_ || EVP_DigestFinal_ex(context_, digest->data(), nullptr) != 1;
  const bool finished = !failed_;
  failed_ = true;
  return finished;
}

bool sha256_of(std::string_view head, std::string_view tail, Sha256Digest* digest) noexcept {
  EVP_MD_CTX* context = open_context();
  if (context == nullptr) return false;
  const bool done = EVP_DigestUpdate(context, head.data(), head.size()) == 1 &&
                    EVP_DigestUpdate(context, tail.data(), tail.size()) == 1 &&
                    EVP_DigestFinal_ex(context, digest->data(), nullptr) == 1;
  EVP_MD_CTX_free(context);
  return done;
}

}  // namespace pg_takeout
