#include "measured_output.hpp"

#include "../core/hex_text.hpp"
#include "failure.hpp"

namespace pg_takeout {

void HashingOutput::write(std::string_view bytes) {
  hash_.add(bytes);
  next_->write(bytes);
}

void HashingOutput::finish() {
  Sha256Digest digest;
  if (!hash_.finish(&digest)) throw Failure(ExitCode::not_delivered, "cannot compute the SHA-256");
  digits_->resize(2 * digest.size());
  write_hex(digits_->data(), digest.data(), digest.size());
  next_->finish();
}

}  // namespace pg_takeout
