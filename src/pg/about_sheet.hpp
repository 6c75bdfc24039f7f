// What an XLSX file's About sheet says.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"
#include "file_output.hpp"

namespace pg_takeout {

// Allocated in CurrentMemoryContext.
AboutEntry* about_dataset(const ExportRequest* request, int64 row_count, int* count);
AboutEntry* about_query(const FormatOptions* options, int64 row_count, int* count);

}  // namespace pg_takeout
