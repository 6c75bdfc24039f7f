// The text of a jsonb, straight from its binary form: what JsonbToCString() gives, in a fraction of the time.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "utils/jsonb.h"
}

namespace pg_takeout {

// In CurrentMemoryContext.
StringInfoData jsonb_text(const Jsonb* jsonb);

}  // namespace pg_takeout
