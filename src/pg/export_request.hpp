// What a caller asked an export for, checked against the dataset and the limits.
#pragma once

#include "postgres.hpp"

#include "dataset.hpp"
#include "format_options.hpp"

namespace pg_takeout {

// The last two read a dataset as an export does, and make no file of it.
enum class Method { value, stream, page, violations, conformance };

// The `method` of takeout.limits, and of the record.
const char* method_name(Method method);

// Whether its file is one value, which is limited by default.
inline bool makes_one_value(Method method) { return method == Method::value || method == Method::page; }
inline bool makes_file(Method method) { return makes_one_value(method) || method == Method::stream; }

struct ExportRequest {
  Method method;
  Dataset* dataset;
  FormatOptions options;
  const char** ids;  // null: all
  int id_count;
  bool has_since;
  TimestampTz since;
  bool has_until;
  TimestampTz until;
  bool has_end;  // where the period ends: until, or with a longest period and without until the end of that
  TimestampTz end;
  const Field** fields;  // the columns to write, in the order asked for
  int field_count;
  const char* tenant;    // whose rows: one that the caller is a member of
  bool tenant_is_known;  // by a row of takeout.members or the dataset; else the caller, a member of all, named it
  bool ordered;
};

inline constexpr int max_ids = 100000;

// The arguments every export function shares, at their positions in the call; -1 where it has none.
struct ArgumentPositions {
  int dataset, format, ids, since, until, columns, tenant, options, ordered;
};

// Those of ids to options follow one another.
constexpr ArgumentPositions argument_positions(int format, int ids, int ordered) {
  return {0, format, ids, ids + 1, ids + 2, ids + 3, ids + 4, ids + 5, ordered};
}

// Reads and checks a call's arguments. Raises 55000 where the library is not preloaded, 42704 for the dataset, 22023 for what it does not have, 42501 for a
// tenant that the caller is not a member of, 54000 for too many ids. Allocated in CurrentMemoryContext.
ExportRequest* read_request(FunctionCallInfo fcinfo, const ArgumentPositions* at, Method method);

}  // namespace pg_takeout
