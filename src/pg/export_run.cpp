#include "postgres.hpp"

#include "export_run.hpp"

#include <utility>

#include "about_sheet.hpp"
#include "admission.hpp"
#include "child_sheets.hpp"
#include "column_reader.hpp"
#include "compat.hpp"
#include "export_plan.hpp"
#include "export_steps.hpp"
#include "page_end.hpp"
#include "row_prefetch.hpp"

namespace pg_takeout {

namespace {

struct RowReceiver {
  DestReceiver base;
  ExportRun* run;
};

}  // namespace

struct ExportRun {
  const ExportRequest* request;
  GroupPart* group_part;  // null: the export is no part of one
  int64 counted_rows;     // rows of the part that its group knows of
  Limits limits;
  AuditRecord* audit;
  MemoryContext context;
  MemoryContext row_context;
  Snapshot snapshot;
  FileOutput* file;

  ExportSteps steps;
  int next_step;

  QueryDesc* query;  // of the step that runs, or null
  RowReceiver receiver;
  TupleTableSlot* scanned;  // see prefetch_next_row()
  ColumnReader* readers;
  Cell* cells;
  int column_count;  // fields; a page's sort values come behind them
  bool stopped;      // the receiver has a full chunk
  bool ended;        // the file is complete

  int64 row_count;   // of the dataset itself, not of its children
  int64 sheet_rows;  // of the dataset whose rows are read

