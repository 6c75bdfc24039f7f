// The rows of a dataset against the standards that its fields declare: read as an export reads them, under the same rules,
// and not written.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

struct ViolationRun;

// What a row breaks. No part of the value is in it.
struct Violation {
  const char* key;  // see keyed_query(); null where there is none
  const Field* field;
  const char* reason;
};

struct Conformance {
  const Field* field;
  int64 checked;  // values that are not NULL
  int64 violations;
};

// Admits the call as an export is admitted (period, quota, record) and plans its query. All memory is below `context`;
// `request` must live as long.
ViolationRun* start_violations(const ExportRequest* request, MemoryContext context);

// Method violations: the next one, null after the last; valid until the next call.
const Violation* next_violation(ViolationRun* run);

// Method conformance: all rows are read, then the counts of each field that declares a standard.
const Conformance* count_conformance(ViolationRun* run, int* count);

// As close_export().
void close_violations(ViolationRun* run);

}  // namespace pg_takeout
