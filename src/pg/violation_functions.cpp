// The SQL functions that hold a dataset against the standards of its fields: violations, conformance.
#include "postgres.hpp"

#include "admission.hpp"
#include "export_request.hpp"
#include "violation_run.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_violations);
PG_FUNCTION_INFO_V1(takeout_conformance);
}

namespace pg_takeout {

namespace {

constexpr ArgumentPositions arguments{.dataset = 0,
                                      .format = -1,
                                      .ids = 1,
                                      .since = 2,
                                      .until = 3,
                                      .columns = 4,
                                      .tenant = 5,
                                      .options = -1,
                                      .ordered = 7};
constexpr int options_argument = 6;

// They are those of a format, and there is no file.
void check_options(FunctionCallInfo fcinfo, Method method) {
  if (PG_ARGISNULL(options_argument) || JB_ROOT_COUNT(PG_GETARG_JSONB_P(options_argument)) == 0) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("takeout.%s() has no options", method_name(method)),
                  errhint("Options are those of a file's format; leave them out.")));
}

ViolationRun* start(FunctionCallInfo fcinfo, Method method, MemoryContext context) {
  check_options(fcinfo, method);
  return start_violations(read_request(fcinfo, &arguments, method), context);
}

// In `context`; a call that is refused is on record.
ViolationRun* start_on_record(FunctionCallInfo fcinfo, Method method, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ViolationRun* run = nullptr;
  PG_TRY();
  { run = start(fcinfo, method, context); }
  PG_CATCH();
  {
    record_refusal(fcinfo, &arguments, method_name(method), context);
    PG_RE_THROW();
  }
  PG_END_TRY();
  MemoryContextSwitchTo(previous);
  return run;
}

void set_row_type(FunctionCallInfo fcinfo, FuncCallContext* call) {
  TupleDesc row_type;
  if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
  call->tuple_desc = BlessTupleDesc(CreateTupleDescCopy(row_type));
  MemoryContextSwitchTo(previous);
}

// The caller may leave the rest unread: LIMIT, CLOSE, the end of a query.
void abandon(Datum run) { close_violations(reinterpret_cast<ViolationRun*>(DatumGetPointer(run))); }

Datum violation_row(FuncCallContext* call, const Violation* violation) {
  Datum values[4] = {Datum{0}, CStringGetTextDatum(violation->field->name),
                     CStringGetTextDatum(violation->field->standard), CStringGetTextDatum(violation->reason)};
  bool nulls[4] = {violation->key == nullptr, false, false, false};
  if (violation->key != nullptr) values[0] = CStringGetTextDatum(violation->key);
  return HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls));
}

Datum conformance_row(FuncCallContext* call, const Conformance* counts) {
  Datum values[4] = {CStringGetTextDatum(counts->field->name), CStringGetTextDatum(counts->field->standard),
                     Int64GetDatum(counts->checked), Int64GetDatum(counts->violations)};
  bool nulls[4] = {false, false, false, false};
  return HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls));
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_violations(PG_FUNCTION_ARGS) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    set_row_type(fcinfo, call);
    ViolationRun* run = start_on_record(fcinfo, Method::violations, call->multi_call_memory_ctx);
    call->user_fctx = run;
    RegisterExprContextCallback(result->econtext, abandon, PointerGetDatum(run));
  }
  call = SRF_PERCALL_SETUP();

  auto* run = static_cast<ViolationRun*>(call->user_fctx);
  const Violation* violation = next_violation(run);
  if (violation != nullptr) SRF_RETURN_NEXT(call, violation_row(call, violation));

  UnregisterExprContextCallback(result->econtext, abandon, PointerGetDatum(run));
  close_violations(run);
  SRF_RETURN_DONE(call);
}

Datum takeout_conformance(PG_FUNCTION_ARGS) {
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    set_row_type(fcinfo, call);
    ViolationRun* run = start_on_record(fcinfo, Method::conformance, call->multi_call_memory_ctx);
    int count = 0;
    call->user_fctx = const_cast<Conformance*>(count_conformance(run, &count));
    call->max_calls = static_cast<uint64>(count);
    close_violations(run);
  }
  call = SRF_PERCALL_SETUP();
  if (call->call_cntr == call->max_calls) SRF_RETURN_DONE(call);
  const Conformance* counts = &static_cast<const Conformance*>(call->user_fctx)[call->call_cntr];
  SRF_RETURN_NEXT(call, conformance_row(call, counts));
}
