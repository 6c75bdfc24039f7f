// The SQL function takeout.quota().
#include "postgres.hpp"

#include <initializer_list>

#include "dataset.hpp"
#include "limits.hpp"
#include "members.hpp"
#include "quota.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_quota);
}

namespace pg_takeout {

namespace {

struct QuotaCall {
  Membership tenants;
  Limits limits;
};

Method method_of(const char* name) {
  for (const Method method : {Method::value, Method::stream, Method::page, Method::violations, Method::conformance})
    if (strcmp(name, method_name(method)) == 0) return method;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no method \"%s\"", name),
                  errhint("The methods are: export, export_page, export_stream, violations, conformance.")));
  pg_unreachable();
}

Membership asked_tenants(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0)) return visible_tenants();
  Membership membership = session_membership();
  const char* tenant = text_to_cstring(PG_GETARG_TEXT_PP(0));
  check_member(&membership, tenant);
  membership.tenants = static_cast<const char**>(palloc(sizeof(char*)));
  membership.tenants[0] = tenant;
  membership.count = 1;
  return membership;
}

Limits asked_limits(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(2)) ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("method must not be NULL")));
  const Method method = method_of(text_to_cstring(PG_GETARG_TEXT_PP(2)));
  return limits_of(PG_ARGISNULL(1) ? nullptr : load_dataset(text_to_cstring(PG_GETARG_TEXT_PP(1)))->name, method);
}

Datum quota_row(const char* tenant, const Limits* limits, TupleDesc row_type) {
  const QuotaState state = quota_state(tenant, limits->requests_per_minute);
  const bool has_quota = limits->requests_per_minute > 0;
  Datum values[] = {CStringGetTextDatum(tenant),
                    Int32GetDatum(limits->requests_per_minute),
                    Int32GetDatum(Max(limits->requests_per_minute - state.used, 0)),
                    TimestampTzGetDatum(state.resets_at),
                    Int64GetDatum(limits->max_rows),
                    Int64GetDatum(static_cast<int64>(limits->max_bytes)),
                    IntervalPGetDatum(limits->max_period)};
  bool nulls[] = {false,
                  !has_quota,
                  !has_quota,
                  !has_quota || state.used == 0,
                  limits->max_rows < 0,
                  limits->max_bytes == UINT64_MAX,
                  limits->max_period == nullptr};
  return HeapTupleGetDatum(heap_form_tuple(row_type, values, nulls));
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_quota(PG_FUNCTION_ARGS) {
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    TupleDesc row_type;
    if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    call->tuple_desc = BlessTupleDesc(row_type);
    auto* asked = static_cast<QuotaCall*>(palloc(sizeof(QuotaCall)));
    asked->tenants = asked_tenants(fcinfo);
    asked->limits = asked_limits(fcinfo);
    call->user_fctx = asked;
    MemoryContextSwitchTo(previous);
  }
  call = SRF_PERCALL_SETUP();
  const auto* asked = static_cast<const QuotaCall*>(call->user_fctx);
  if (call->call_cntr == static_cast<uint64>(asked->tenants.count)) SRF_RETURN_DONE(call);
  // SRF_RETURN_NEXT counts before it looks at the row.
  const Datum row = quota_row(asked->tenants.tenants[call->call_cntr], &asked->limits, call->tuple_desc);
  SRF_RETURN_NEXT(call, row);
}