  bool is_page;
  int64 page_rows;
  bool page_is_full;
  bool checks_null_keys;  // behind the sort values comes whether any key is NULL
  PageEnd end;
  MemoryContext end_context;
};

namespace {

void remember_end(ExportRun* run, const TupleTableSlot* slot) {
  MemoryContextReset(run->end_context);
  const MemoryContext previous = MemoryContextSwitchTo(run->end_context);
  remember_page_end(run->request->dataset, slot, run->column_count, &run->end);
  MemoryContextSwitchTo(previous);
}

bool receive_row(TupleTableSlot* slot, DestReceiver* receiver) {
  ExportRun* run = reinterpret_cast<RowReceiver*>(receiver)->run;
  slot_getallattrs(slot);
  if (run->checks_null_keys && run->sheet_rows == 0) check_null_keys(run->request->dataset, slot, run->column_count);
  if (run->is_page && run->sheet_rows == run->page_rows) {
    check_next_row(run->request->dataset, slot, run->column_count, &run->end);
    run->page_is_full = true;
    run->stopped = true;
    return false;
  }
  const ExportStep* step = &run->steps.items[run->next_step - 1];
  if (run->sheet_rows == step->max_rows) raise_too_many_rows(step->dataset->name, step->max_rows, run->request->method);
  ++run->sheet_rows;

  prefetch_next_row(run->scanned);
  const MemoryContext previous = MemoryContextSwitchTo(run->row_context);
  read_cells(run->readers, run->column_count, slot->tts_values, slot->tts_isnull, run->cells);
  write_row(run->file, run->cells, run->column_count);
  MemoryContextSwitchTo(previous);
  MemoryContextReset(run->row_context);

  if (run->is_page && run->sheet_rows == run->page_rows) remember_end(run, slot);
  run->stopped = has_full_chunk(run->file);
  return !run->stopped;
}

void make_readers(ExportRun* run, const ExportStep* step) {
  pg_tz* zone = nullptr;
  const FormatOptions* options = &run->request->options;
  if (options->format == Format::xlsx && options->zone != nullptr) zone = pg_tzset(options->zone);
  run->column_count = step->field_count;
  run->readers = make_column_readers(run->query->tupDesc, step->field_count, ReaderOptions{zone}, run->context);
  run->cells = static_cast<Cell*>(
      MemoryContextAllocZero(run->context, sizeof(Cell) * static_cast<size_t>(Max(step->field_count, 1))));
}

void start_step(ExportRun* run) {
  const ExportStep* step = &run->steps.items[run->next_step++];
  const MemoryContext previous = MemoryContextSwitchTo(run->context);
  run->query = plan_export(step->query, run->request->tenant, run->snapshot, &run->receiver.base);
  leave_masks_to_readers(run->query);
  ExecutorStart(run->query, 0);
  run->scanned = scanned_slot(run->query->planstate);
  if (!step->continues) {
    run->sheet_rows = 0;
    make_readers(run, step);
    if (step->begins_sheet)
      begin_sheet(run->file, to_utf8(step->dataset->name, static_cast<int>(strlen(step->dataset->name))), run->readers,
                  identifiers_of(step), step->field_count);
    else
      begin_file(run->file, run->readers, identifiers_of(step), step->field_count);
  }
  MemoryContextSwitchTo(previous);
}

bool reads_own_rows(const ExportRun* run) {
  return run->next_step == 1 || run->steps.items[run->next_step - 1].continues;
}

void end_step(ExportRun* run) {
  end_query(std::exchange(run->query, nullptr));
  if (reads_own_rows(run)) run->row_count = run->sheet_rows;
}

void finish_file(ExportRun* run) {
  const MemoryContext previous = MemoryContextSwitchTo(run->context);
  int about_count = 0;
  AboutEntry* about = about_dataset(run->request, run->row_count, &about_count);
  end_file(run->file, about, about_count, GetCurrentTransactionStartTimestamp());
  MemoryContextSwitchTo(previous);
}

// Runs until a chunk is full or the file has ended; false in the second case.
bool run_on(ExportRun* run) {
  const int nest_level = begin_rules(run->request->tenant, run->snapshot);
  bool more = true;
  for (;;) {
    if (run->query == nullptr) {
      if (run->next_step == run->steps.count || run->page_is_full) {
        more = false;
        break;
      }
      start_step(run);
    }
    run->stopped = false;
    run_executor(run->query);
    if (run->stopped && !run->page_is_full) break;
    end_step(run);
  }
  end_rules(nest_level);
  if (!more) finish_file(run);
  return more;
}

// limits, audit: set by what admits the export.
ExportRun* make_run(const ExportRequest* request, MemoryContext context) {
  auto* run = static_cast<ExportRun*>(MemoryContextAllocZero(context, sizeof(ExportRun)));
  run->request = request;
  run->context = context;
  run->row_context = AllocSetContextCreate(context, "takeout row", ALLOCSET_DEFAULT_SIZES);
  run->receiver = {row_receiver(receive_row), run};
  return run;
}

void open_run(ExportRun* run) {
  const ExportRequest* request = run->request;
  run->snapshot = RegisterSnapshot(GetActiveSnapshot());
  run->file = open_file(&request->options, request->method == Method::stream ? FileTarget::stream : FileTarget::value,
                        run->limits.max_bytes, size_hint(request->method), run->context);
}

void admit_run(ExportRun* run, ExportRequest* request, const PageAsked* page) {
  run->limits = limits_of(request->dataset->name, request->method);
  hold_to_period(request, &run->limits);
  run->audit = admit_export(request, &run->limits, page, run->context);
  open_run(run);
}

int64 rows_so_far(const ExportRun* run) {
  return run->query != nullptr && reads_own_rows(run) ? run->sheet_rows : run->row_count;
}

int64 rows_of_last_export = -1;

void complete_export(ExportRun* run) {
  complete_audit(run->audit, run->row_count);
  rows_of_last_export = run->row_count;
  GroupSums sums;
  if (run->group_part != nullptr && complete_part(run->group_part, &sums))
    record_whole(run->request, run->group_part->whole, sums.rows, sums.bytes);
}

void count_for_group(ExportRun* run, const bytea* chunk) {
  const int64 rows = rows_so_far(run);
  count_part(run->group_part, run->request, rows - run->counted_rows, static_cast<int64>(VARSIZE_ANY_EXHDR(chunk)));
  run->counted_rows = rows;
}

// The end is on record before the last bytes leave.
void record_bytes(ExportRun* run, const bytea* bytes, bool are_last) {
  audit_bytes(run->audit, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), rows_so_far(run));
  if (are_last) complete_export(run);
}

bytea* produce_chunk(ExportRun* run) {
  for (;;) {
    bytea* chunk = next_chunk(run->file);
    if (chunk != nullptr) {
      if (streamed_bytes(run->file) > run->limits.max_bytes)
        raise_too_many_bytes(run->request, run->limits.max_bytes, streamed_bytes(run->file));
      if (run->group_part != nullptr) count_for_group(run, chunk);
      record_bytes(run, chunk, is_spent(run->file));
      return chunk;
    }
    if (run->ended) return nullptr;
    run->ended = !run_on(run);
    if (run->ended && is_spent(run->file)) complete_export(run);
  }
}

bytea* produce_file(ExportRun* run) {
  while (run_on(run)) {
  }
  bytea* file = file_value(run->file);
  record_bytes(run, file, true);
  return file;
}

}  // namespace

