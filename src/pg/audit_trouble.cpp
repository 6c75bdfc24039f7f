// What keeps exports from being recorded, for takeout.check().
#include "postgres.hpp"

#include <unistd.h>

extern "C" {
PG_FUNCTION_INFO_V1(takeout_audit_trouble);
}

#include "audit_writer.hpp"
#include "settings.hpp"
#include "shared_memory.hpp"

using namespace pg_takeout;

Datum takeout_audit_trouble(PG_FUNCTION_ARGS) {
  if (!is_preloaded()) PG_RETURN_NULL();
  const char* trouble = nullptr;
  if (pg_atomic_read_u32(&audit_state->broken) != 0)
    trouble = "A flush to disk failed: nothing is exported until the server is restarted";
  else if (audit_state->used_elsewhere)
    trouble = "Another server uses the directory: nothing is exported until one of them has another";
  else if (access(settings::audit_directory, W_OK | X_OK) != 0)
    trouble = psprintf("The server cannot write to it, so nothing is exported: %s", pg_strerror(errno));
  if (trouble == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(trouble));
}
