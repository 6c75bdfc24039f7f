// The SQL function takeout.estimate(): how large an export would be, without making it.
//
// The planner is asked, and no row is read: an answer made from rows would tell about rows without a record. It tells no more
// than EXPLAIN of the governed view does to who may read that, for the caller's tenant, and of that only two digits.
#include "postgres.hpp"

#include <algorithm>
#include <cmath>

#include "column_reader.hpp"
#include "exclusions.hpp"
#include "export_plan.hpp"
#include "limits.hpp"
#include "members.hpp"
#include "quota.hpp"

extern "C" {
#include "tcop/dest.h"

PG_FUNCTION_INFO_V1(takeout_estimate);
}

namespace pg_takeout {

namespace {

constexpr ArgumentPositions estimate_arguments = argument_positions(1, 2, 8);

struct Estimate {
  int64 rows;
  uint64 bytes;
};

// What values of the type take as text, mostly; 0 where that is as long as the value is.
int usual_text_width(Oid type) {
  switch (getBaseType(type)) {
    case BOOLOID:
      return 5;
    case INT2OID:
      return 3;
    case INT4OID:
      return 6;
    case INT8OID:
      return 8;
    case FLOAT4OID:
      return 7;
    case FLOAT8OID:
      return 12;
    case DATEOID:
      return 10;
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      return 24;
    case UUIDOID:
      return 36;
    case INETOID:
    case CIDROID:
      return 14;
    default:
      return 0;
  }
}

// Bytes of a row's values as text. The planner tells how wide the row is in memory; what is not of the types above shares
// what these leave of it.
double values_width(const ExportRequest* request, int planned_width) {
  int known_in_memory = 0;
  int known_as_text = 0;
  int others = 0;
  for (int i = 0; i < request->field_count; ++i) {
    const Oid type = view_column_type(request->dataset, request->fields[i]->name);
    const int width = usual_text_width(type);
    if (width == 0) {
      ++others;
      continue;
    }
    known_as_text += width;
    known_in_memory += get_typavgwidth(getBaseType(type), -1);
  }
  return known_as_text + (others > 0 ? std::max(planned_width - known_in_memory, others) : 0);
}

// Bytes that a format adds to a row's values.
double row_frame(const ExportRequest* request) {
  const int fields = request->field_count;
  if (request->options.format == Format::csv) return fields + 1;
  double names = 3;  // braces and comma, or braces and newline
  for (int i = 0; i < fields; ++i) names += static_cast<double>(strlen(request->fields[i]->name)) + 5;
  return names;
}

// Two digits are all that is told.
double rounded(double number) {
  if (number < 100) return std::ceil(number);
  const double unit = std::pow(10, std::floor(std::log10(number)) - 1);
  return std::round(number / unit) * unit;
}

Estimate estimate_of(const ExportRequest* request) {
  Snapshot snapshot = GetActiveSnapshot();
  const int nest_level = begin_rules(request->tenant, snapshot);
  QueryDesc* query = plan_export(export_query(request), request->tenant, snapshot, None_Receiver);
  // What keeps an export from beginning keeps this from answering.
  ExecutorStart(query, EXEC_FLAG_EXPLAIN_ONLY);
  const Plan* plan = query->plannedstmt->planTree;
  const double rows = plan->plan_rows;
  const int width = plan->plan_width;
  ExecutorEnd(query);
  FreeQueryDesc(query);
  end_rules(nest_level);

  // A cell of a sheet has a reference and markup, and what is left of all that when it is compressed.
  constexpr double compressed = 0.35;
  constexpr double workbook_frame = 6000;
  const double values = values_width(request, width);
  const double bytes = request->options.format == Format::xlsx
                           ? workbook_frame + compressed * rows * (values + 3.0 * request->field_count)
                           : rows * (values + row_frame(request));
  constexpr double most = 9e18;
  return {static_cast<int64>(std::min(rounded(rows), most)), static_cast<uint64>(std::min(rounded(bytes), most))};
}

// "export.max_rows" and the like: what an export would be refused for.
ArrayType* exceeded_limits(const ExportRequest* request, const Estimate* estimate) {
  Datum names[7];
  int count = 0;
  for (const Method method : {Method::value, Method::stream}) {
    const Limits limits = limits_of(request->dataset->name, method);
    const auto add = [&](bool exceeded, const char* limit) {
      if (exceeded) names[count++] = CStringGetTextDatum(psprintf("%s.%s", method_name(method), limit));
    };
    add(limits.max_rows >= 0 && estimate->rows > limits.max_rows, "max_rows");
    add(estimate->bytes > limits.max_bytes, "max_bytes");
    add(is_over_period(request, &limits), "max_period");
    if (method == Method::value && limits.requests_per_minute > 0 &&
        quota_state(request->tenant, limits.requests_per_minute).used >= limits.requests_per_minute)
      names[count++] = CStringGetTextDatum("requests_per_minute");
  }
  return construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_estimate(PG_FUNCTION_ARGS) {
  TupleDesc row_type;
  if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");

  const MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "takeout estimate", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRequest* request = read_request(fcinfo, &estimate_arguments, Method::value);
  request->ordered = false;  // what is asked is how much there is
  const Estimate estimate = estimate_of(request);
  MemoryContextSwitchTo(previous);

  Datum values[] = {Int64GetDatum(estimate.rows), Int64GetDatum(static_cast<int64>(estimate.bytes)),
                    PointerGetDatum(exceeded_limits(request, &estimate))};
  bool nulls[] = {false, false, false};
  MemoryContextDelete(context);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row_type), values, nulls)));
}
