// Takes a query's rows and sends the bytes of their one column to the client as CopyData messages.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "tcop/dest.h"
}

namespace pg_takeout {

struct RawReceiver {
  DestReceiver base;    // what the executor sees; must come first
  bool is_buffer_wide;  // room for whole messages on their way to the client
  MemoryContext row_context;
  bool text;     // converted to the client's encoding
  uint64 rows;   // NULLs included
  uint64 bytes;  // sent
};

[[nodiscard]] RawReceiver* make_raw_receiver();

// Tells the client that data follows. Raises 0A000, before anything is sent, unless the rows are of one column of type
// bytea or text.
void begin_raw_copy(RawReceiver* receiver, TupleDesc row_type);

// Tells the client that this was all.
void end_raw_copy(RawReceiver* receiver);

}  // namespace pg_takeout
