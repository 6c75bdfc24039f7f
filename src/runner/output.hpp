// Where the bytes of a file go, piece by piece.
#pragma once

#include <string_view>

namespace pg_takeout {

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;  // of what was not finished, no file stays

  // These throw Failure (not_delivered).
  virtual void write(std::string_view bytes) = 0;
  // All is written: does what takes long, so that finish() is quick. May be left out.
  virtual void settle() {}
  // All is written: makes it last. Once.
  virtual void finish() = 0;
};

}  // namespace pg_takeout
