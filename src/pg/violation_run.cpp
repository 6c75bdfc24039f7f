#include "postgres.hpp"

#include "violation_run.hpp"

#include <utility>

#include "admission.hpp"
#include "compat.hpp"
#include "export_plan.hpp"
#include "standard_check.hpp"

namespace pg_takeout {

namespace {

// Violations that are found before the caller gets the first of them: reading stops in between.
constexpr int batch = 1000;

struct RowReceiver {
  DestReceiver base;
  ViolationRun* run;
};

}  // namespace

struct ViolationRun {
  const ExportRequest* request;  // with the fields that declare a standard only
  AuditRecord* audit;
  MemoryContext context;
  MemoryContext row_context;
  MemoryContext batch_context;
  Snapshot snapshot;
  QueryDesc* query;
  RowReceiver receiver;
  FieldCheck* checks;
  Conformance* counts;
  bool keeps;      // violations, and not only their number
  int64 max_rows;  // violations that are returned, or else rows that are read; -1: no limit
  int64 read;
  bool stopped;  // the receiver has a batch
  bool ended;

  Violation* found;  // room for a batch and the rest of the row that fills it
  int found_count;
  int next;
  int64 total;
};

namespace {

const char* reason_of(const Fault* fault) {
  return fault->element == 0 ? fault->rule : psprintf("element %d: %s", fault->element, fault->rule);
}

void keep(ViolationRun* run, const TupleTableSlot* slot, int field, const Fault* fault) {
  const int key_column = run->request->field_count;
  const MemoryContext previous = MemoryContextSwitchTo(run->batch_context);
  Violation* violation = &run->found[run->found_count++];
  violation->key = slot->tts_isnull[key_column] ? nullptr : TextDatumGetCString(slot->tts_values[key_column]);
  violation->field = run->request->fields[field];
  violation->reason = reason_of(fault);
  MemoryContextSwitchTo(previous);
}

[[noreturn]] void raise_too_many(const ViolationRun* run) {
  raise_too_many_rows(run->request->dataset->name, run->max_rows, run->request->method);
}

bool receive_row(TupleTableSlot* slot, DestReceiver* receiver) {
  ViolationRun* run = reinterpret_cast<RowReceiver*>(receiver)->run;
  if (!run->keeps && run->read++ == run->max_rows) raise_too_many(run);
  slot_getallattrs(slot);
  const MemoryContext previous = MemoryContextSwitchTo(run->row_context);
  for (int i = 0; i < run->request->field_count; ++i) {
    if (slot->tts_isnull[i]) continue;
    ++run->counts[i].checked;
    const Fault fault = check_field(field_check_at(run->checks, i), slot->tts_values[i]);
    if (fault.rule == nullptr) continue;
    ++run->counts[i].violations;
    if (run->keeps && run->total == run->max_rows) raise_too_many(run);
    ++run->total;
    if (run->keeps) keep(run, slot, i, &fault);
  }
  MemoryContextSwitchTo(previous);
  MemoryContextReset(run->row_context);
  run->stopped = run->found_count >= batch;
  return !run->stopped;
}

void start_query(ViolationRun* run) {
  const MemoryContext previous = MemoryContextSwitchTo(run->context);
  run->query = plan_export(keyed_query(run->request), run->request->tenant, run->snapshot, &run->receiver.base);
  ExecutorStart(run->query, 0);
  MemoryContextSwitchTo(previous);
}

// Reads on until a batch is full or there are no more rows. The end is on record before the last of them leave.
void read_on(ViolationRun* run) {
  const int nest_level = begin_rules(run->request->tenant, run->snapshot);
  MemoryContextReset(run->batch_context);
  run->found_count = run->next = 0;
  if (run->query == nullptr) start_query(run);
  run->stopped = false;
  run_executor(run->query);
  if (!run->stopped) {
    end_query(std::exchange(run->query, nullptr));
    run->ended = true;
  }
  end_rules(nest_level);
  if (run->ended) complete_audit(run->audit, run->total);
}

void read_on_on_record(ViolationRun* run) {
  PG_TRY();
  { read_on(run); }
  PG_CATCH();
  {
    fail_audit(run->audit, geterrcode());
    PG_RE_THROW();
  }
  PG_END_TRY();
}

ExportRequest* with_standards_only(const ExportRequest* request) {
  auto* copy = static_cast<ExportRequest*>(palloc(sizeof(ExportRequest)));
  *copy = *request;
  copy->fields = static_cast<const Field**>(palloc(sizeof(Field*) * static_cast<size_t>(Max(request->field_count, 1))));
  copy->field_count = 0;
  for (int i = 0; i < request->field_count; ++i)
    if (request->fields[i]->standard != nullptr) copy->fields[copy->field_count++] = request->fields[i];
  copy->ordered = request->ordered && request->method == Method::violations;
  return copy;
}

}  // namespace

ViolationRun* start_violations(const ExportRequest* request, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  auto* run = static_cast<ViolationRun*>(palloc0(sizeof(ViolationRun)));
  ExportRequest* own = with_standards_only(request);
  run->request = own;
  run->context = context;
  run->row_context = AllocSetContextCreate(context, "takeout row", ALLOCSET_DEFAULT_SIZES);
  run->batch_context = AllocSetContextCreate(context, "takeout violations", ALLOCSET_DEFAULT_SIZES);
  run->keeps = request->method == Method::violations;
  const auto field_count = static_cast<size_t>(run->request->field_count);
  run->found = static_cast<Violation*>(palloc(sizeof(Violation) * (batch + field_count)));
  run->counts = static_cast<Conformance*>(palloc0(sizeof(Conformance) * Max(field_count, 1)));
  for (size_t i = 0; i < field_count; ++i) run->counts[i].field = run->request->fields[i];
  run->checks = make_field_checks(run->request->fields, run->request->field_count, context);

  const Limits limits = limits_of(request->dataset->name, request->method);
  hold_to_period(own, &limits);
  run->max_rows = limits.max_rows;
  run->audit = admit_export(own, &limits, nullptr, context);
  run->receiver = {row_receiver(receive_row), run};
  run->snapshot = RegisterSnapshot(GetActiveSnapshot());
  MemoryContextSwitchTo(previous);
  return run;
}

const Violation* next_violation(ViolationRun* run) {
  while (run->next == run->found_count) {
    if (run->ended) return nullptr;
    read_on_on_record(run);
  }
  return &run->found[run->next++];
}

const Conformance* count_conformance(ViolationRun* run, int* count) {
  while (!run->ended) read_on_on_record(run);
  *count = run->request->field_count;
  return run->counts;
}

void close_violations(ViolationRun* run) {
  if (run->query != nullptr) {
    PushActiveSnapshot(run->snapshot);
    end_query(std::exchange(run->query, nullptr));
    PopActiveSnapshot();
  }
  if (run->snapshot != nullptr) UnregisterSnapshot(run->snapshot);
  run->snapshot = nullptr;
}

}  // namespace pg_takeout
