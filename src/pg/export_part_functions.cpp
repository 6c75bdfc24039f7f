// The SQL functions that export a dataset in parts: export_parts, export_part.
#include "postgres.hpp"

#include "../core/sha256.hpp"
#include "admission.hpp"
#include "boundary.hpp"
#include "export_cuts.hpp"
#include "export_group.hpp"
#include "export_request.hpp"
#include "export_run.hpp"
#include "export_stream.hpp"
#include "page_cursor.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_export_parts);
PG_FUNCTION_INFO_V1(takeout_export_part);
}

namespace pg_takeout {

namespace {

// dataset, parts (or the part), format, ids, since, until, columns, tenant, options.
constexpr ArgumentPositions arguments = argument_positions(2, 3, -1);
constexpr int parts_argument = 1;

// Files of other formats are not joined by putting one behind the other.
void check_format(const ExportRequest* request) {
  const Format format = request->options.format;
  if (format == Format::csv || format == Format::jsonl) return;
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("a file of format %s cannot be made in parts", format_name(format)),
                  errhint("Use csv or jsonl, or takeout.export_stream().")));
}

// The parts are read by several sessions under one snapshot, and what one of them writes would be in its part only.
void check_transaction(const char* function) {
  if (IsolationUsesXactSnapshot() && XactReadOnly) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("takeout.%s() needs a transaction that keeps its snapshot and only reads", function),
                  errhint("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY.")));
}

Sha256Digest digest_of(const ExportRequest* request) {
  StringInfoData bytes;
  initStringInfo(&bytes);
  append_binding(&bytes, request);
  const FormatOptions* options = &request->options;
  append_value(&bytes, format_name(options->format));
  appendStringInfo(&bytes, "%d %d %d ", options->excel, options->delimiter, options->header);
  append_value(&bytes, options->null_text);
  for (int i = 0; i < request->field_count; ++i) append_value(&bytes, request->fields[i]->name);
  Sha256Digest digest;
  if (!sha256_of({bytes.data, static_cast<size_t>(bytes.len)}, {}, &digest)) elog(ERROR, "could not hash a request");
  return digest;
}

GroupBinding binding_of(const ExportRequest* request) {
  const Snapshot snapshot = GetActiveSnapshot();
  // On a standby all that run are in the other array, with their subtransactions.
  const auto running = snapshot->takenDuringRecovery && !snapshot->suboverflowed
                           ? static_cast<uint32>(snapshot->subxcnt)
                           : snapshot->xcnt;
  return {MyDatabaseId, GetSessionUserId(), digest_of(request), snapshot->xmin, snapshot->xmax, running};
}

// The result: a token for each part, in order.
struct Tokens {
  const char* group;
  int count;
};

Tokens* begin_parts(FunctionCallInfo fcinfo) {
  ExportRequest* request = read_request(fcinfo, &arguments, Method::stream);
  const int32 parts = PG_ARGISNULL(parts_argument) ? 0 : PG_GETARG_INT32(parts_argument);
  if (parts < 1 || parts > max_parts)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("parts must be from 1 to %d, not %d", max_parts, parts)));
  check_format(request);
  check_transaction(parts_method);

  const Limits limits = limits_of(request->dataset->name, request->method);
  // The parts' calls are those of this one, and not yet held to the period.
  const GroupBinding binding = binding_of(request);
  hold_to_period(request, &limits);
  const GroupEnd end{request->has_end, request->end};
  check_group_room(&binding);
  AuditRecord* record = admit_parts(request, &limits, parts, CurTransactionContext);
  auto* tokens = static_cast<Tokens*>(palloc(sizeof(Tokens)));
  PG_TRY();
  {
    const GroupCuts* cuts = cut_export(request, parts);
    *tokens = {open_group(&binding, &end, &limits, cuts, record), cuts->count + 1};
  }
  PG_CATCH();
  {
    fail_audit(record, geterrcode());
    PG_RE_THROW();
  }
  PG_END_TRY();
  return tokens;
}

ExportRun* begin_one_part(FunctionCallInfo fcinfo, MemoryContext context) {
  ExportRequest* request = read_request(fcinfo, &arguments, Method::stream);
  check_format(request);
  check_transaction(part_method);
  if (PG_ARGISNULL(parts_argument))
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("part must not be NULL")));
  const GroupBinding binding = binding_of(request);
  GroupPart* part = begin_part(text_to_cstring(PG_GETARG_TEXT_PP(parts_argument)), &binding);
  request->options.continues = part->number > 0;
  request->has_end = part->end.is_set;
  request->end = part->end.time;
  return start_part_of_group(request, part, context);
}

ExportRun* begin_part_on_record(FunctionCallInfo fcinfo, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRun* run = nullptr;
  PG_TRY();
  { run = begin_one_part(fcinfo, context); }
  PG_CATCH();
  {
    record_refusal(fcinfo, &arguments, part_method, context);
    PG_RE_THROW();
  }
  PG_END_TRY();
  MemoryContextSwitchTo(previous);
  return run;
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_export_parts(PG_FUNCTION_ARGS) {
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    PG_TRY();
    { call->user_fctx = begin_parts(fcinfo); }
    PG_CATCH();
    {
      record_refusal(fcinfo, &arguments, parts_method, call->multi_call_memory_ctx);
      PG_RE_THROW();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(previous);
  }
  call = SRF_PERCALL_SETUP();
  const auto* tokens = static_cast<Tokens*>(call->user_fctx);
  const auto part = static_cast<int>(call->call_cntr);
  if (part == tokens->count) SRF_RETURN_DONE(call);
  SRF_RETURN_NEXT(call, CStringGetTextDatum(part_token(tokens->group, part)));
}

Datum takeout_export_part(PG_FUNCTION_ARGS) { return stream_export(fcinfo, begin_part_on_record); }
