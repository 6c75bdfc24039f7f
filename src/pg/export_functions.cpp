// The SQL functions that export a dataset: export, export_stream, export_page.
#include "postgres.hpp"

#include "admission.hpp"
#include "export_request.hpp"
#include "export_run.hpp"
#include "export_stream.hpp"
#include "page_cursor.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_export);
PG_FUNCTION_INFO_V1(takeout_export_stream);
PG_FUNCTION_INFO_V1(takeout_export_page);
PG_FUNCTION_INFO_V1(takeout_last_export_rows);
}

namespace pg_takeout {

namespace {

constexpr ArgumentPositions export_arguments = argument_positions(1, 2, 8);
constexpr ArgumentPositions page_arguments = argument_positions(1, 4, -1);
constexpr int page_after_argument = 2;
constexpr int page_rows_argument = 3;

void check_page(const ExportRequest* request, int32 page_rows) {
  if (page_rows < 1)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("page_rows must be at least 1, not %d", page_rows)));
  if (request->dataset->key_count == 0)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("dataset \"%s\" has no key to page by", request->dataset->name),
             errhint("Its owner can name one: takeout.alter_dataset('%s', key => ...); or use takeout.export_stream().",
                     request->dataset->name)));
}

// Reads the call's arguments and starts what they ask for.
ExportRun* start(FunctionCallInfo fcinfo, Method method, MemoryContext context) {
  if (method != Method::page) return start_export(read_request(fcinfo, &export_arguments, method), context);

  ExportRequest* request = read_request(fcinfo, &page_arguments, method);
  const int32 page_rows = PG_ARGISNULL(page_rows_argument) ? 0 : PG_GETARG_INT32(page_rows_argument);
  check_page(request, page_rows);
  const PageStart* start = PG_ARGISNULL(page_after_argument)
                               ? nullptr
                               : read_cursor(request, text_to_cstring(PG_GETARG_TEXT_PP(page_after_argument)));
  return start_page(request, start, page_rows, context);
}

// An export in `context`; one that is refused is on record.
ExportRun* start_on_record(FunctionCallInfo fcinfo, Method method, MemoryContext context) {
  const ArgumentPositions* at = method == Method::page ? &page_arguments : &export_arguments;
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRun* run = nullptr;
  PG_TRY();
  { run = start(fcinfo, method, context); }
  PG_CATCH();
  {
    record_refusal(fcinfo, at, method_name(method), context);
    PG_RE_THROW();
  }
  PG_END_TRY();
  MemoryContextSwitchTo(previous);
  return run;
}

ExportRun* start_stream(FunctionCallInfo fcinfo, MemoryContext context) {
  return start_on_record(fcinfo, Method::stream, context);
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_export(PG_FUNCTION_ARGS) {
  const MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "takeout export", ALLOCSET_DEFAULT_SIZES);
  ExportRun* run = start_on_record(fcinfo, Method::value, context);
  bytea* file = whole_file(run);
  close_export(run);
  MemoryContextDelete(context);
  PG_RETURN_BYTEA_P(file);
}

Datum takeout_export_stream(PG_FUNCTION_ARGS) { return stream_export(fcinfo, start_stream); }

Datum takeout_export_page(PG_FUNCTION_ARGS) {
  TupleDesc row_type;
  if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");

  const MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "takeout page", ALLOCSET_DEFAULT_SIZES);
  ExportRun* run = start_on_record(fcinfo, Method::page, context);
  bytea* file = whole_file(run);
  const PageEnd end = page_end(run);

  Datum values[4];
  bool nulls[4] = {false, false, end.complete, false};
  values[0] = PointerGetDatum(file);
  values[1] = Int64GetDatum(end.row_count);
  values[2] = end.complete ? Datum{0} : CStringGetTextDatum(write_cursor(request_of(run), end.time, end.key));
  values[3] = BoolGetDatum(end.complete);
  close_export(run);
  MemoryContextDelete(context);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row_type), values, nulls)));
}

Datum takeout_last_export_rows(PG_FUNCTION_ARGS) {
  const int64 rows = last_export_rows();
  if (rows < 0) PG_RETURN_NULL();
  PG_RETURN_INT64(rows);
}
