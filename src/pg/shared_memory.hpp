// Memory that all backends share, had at server start where shared_preload_libraries names the library: quota, audit and
// the budget of results keep their state there.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// From _PG_init: asks for the memory while shared_preload_libraries is read, does nothing in a backend.
void install_shared_memory();

// Raises 55000 where the library was not loaded at server start.
void require_preload();
bool is_preloaded();

}  // namespace pg_takeout
