// An export as a set-returning function that gives one chunk of the file after the other.
#pragma once

#include "postgres.hpp"

#include "export_run.hpp"

namespace pg_takeout {

// What the SQL function returns for this call. start: begins the export in the context, at the first call.
Datum stream_export(FunctionCallInfo fcinfo, ExportRun* (*start)(FunctionCallInfo fcinfo, MemoryContext context));

}  // namespace pg_takeout
