// What never leaves the database: relations in takeout.excluded_relations, system catalogs, the tables of takeout itself.
//
// While an export runs, every query is checked when its executor starts, also those inside functions and parallel
// workers. Whether one runs is a setting (takeout.exporting) that only these functions change: it has an end with its nest
// level and on abort, and parallel workers inherit it.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// From _PG_init, before the prefix of settings is reserved; needs no preload.
void define_exporting_setting();
// From _PG_init.
void install_exclusion_hook();

// From here to the end of the innermost nest level of settings (unpin_settings(), abort) queries raise 42501 that read
// what is never exported. Calls may nest.
void begin_exclusion_checks();

// Whether the call stands inside an export.
bool is_exporting();

// Around a query of the extension's own, which may read takeout's tables; undone by abort too.
int pause_exclusion_checks();
void resume_exclusion_checks(int nest_level);

}  // namespace pg_takeout
