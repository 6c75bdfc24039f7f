#include "postgres.hpp"

#include "export_stream.hpp"

namespace pg_takeout {

namespace {

// The caller may leave the rest of a stream unread: LIMIT, CLOSE, the end of a query.
void abandon(Datum run) { close_export(reinterpret_cast<ExportRun*>(DatumGetPointer(run))); }

}  // namespace

Datum stream_export(FunctionCallInfo fcinfo, ExportRun* (*start)(FunctionCallInfo fcinfo, MemoryContext context)) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    ExportRun* run = start(fcinfo, call->multi_call_memory_ctx);
    call->user_fctx = run;
    RegisterExprContextCallback(result->econtext, abandon, PointerGetDatum(run));
  }
  call = SRF_PERCALL_SETUP();

  auto* run = static_cast<ExportRun*>(call->user_fctx);
  bytea* chunk = next_stream_chunk(run);
  if (chunk != nullptr) SRF_RETURN_NEXT(call, PointerGetDatum(chunk));

  UnregisterExprContextCallback(result->econtext, abandon, PointerGetDatum(run));
  close_export(run);
  SRF_RETURN_DONE(call);
}

}  // namespace pg_takeout
