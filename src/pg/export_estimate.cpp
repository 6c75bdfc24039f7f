// The SQL function takeout.estimate(): how large an export would be, without making it.
//
// Its first rows are read and written to nowhere. Where there are no more, the answer is exact; else the planner says how
// many rows there are, and these tell how long one is. Nothing leaves, so nothing is counted or on record.
#include "postgres.hpp"

#include <algorithm>

#include "column_reader.hpp"
#include "compat.hpp"
#include "exclusions.hpp"
#include "export_plan.hpp"
#include "file_output.hpp"
#include "limits.hpp"
#include "members.hpp"
#include "quota.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_estimate);
}

namespace pg_takeout {

namespace {

constexpr ArgumentPositions estimate_arguments{.dataset = 0,
                                               .format = 1,
                                               .ids = 2,
                                               .since = 3,
                                               .until = 4,
                                               .columns = 5,
                                               .tenant = 6,
                                               .options = 7,
                                               .ordered = 8};
constexpr int64 sample_rows = 1000;

struct Sample;

struct SampleReceiver {
  DestReceiver base;
  Sample* sample;
};

struct Sample {
  SampleReceiver receiver;
  FileOutput* file;
  ColumnReader* readers;
  Cell* cells;
  int column_count;
  MemoryContext row_context;
  int64 rows;
  bool is_all;
  double planned_rows;
  uint64 bytes;
};

bool receive_row(TupleTableSlot* slot, DestReceiver* receiver) {
  Sample* sample = reinterpret_cast<SampleReceiver*>(receiver)->sample;
  if (sample->rows == sample_rows) {
    sample->is_all = false;
    return false;
  }
  slot_getallattrs(slot);
  const MemoryContext previous = MemoryContextSwitchTo(sample->row_context);
  read_cells(sample->readers, sample->column_count, slot->tts_values, slot->tts_isnull, sample->cells);
  write_row(sample->file, sample->cells, sample->column_count);
  MemoryContextSwitchTo(previous);
  MemoryContextReset(sample->row_context);
  ++sample->rows;
  while (next_chunk(sample->file) != nullptr) {
  }
  return true;
}

void start_receiver(DestReceiver*, int, TupleDesc) {}
void end_receiver(DestReceiver*) {}

Sample* make_sample(const ExportRequest* request, MemoryContext context) {
  auto* sample = static_cast<Sample*>(palloc0(sizeof(Sample)));
  sample->receiver.base.receiveSlot = receive_row;
  sample->receiver.base.rStartup = start_receiver;
  sample->receiver.base.rShutdown = end_receiver;
  sample->receiver.base.rDestroy = end_receiver;
  sample->receiver.base.mydest = DestNone;
  sample->receiver.sample = sample;
  sample->column_count = request->field_count;
  sample->cells = static_cast<Cell*>(palloc0(sizeof(Cell) * static_cast<size_t>(Max(request->field_count, 1))));
  sample->row_context = AllocSetContextCreate(context, "takeout row", ALLOCSET_DEFAULT_SIZES);
  sample->file = open_file(&request->options, FileTarget::stream, UINT64_MAX, size_hint(Method::stream), context);
  sample->is_all = true;
  return sample;
}

void read_sample(Sample* sample, const ExportRequest* request, MemoryContext context) {
  auto* identifiers = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<size_t>(Max(request->field_count, 1))));
  Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
  const int nest_level = pin_settings();
  begin_exclusion_checks();
  act_for_tenant(request->tenant);
  PushActiveSnapshot(snapshot);
  QueryDesc* query = plan_export(export_query(request), request->tenant, snapshot, &sample->receiver.base);
  sample->planned_rows = query->plannedstmt->planTree->plan_rows;
  ExecutorStart(query, 0);
  sample->readers = make_column_readers(query->tupDesc, request->field_count, ReaderOptions{nullptr}, context);
  begin_file(sample->file, sample->readers, identifiers, request->field_count);
  run_executor(query);
  ExecutorFinish(query);
  ExecutorEnd(query);
  FreeQueryDesc(query);
  PopActiveSnapshot();
  unpin_settings(nest_level);
  UnregisterSnapshot(snapshot);
}

void measure_file(Sample* sample) {
  end_file(sample->file, nullptr, 0, GetCurrentTransactionStartTimestamp());
  while (next_chunk(sample->file) != nullptr) {
  }
  sample->bytes = streamed_bytes(sample->file);
  close_file(sample->file);
}

struct Estimate {
  int64 rows;
  uint64 bytes;
};

Estimate estimate_of(const Sample* sample) {
  if (sample->is_all) return {sample->rows, sample->bytes};
  const double rows = std::max(sample->planned_rows, static_cast<double>(sample_rows + 1));
  const double bytes = static_cast<double>(sample->bytes) / static_cast<double>(sample->rows) * rows;
  constexpr double most = 9e18;
  return {static_cast<int64>(std::min(rows, most)), static_cast<uint64>(std::min(bytes, most))};
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
  if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");

  const MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "takeout estimate", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRequest* request = read_request(fcinfo, &estimate_arguments, Method::value);
  request->ordered = false;  // what is asked is how much there is
  Sample* sample = make_sample(request, context);
  read_sample(sample, request, context);
  measure_file(sample);
  const Estimate estimate = estimate_of(sample);
  MemoryContextSwitchTo(previous);

  Datum values[] = {Int64GetDatum(estimate.rows), Int64GetDatum(static_cast<int64>(estimate.bytes)),
                    PointerGetDatum(exceeded_limits(request, &estimate))};
  bool nulls[] = {false, false, false};
  MemoryContextDelete(context);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row_type), values, nulls)));
}
