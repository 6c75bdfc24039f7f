// What the register says of limits that nobody set.
#include "postgres.hpp"

#include "limits.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_default_rows);
PG_FUNCTION_INFO_V1(takeout_default_requests_per_minute);
}

Datum takeout_default_rows(PG_FUNCTION_ARGS) { PG_RETURN_INT64(pg_takeout::default_rows); }

Datum takeout_default_requests_per_minute(PG_FUNCTION_ARGS) {
  PG_RETURN_INT32(pg_takeout::default_requests_per_minute);
}
