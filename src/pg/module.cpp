#include "postgres.hpp"

#include "copy_raw.hpp"
#include "exclusions.hpp"
#include "settings.hpp"
#include "shared_memory.hpp"
#include "spread_rows.hpp"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
  pg_takeout::settings::define_settings();
  pg_takeout::install_shared_memory();
  pg_takeout::install_copy_raw_hook();
  pg_takeout::install_exclusion_hook();
  pg_takeout::install_row_spreading();
}
}
