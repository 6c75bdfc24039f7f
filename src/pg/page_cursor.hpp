// The cursor of export_page: where the next page begins, as opaque text that nobody can make up or alter.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "lib/stringinfo.h"
}

#include "export_query.hpp"
#include "export_request.hpp"

namespace pg_takeout {

// base64url of HMAC-SHA-256 (key: takeout.secret; over the session's role, the request's dataset, tenant and filter, and
// the sort values) followed by the sort values.
const char* write_cursor(const ExportRequest* request, const char* time, const char* const* key);

// Appends a text, or null, so that no two series of them give the same bytes.
void append_value(StringInfo bytes, const char* text);

// What binds a cursor to the export it was made by: role, dataset, its order, tenant and filter.
void append_binding(StringInfo bytes, const ExportRequest* request);

// Raises 22023 for text that write_cursor() did not make for the same role and request.
PageStart* read_cursor(const ExportRequest* request, const char* cursor);

}  // namespace pg_takeout