ExportRun* start_export(ExportRequest* request, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  List* children = request->options.format == Format::xlsx ? children_of(request) : NIL;
  if (children != NIL) request = without_nested_fields(request, children);
  ExportRun* run = make_run(request, context);
  admit_run(run, request, nullptr);
  run->steps = steps_of_export(request, &run->limits, children);
  MemoryContextSwitchTo(previous);
  return run;
}

ExportRun* start_page(ExportRequest* request, const PageStart* start, int64 page_rows, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  const PageAsked page = {page_rows, start == nullptr};
  ExportRun* run = make_run(request, context);
  admit_run(run, request, &page);
  run->is_page = true;
  run->page_rows = page_rows;
  run->checks_null_keys = start == nullptr && has_nullable_key(request->dataset);
  run->end_context = AllocSetContextCreate(context, "takeout page end", ALLOCSET_SMALL_SIZES);
  run->steps = steps_of_page(request, &run->limits, start, page_rows);
  MemoryContextSwitchTo(previous);
  return run;
}

ExportRun* start_part_of_group(const ExportRequest* request, GroupPart* part, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRun* run = make_run(request, context);
  run->group_part = part;
  run->limits = no_limits;
  run->audit = record_part(request, part->whole, part->number + 1, context);
  open_run(run);
  run->steps = steps_of_part(request, part);
  MemoryContextSwitchTo(previous);
  return run;
}

bytea* next_stream_chunk(ExportRun* run) {
  bytea* chunk = nullptr;
  PG_TRY();
  { chunk = produce_chunk(run); }
  PG_CATCH();
  {
    fail_audit(run->audit, geterrcode());
    if (run->group_part != nullptr) fail_part(run->group_part, geterrcode());
    PG_RE_THROW();
  }
  PG_END_TRY();
  return chunk;
}

bytea* whole_file(ExportRun* run) {
  bytea* file = nullptr;
  PG_TRY();
  { file = produce_file(run); }
  PG_CATCH();
  {
    fail_audit(run->audit, geterrcode());
    PG_RE_THROW();
  }
  PG_END_TRY();
  return file;
}

PageEnd page_end(const ExportRun* run) {
  PageEnd end = run->end;
  end.row_count = run->row_count;
  end.complete = !run->page_is_full;
  return end;
}

int64 last_export_rows() { return rows_of_last_export; }

const ExportRequest* request_of(const ExportRun* run) { return run->request; }

void close_export(ExportRun* run) {
  if (run->query != nullptr) {
    PushActiveSnapshot(run->snapshot);
    end_step(run);
    PopActiveSnapshot();
  }
  close_file(run->file);
  if (run->snapshot != nullptr) UnregisterSnapshot(run->snapshot);
  run->snapshot = nullptr;
}

}  // namespace pg_takeout
