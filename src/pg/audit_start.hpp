// The audit's part of shared memory, for src/pg/shared_memory.cpp.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

Size audit_memory_size();
void start_audit_memory(void* memory, bool found);

}  // namespace pg_takeout
