#include "postgres.hpp"

#include "export_run.hpp"

#include <utility>

#include "about_sheet.hpp"
#include "admission.hpp"
#include "column_reader.hpp"
#include "child_sheets.hpp"
#include "compat.hpp"
#include "row_prefetch.hpp"
#include "export_plan.hpp"
#include "page_end.hpp"

namespace pg_takeout {

namespace {

// One query of an export and the sheet its rows go to.
struct Part {
  ExportQuery* query;
  const Dataset* dataset;
  const Field** fields;
  int field_count;
  bool begins_sheet;  // a child's sheet of an XLSX file
  bool continues;     // rows without a time, behind those with one
  int64 max_rows;     // -1: no limit
};

struct RowReceiver {
  DestReceiver base;
  ExportRun* run;
};

}  // namespace

struct ExportRun {
  const ExportRequest* request;
  const GroupPart* group_part;  // null: the export is no part of one
  int64 counted_rows;           // rows of the part that its group knows of
  Limits limits;
  AuditRecord* audit;
  MemoryContext context;
  MemoryContext row_context;
  Snapshot snapshot;
  FileOutput* file;

  Part* parts;
  int part_count;
  int next_part;

  QueryDesc* query;  // the part that runs, or null
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
  const Part* part = &run->parts[run->next_part - 1];
  if (run->sheet_rows == part->max_rows) raise_too_many_rows(part->dataset->name, part->max_rows, run->request->method);
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

void make_readers(ExportRun* run, const Part* part) {
  pg_tz* zone = nullptr;
  const FormatOptions* options = &run->request->options;
  if (options->format == Format::xlsx && options->zone != nullptr) zone = pg_tzset(options->zone);
  run->column_count = part->field_count;
  run->readers = make_column_readers(run->query->tupDesc, part->field_count, ReaderOptions{zone}, run->context);
  run->cells = static_cast<Cell*>(
      MemoryContextAllocZero(run->context, sizeof(Cell) * static_cast<size_t>(Max(part->field_count, 1))));
}

bool* identifiers_of(const Part* part) {
  auto* identifiers = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<size_t>(Max(part->field_count, 1))));
  for (int i = 0; i < part->field_count; ++i)
    for (int key = 0; key < part->dataset->key_count; ++key)
      identifiers[i] |= strcmp(part->fields[i]->name, part->dataset->key_columns[key]) == 0;
  return identifiers;
}

void start_part(ExportRun* run) {
  const Part* part = &run->parts[run->next_part++];
  const MemoryContext previous = MemoryContextSwitchTo(run->context);
  run->query = plan_export(part->query, run->request->tenant, run->snapshot, &run->receiver.base);
  ExecutorStart(run->query, 0);
  run->scanned = scanned_slot(run->query->planstate);
  if (!part->continues) {
    run->sheet_rows = 0;
    make_readers(run, part);
    if (part->begins_sheet)
      begin_sheet(run->file, to_utf8(part->dataset->name, static_cast<int>(strlen(part->dataset->name))), run->readers,
                  identifiers_of(part), part->field_count);
    else
      begin_file(run->file, run->readers, identifiers_of(part), part->field_count);
  }
  MemoryContextSwitchTo(previous);
}

bool reads_own_rows(const ExportRun* run) { return run->next_part == 1 || run->parts[run->next_part - 1].continues; }

void end_part(ExportRun* run) {
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
      if (run->next_part == run->part_count || run->page_is_full) {
        more = false;
        break;
      }
      start_part(run);
    }
    run->stopped = false;
    run_executor(run->query);
    if (run->stopped && !run->page_is_full) break;
    end_part(run);
  }
  end_rules(nest_level);
  if (!more) finish_file(run);
  return more;
}

// limits, audit: set by what admits the export.
ExportRun* make_run(const ExportRequest* request, MemoryContext context, int part_room) {
  auto* run = static_cast<ExportRun*>(MemoryContextAllocZero(context, sizeof(ExportRun)));
  run->request = request;
  run->context = context;
  run->row_context = AllocSetContextCreate(context, "takeout row", ALLOCSET_DEFAULT_SIZES);
  run->receiver = {row_receiver(receive_row), run};
  run->parts = static_cast<Part*>(MemoryContextAllocZero(context, sizeof(Part) * static_cast<size_t>(part_room)));
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

  ExportRun* run = make_run(request, context, 1 + list_length(children));
  admit_run(run, request, nullptr);
  run->parts[run->part_count++] = {export_query(request), request->dataset, request->fields, request->field_count, false, false,
                                   run->limits.max_rows};
  ListCell* cell;
  foreach (cell, children) {
    const auto* child = static_cast<const Dataset*>(lfirst(cell));
    run->parts[run->part_count++] = {child_query(request, child), child, fields_of(child), child->field_count, true, false,
                                     limits_of(child->name, request->method).max_rows};
  }
  MemoryContextSwitchTo(previous);
  return run;
}

ExportRun* start_page(ExportRequest* request, const PageStart* start, int64 page_rows, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  const PageAsked page = {page_rows, start == nullptr};
  ExportRun* run = make_run(request, context, 2);
  admit_run(run, request, &page);
  run->is_page = true;
  run->page_rows = page_rows;
  run->checks_null_keys = start == nullptr && has_nullable_key(request->dataset);
  run->end_context = AllocSetContextCreate(context, "takeout page end", ALLOCSET_SMALL_SIZES);

  // One row more than the page tells whether there is a next one.
  const auto add = [&](const PageStart* from, bool continues) {
    run->parts[run->part_count++] = {page_query(request, from, page_rows + 1), request->dataset, request->fields,
                                     request->field_count, false, continues, run->limits.max_rows};
  };
  add(start, false);
  // Rows without a time sort last and no comparison reaches them; a period leaves them out.
  const bool has_null_times = request->dataset->time_column != nullptr && !request->has_since && !request->has_until;
  if (start != nullptr && start->time != nullptr && has_null_times) {
    auto* rest = static_cast<PageStart*>(palloc0(sizeof(PageStart)));
    rest->null_times = true;
    add(rest, true);
  }
  MemoryContextSwitchTo(previous);
  return run;
}

ExportRun* start_part_of_group(const ExportRequest* request, const GroupPart* part, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  ExportRun* run = make_run(request, context, 2);
  run->group_part = part;
  // Those of the whole are the group's to hold.
  run->limits = Limits{-1, UINT64_MAX, nullptr, 0};
  run->audit = record_part(request, part->whole, part->number + 1, context);
  open_run(run);

  const auto add = [&](const SortRange* range, bool continues) {
    run->parts[run->part_count++] = {export_query(request, range), request->dataset, request->fields, request->field_count,
                                     false, continues, run->limits.max_rows};
  };
  const SortRange range{part->after, part->upto, false};
  add(&range, false);
  // What has no value there sorts last, and no comparison reaches it.
  if (part->after != nullptr && part->upto == nullptr) {
    const SortRange nulls{nullptr, nullptr, true};
    add(&nulls, true);
  }
  MemoryContextSwitchTo(previous);
  return run;
}

bytea* next_stream_chunk(ExportRun* run) {
  bytea* chunk = nullptr;
  PG_TRY();
  {
    chunk = produce_chunk(run);
  }
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
  {
    file = produce_file(run);
  }
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
    end_part(run);
    PopActiveSnapshot();
  }
  close_file(run->file);
  if (run->snapshot != nullptr) UnregisterSnapshot(run->snapshot);
  run->snapshot = nullptr;
}

}  // namespace pg_takeout
