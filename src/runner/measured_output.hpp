// Counts and hashes what goes through to another output.
#pragma once

#include <memory>
#include <string>

#include "../core/sha256.hpp"
#include "output.hpp"

namespace pg_takeout {

class CountingOutput final : public Output {
 public:
  explicit CountingOutput(std::unique_ptr<Output> next, std::uint64_t* bytes) : next_(std::move(next)), bytes_(bytes) {}

  void write(std::string_view bytes) override {
    next_->write(bytes);
    *bytes_ += bytes.size();
  }
  void finish() override { next_->finish(); }

 private:
  std::unique_ptr<Output> next_;
  std::uint64_t* bytes_;
};

// digits: gets the SHA-256 in hexadecimal when the output is finished.
class HashingOutput final : public Output {
 public:
  HashingOutput(std::unique_ptr<Output> next, std::string* digits) : next_(std::move(next)), digits_(digits) {}

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  std::unique_ptr<Output> next_;
  std::string* digits_;
  Sha256 hash_;
};

}  // namespace pg_takeout
