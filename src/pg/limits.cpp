#include "postgres.hpp"

#include "limits.hpp"

#include <algorithm>

#include "catalog_row.hpp"
#include "quota.hpp"
#include "settings.hpp"

namespace pg_takeout {

namespace {

// How specific a row of takeout.limits is for this export; -1 where it does not apply.
int match(const CatalogScan* row, const char* exported, Method by) {
  const Oid role = row_oid(row, "role");
  const char* dataset = row_text(row, "dataset");
  const char* method = row_text(row, "method");
  if (OidIsValid(role) && role != GetSessionUserId()) return -1;
  if (dataset != nullptr && (exported == nullptr || strcmp(dataset, exported) != 0)) return -1;
  if (method != nullptr && strcmp(method, method_name(by)) != 0) return -1;
  return (OidIsValid(role) ? 4 : 0) + (dataset != nullptr ? 2 : 0) + (method != nullptr ? 1 : 0);
}

Limits limits_in(const CatalogScan* row) {
  Limits limits = no_limits;
  bool is_null;
  Datum value = row_value(row, "max_rows", &is_null);
  if (!is_null) limits.max_rows = DatumGetInt64(value);
  value = row_value(row, "max_bytes", &is_null);
  if (!is_null) limits.max_bytes = static_cast<uint64>(DatumGetInt64(value));
  value = row_value(row, "max_period", &is_null);
  if (!is_null) {
    limits.max_period = static_cast<Interval*>(palloc(sizeof(Interval)));
    *limits.max_period = *DatumGetIntervalP(value);
  }
  value = row_value(row, "requests_per_minute", &is_null);
  if (!is_null) limits.requests_per_minute = DatumGetInt32(value);
  return limits;
}

const char* interval_text(const Interval* interval) {
  return DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)));
}

const char* period_text(TimestampTz since, TimestampTz until) {
  if (TIMESTAMP_NOT_FINITE(since) || TIMESTAMP_NOT_FINITE(until)) return "infinity";
  const Datum period = DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(until), TimestampTzGetDatum(since));
  return interval_text(DatumGetIntervalP(period));
}

TimestampTz end_of_period(const ExportRequest* request) {
  return request->has_until ? request->until : GetCurrentTransactionStartTimestamp();
}

TimestampTz latest_end(const ExportRequest* request, const Limits* limits) {
  return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(request->since),
                                                 IntervalPGetDatum(limits->max_period)));
}

}  // namespace

Limits limits_of(const char* dataset, Method method) {
  Limits limits{makes_one_value(method) ? default_rows : -1, UINT64_MAX, nullptr, default_requests_per_minute};
  int best = -1;
  CatalogScan scan = open_catalog("limits", nullptr, nullptr);
  while (next_row(&scan)) {
    const int specific = match(&scan, dataset, method);
    if (specific <= best) continue;
    best = specific;
    limits = limits_in(&scan);
  }
  close_catalog(&scan);

  check_quota(limits.requests_per_minute);
  if (makes_one_value(method))
    limits.max_bytes = std::min(limits.max_bytes, static_cast<uint64>(settings::max_result_bytes));
  return limits;
}

bool is_over_period(const ExportRequest* request, const Limits* limits) {
  if (limits->max_period == nullptr) return false;
  return !request->has_since || end_of_period(request) > latest_end(request, limits);
}

void hold_to_period(ExportRequest* request, const Limits* limits) {
  if (limits->max_period == nullptr) return;
  if (request->dataset->time_column == nullptr)
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("dataset \"%s\" has a longest period of %s and no time column to hold it by",
                    request->dataset->name, interval_text(limits->max_period)),
             errhint("Its owner can name one: takeout.alter_dataset('%s', time_column => ...); or the administrator "
                     "gives it a row without max_period in takeout.limits.",
                     request->dataset->name)));
  if (!is_over_period(request, limits)) {
    if (request->has_until) return;
    request->has_end = true;
    request->end = latest_end(request, limits);
    return;
  }
  if (!request->has_since)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("dataset \"%s\" is exported for a period of at most %s", request->dataset->name,
                           interval_text(limits->max_period)),
                    errdetail("The call names no beginning of the period."),
                    errhint("Give since and until, and export one period after the other.")));
  ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                  errmsg("period of %s is longer than the limit of %s for dataset \"%s\"",
                         period_text(request->since, end_of_period(request)), interval_text(limits->max_period),
                         request->dataset->name),
                  errhint("Give since and until, and export one period after the other.")));
}

void raise_too_many_rows(const char* dataset, int64 limit, Method method) {
  ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                  errmsg(makes_file(method) ? "export of dataset \"%s\" has more rows than the limit of " INT64_FORMAT
                         : method == Method::violations
                             ? "dataset \"%s\" has more violations than the limit of " INT64_FORMAT " rows"
                             : "dataset \"%s\" has more rows than the limit of " INT64_FORMAT,
                         dataset, limit),
                  errdetail("Row " INT64_FORMAT " was reached.", limit + 1), errhint("%s", size_hint(method))));
  pg_unreachable();
}

void raise_too_many_bytes(const ExportRequest* request, uint64 limit, uint64 actual) {
  ereport(ERROR,
          (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
           errmsg("export of dataset \"%s\" is larger than the limit of " UINT64_FORMAT " bytes",
                  request->dataset->name, limit),
           errdetail("It had grown to " UINT64_FORMAT " bytes.", actual), errhint("%s", size_hint(request->method))));
  pg_unreachable();
}

const char* size_hint(Method method) {
  switch (method) {
    case Method::value:
      return "Use takeout.export_stream() or takeout.export_page(), which reach every row, or export less by since, "
             "until, "
             "ids or columns.";
    case Method::stream:
      return "Export less by since, until, ids or columns, or page by page with takeout.export_page().";
    case Method::violations:
    case Method::conformance:
      return "Look at less by since, until, ids or columns.";
    case Method::page:
      break;
  }
  return "Ask for fewer rows a page, or use takeout.export_stream().";
}

}  // namespace pg_takeout
