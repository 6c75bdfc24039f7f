// The memory that all results under construction on the server share: takeout.total_result_bytes. A result is held in
// memory as a whole where it is one bytea value, until PostgreSQL has sent it or put it where it belongs; many large ones
// at once would otherwise take the server down.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

struct ResultBudget;

// The share of one result, nothing at first. What it holds goes back when the context is reset or deleted, on abort too,
// and when the session ends.
ResultBudget* open_budget(MemoryContext context);

// The result takes `total` bytes now. Raises 53200 where all together would pass the setting; the share then stays as it
// was. Nothing happens where the library is not preloaded.
void reserve(ResultBudget* budget, uint64 total);

// The finished result lives in the context from now on, and its share, now `total` bytes, with it.
void hand_over(ResultBudget* budget, uint64 total, MemoryContext context);

// For src/pg/shared_memory.cpp.
Size budget_memory_size();
void start_budget_memory(void* memory, bool found);

}  // namespace pg_takeout
