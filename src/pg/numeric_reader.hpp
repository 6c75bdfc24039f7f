// The text of a numeric, from its packed form.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

struct NumericText {
  const char* text;
  size_t length;
};

// `data` is what follows the varlena header. The text stands in `buffer`, or in CurrentMemoryContext when it is longer;
// `digits` is scratch room for `digits_room` digits.
NumericText numeric_text(const char* data, int length, int16* digits, int digits_room, char* buffer,
                         size_t buffer_size);

}  // namespace pg_takeout
