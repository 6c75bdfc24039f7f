// The SQL functions next_runs(cron, zone, n, after) and check_options(format, options).
#include "postgres.hpp"

extern "C" {
#include "pgtime.h"

PG_FUNCTION_INFO_V1(takeout_next_runs);
PG_FUNCTION_INFO_V1(takeout_check_options);

PGDLLEXPORT Datum takeout_next_runs(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_check_options(PG_FUNCTION_ARGS);
}

#include "../core/cron_zone.hpp"
#include "../core/error.hpp"
#include "boundary.hpp"
#include "column_reader.hpp"
#include "format_options.hpp"

namespace pg_takeout {

namespace {

constexpr int64 epoch_shift = int64{POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE} * SECS_PER_DAY;

// A zone as this server's own time zone data have it. pg_next_dst_boundary raises no PostgreSQL errors.
class ServerZone final : public Zone {
 public:
  explicit ServerZone(const pg_tz* zone) : zone_(zone) {}

  [[nodiscard]] ZoneOffset at(std::int64_t instant) const override {
    const pg_time_t time = instant;
    pg_time_t boundary;
    long before;
    long after;
    int before_is_dst;
    int after_is_dst;
    switch (pg_next_dst_boundary(&time, &before, &before_is_dst, &boundary, &after, &after_is_dst, zone_)) {
      case 0:
        return {before, forever};
      case 1:
        return {before, boundary};
      default:
        throw Error(ErrorCode::internal, "time is out of range of the time zone data");
    }
  }

 private:
  const pg_tz* zone_;
};

struct NextRuns {
  Cron cron;
  const pg_tz* zone;
  int64 last;  // the run returned before, in seconds from 1970
  int32 left;
};

NextRuns* start_next_runs(FunctionCallInfo fcinfo) {
  char* cron = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* zone = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const int32 count = PG_GETARG_INT32(2);
  const TimestampTz after = PG_GETARG_TIMESTAMPTZ(3);
  if (count < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("n must be at least 1, not %d", count)));
  if (TIMESTAMP_NOT_FINITE(after))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("after must be finite")));

  auto* runs = static_cast<NextRuns*>(palloc0(sizeof(NextRuns)));
  runs->zone = pg_tzset(zone);
  if (runs->zone == nullptr)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown time zone: \"%s\"", zone),
             errhint("Give a name of the IANA database, such as Europe/Helsinki; pg_timezone_names lists them.")));
  const char* utf8 = to_utf8(cron, static_cast<int>(strlen(cron)));
  runs->cron = run_core([utf8] { return parse_cron(utf8); });
  runs->last = after / USECS_PER_SEC - (after % USECS_PER_SEC < 0 ? 1 : 0) + epoch_shift;
  runs->left = count;
  return runs;
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_next_runs(PG_FUNCTION_ARGS) {
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    call->user_fctx = start_next_runs(fcinfo);
    MemoryContextSwitchTo(previous);
  }
  call = SRF_PERCALL_SETUP();
  CHECK_FOR_INTERRUPTS();

  auto* runs = static_cast<NextRuns*>(call->user_fctx);
  if (runs->left == 0) SRF_RETURN_DONE(call);
  const auto next = run_core([runs] { return next_run(runs->cron, ServerZone(runs->zone), runs->last); });
  if (!next.has_value()) SRF_RETURN_DONE(call);
  runs->last = *next;
  --runs->left;
  SRF_RETURN_NEXT(call, TimestampTzGetDatum((*next - epoch_shift) * USECS_PER_SEC));
}

Datum takeout_check_options(PG_FUNCTION_ARGS) {
  (void)read_format_options(format_of(text_to_cstring(PG_GETARG_TEXT_PP(0))), PG_GETARG_JSONB_P(1));
  PG_RETURN_VOID();
}
