// A writer turns rows of cells into a file's bytes. begin(), row() any number of times, end().
#pragma once

#include <span>

#include "cell.hpp"

namespace pg_takeout {

class Writer {
 public:
  virtual ~Writer() = default;

  // The columns' names are read during the call only.
  virtual void begin(std::span<const Column> columns) = 0;
  // As many cells as columns, in their order.
  virtual void row(std::span<const Cell> cells) = 0;
  virtual void end() = 0;
};

}  // namespace pg_takeout
