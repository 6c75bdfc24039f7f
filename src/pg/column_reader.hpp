// Column readers: from a datum to a cell, by a function chosen once per column from the column's type.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "pgtime.h"
}

#include "../core/cell.hpp"

namespace pg_takeout {

struct AddressMasker;
struct ColumnReader;
struct EnumLabels;

using ReadFunction = void (*)(ColumnReader* reader, Datum value, Cell* cell);

// Lives in a memory context, as long as the export or aggregate that made it.
struct ColumnReader {
  ReadFunction read;
  const char* name;  // valid UTF-8
  CellKind kind;
  bool needs_settings;  // its text depends on settings that pin_settings() pins

  FmgrInfo output;        // for types that are written by their output function
  AddressMasker* masker;  // for types that hold addresses
  EnumLabels* labels;     // for enums
  MemoryContext context;  // where labels live
  pg_tz* zone;            // zone that timestamptz is shifted to, or null for UTC
  pg_time_t zone_period;  // the quarter of an hour, since 1970, that zone_offset holds for
  int64 zone_offset;      // microseconds
  Network network;
  int16 digits[64];
  char text[512];
};

struct ReaderOptions {
  pg_tz* zone;  // null: UTC
};

// Readers for the columns [0, count) of the row type, without dropped ones (their read is null). Allocated in `context`.
ColumnReader* make_column_readers(TupleDesc row_type, int count, ReaderOptions options, MemoryContext context);

// Fills cells from values. Scratch memory comes from CurrentMemoryContext, which must live until the writer has had the
// cells. Raises 22021 for text that is not valid in UTF-8.
inline void read_cells(ColumnReader* readers, int count, const Datum* values, const bool* nulls, Cell* cells) {
  for (int i = 0; i < count; ++i) {
    if (nulls[i])
      cells[i] = Cell{};
    else
      readers[i].read(&readers[i], values[i], &cells[i]);
  }
}

// Server-encoded text as UTF-8; raises 22021. The same pointer where nothing is to be done.
char* to_utf8(const char* text, int length);

// Holds the settings that output functions depend on (DateStyle, IntervalStyle, TimeZone, extra_float_digits,
// bytea_output) to fixed values, so that the same data gives the same bytes whoever exports. Undone by
// unpin_settings(), and by abort.
int pin_settings();
void unpin_settings(int nest_level);

}  // namespace pg_takeout
