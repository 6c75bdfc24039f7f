// A dataset export in progress: its queries run one after the other under one snapshot, their rows go into one file.
#pragma once

#include "postgres.hpp"

#include "export_group.hpp"
#include "export_query.hpp"
#include "export_request.hpp"
#include "file_output.hpp"
#include "limits.hpp"
#include "page_end.hpp"

namespace pg_takeout {

struct ExportRun;

// Plans the first query. All memory is below `context`; `request` must live as long.
ExportRun* start_export(ExportRequest* request, MemoryContext context);
ExportRun* start_page(ExportRequest* request, const PageStart* start, int64 page_rows, MemoryContext context);

// A part of an export in parts, whose file is a stream that goes behind that of the part before.
ExportRun* start_part_of_group(const ExportRequest* request, GroupPart* part, MemoryContext context);

// Runs on. Stream: the next chunk, null after the last; valid until the next call.
bytea* next_stream_chunk(ExportRun* run);
// Value or page: the whole file, in CurrentMemoryContext.
bytea* whole_file(ExportRun* run);
PageEnd page_end(const ExportRun* run);
const ExportRequest* request_of(const ExportRun* run);

// Rows of the export that this session completed last; -1 before the first.
int64 last_export_rows();

// Ends the query that runs and releases the snapshot and the temporary file, wherever the export stands. Not to be called
// after an error: abort cleans up by itself.
void close_export(ExportRun* run);

}  // namespace pg_takeout
