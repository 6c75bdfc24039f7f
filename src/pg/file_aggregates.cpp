// The aggregates csv_file, json_file, jsonl_file, xlsx_file: any query's rows as one file.
#include "postgres.hpp"

#include "about_sheet.hpp"
#include "column_reader.hpp"
#include "file_output.hpp"
#include "format_options.hpp"
#include "row_prefetch.hpp"
#include "settings.hpp"
#include "spread_rows.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_csv_file_row);
PG_FUNCTION_INFO_V1(takeout_json_file_row);
PG_FUNCTION_INFO_V1(takeout_jsonl_file_row);
PG_FUNCTION_INFO_V1(takeout_xlsx_file_row);
PG_FUNCTION_INFO_V1(takeout_csv_file_end);
PG_FUNCTION_INFO_V1(takeout_json_file_end);
PG_FUNCTION_INFO_V1(takeout_jsonl_file_end);
PG_FUNCTION_INFO_V1(takeout_xlsx_file_end);
}

namespace pg_takeout {

namespace {

constexpr const char* too_large_hint =
    "Write fewer rows or columns into one file, or have takeout.max_result_bytes raised (at most 500 MB).";

struct FileAggregate {
  MemoryContext context;  // of this group: ends with it
  MemoryContext row_context;
  FormatOptions options;
  FileOutput* file;
  TupleDesc row_type;
  ColumnReader* readers;
  bool needs_settings;
  bool spread;       // see spread_rows.hpp
  int column_count;  // of the row type, dropped ones too
  int cell_count;
  Datum* values;
  bool* nulls;
  Cell* cells;
  TupleTableSlot* scanned;  // see prefetch_next_row()
  int64 row_count;
  bytea* value;  // kept where it may be asked for again
};

template <typename T>
T* make_array(MemoryContext context, int count) {
  return static_cast<T*>(MemoryContextAllocZero(context, sizeof(T) * static_cast<size_t>(Max(count, 1))));
}

FileAggregate* start_aggregate(MemoryContext group_context, Format format, const Jsonb* options, TupleDesc row_type) {
  const MemoryContext context = AllocSetContextCreate(group_context, "takeout file", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext previous = MemoryContextSwitchTo(context);
  auto* state = make_array<FileAggregate>(context, 1);
  state->context = context;
  state->row_context = AllocSetContextCreate(context, "takeout row", ALLOCSET_DEFAULT_SIZES);
  state->options = read_format_options(format, options);
  if (row_type == nullptr) state->options.header = false;  // nothing to name
  state->file = open_file(&state->options, FileTarget::value, static_cast<uint64>(settings::max_result_bytes),
                          too_large_hint, context);
  if (row_type != nullptr) {
    pg_tz* zone = state->options.zone != nullptr ? pg_tzset(state->options.zone) : nullptr;
    state->row_type = CreateTupleDescCopy(row_type);
    state->column_count = row_type->natts;
    state->readers = make_column_readers(row_type, state->column_count, ReaderOptions{zone}, context);
    for (int i = 0; i < state->column_count; ++i) {
      if (state->readers[i].read == nullptr) continue;
      ++state->cell_count;
      state->needs_settings |= state->readers[i].needs_settings;
    }
    state->values = make_array<Datum>(context, state->column_count);
    state->nulls = make_array<bool>(context, state->column_count);
    state->cells = make_array<Cell>(context, state->column_count);
  }
  begin_file(state->file, state->readers, nullptr, state->column_count);
  MemoryContextSwitchTo(previous);
  return state;
}

// Cells of the columns that are there: dropped ones have none.
void read_row(FileAggregate* state) {
  int cell = 0;
  for (int i = 0; i < state->column_count; ++i) {
    if (state->readers[i].read == nullptr) continue;
    read_cells(&state->readers[i], 1, &state->values[i], &state->nulls[i], &state->cells[cell++]);
  }
}

void check_row_type(const FileAggregate* state, HeapTupleHeader row) {
  const Oid type = HeapTupleHeaderGetTypeId(row);
  if (type == state->row_type->tdtypeid && HeapTupleHeaderGetTypMod(row) == state->row_type->tdtypmod) return;
  TupleDesc given = lookup_rowtype_tupdesc(type, HeapTupleHeaderGetTypMod(row));
  const bool same = equalTupleDescs(given, state->row_type);
  ReleaseTupleDesc(given);
  if (!same) ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("rows of one file must be of one row type")));
}

void take_row(FileAggregate* state, HeapTupleHeader row) {
  HeapTupleData tuple{};
  tuple.t_len = HeapTupleHeaderGetDatumLength(row);
  ItemPointerSetInvalid(&tuple.t_self);
  tuple.t_data = row;
  heap_deform_tuple(&tuple, state->row_type, state->values, state->nulls);
}

void take_arguments(FileAggregate* state, FunctionCallInfo fcinfo) {
  const NullableDatum* columns = &fcinfo->args[first_spread_argument];
  for (int i = 0; i < state->column_count; ++i) {
    state->values[i] = columns[i].value;
    state->nulls[i] = columns[i].isnull;
  }
}

void add_row(FileAggregate* state, FunctionCallInfo fcinfo) {
  HeapTupleHeader row = state->spread ? nullptr : PG_GETARG_HEAPTUPLEHEADER(1);
  if (row != nullptr) check_row_type(state, row);
  prefetch_next_row(state->scanned);
  const MemoryContext previous = MemoryContextSwitchTo(state->row_context);
  if (row != nullptr)
    take_row(state, row);
  else
    take_arguments(state, fcinfo);
  const int nest_level = state->needs_settings ? pin_settings() : 0;
  read_row(state);
  if (state->needs_settings) unpin_settings(nest_level);
  write_row(state->file, state->cells, state->cell_count);
  ++state->row_count;
  MemoryContextSwitchTo(previous);
  MemoryContextReset(state->row_context);
}

// A NULL row is a row without values.
void add_null_row(FileAggregate* state) {
  for (int i = 0; i < state->cell_count; ++i) state->cells[i] = Cell{};
  write_row(state->file, state->cells, state->cell_count);
  ++state->row_count;
}

TupleDesc row_type_of(HeapTupleHeader row) {
  return lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
}

// The row type that the argument is known to have before any row, or null.
TupleDesc declared_row_type(FunctionCallInfo fcinfo) {
  if (is_spread(fcinfo)) return spread_row_type(AggGetAggref(fcinfo));
  const Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
  if (!OidIsValid(type) || type == RECORDOID || !type_is_rowtype(type)) return nullptr;
  return lookup_rowtype_tupdesc_domain(type, -1, true);
}

Datum aggregate_row(FunctionCallInfo fcinfo, Format format) {
  MemoryContext group_context;
  if (AggCheckCallContext(fcinfo, &group_context) == 0)
    elog(ERROR, "aggregate transition function called in non-aggregate context");

  auto* state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<FileAggregate*>(PG_GETARG_POINTER(0));
  const Jsonb* options = PG_NARGS() > 2 && !PG_ARGISNULL(2) ? PG_GETARG_JSONB_P(2) : nullptr;
  if (PG_ARGISNULL(1)) {
    TupleDesc row_type = declared_row_type(fcinfo);
    if (state == nullptr && row_type == nullptr) PG_RETURN_NULL();
    if (state == nullptr) state = start_aggregate(group_context, format, options, row_type);
    if (row_type != nullptr) ReleaseTupleDesc(row_type);
    add_null_row(state);
    PG_RETURN_POINTER(state);
  }

  if (state == nullptr) {
    const bool spread = is_spread(fcinfo);
    TupleDesc row_type = spread ? spread_row_type(AggGetAggref(fcinfo)) : row_type_of(PG_GETARG_HEAPTUPLEHEADER(1));
    state = start_aggregate(group_context, format, options, row_type);
    state->spread = spread;
    if (IsA(fcinfo->context, AggState))
      state->scanned = scanned_slot(outerPlanState(castNode(AggState, fcinfo->context)));
    ReleaseTupleDesc(row_type);
  }
  add_row(state, fcinfo);
  PG_RETURN_POINTER(state);
}

// The options of a call over no rows: no transition function has seen them, but constants stand in the call itself.
const Jsonb* constant_options(FunctionCallInfo fcinfo) {
  const Aggref* call = AggGetAggref(fcinfo);
  if (call == nullptr || list_length(call->args) < 2) return nullptr;
  const auto* argument = lsecond_node(TargetEntry, call->args);
  const auto* options = reinterpret_cast<const Const*>(argument->expr);
  if (argument->resjunk || !IsA(options, Const) || options->constisnull || options->consttype != JSONBOID)
    return nullptr;
  return DatumGetJsonbP(options->constvalue);
}

void end_aggregate(FileAggregate* state) {
  const MemoryContext previous = MemoryContextSwitchTo(state->context);
  int about_count = 0;
  AboutEntry* about = about_query(&state->options, state->row_count, &about_count);
  end_file(state->file, about, about_count, GetCurrentTransactionStartTimestamp());
  MemoryContextSwitchTo(previous);
}

// A rescan of hashed groups ends each of them again. Elsewhere the value is better made where PostgreSQL wants it, or
// PostgreSQL before 16 would copy it once more.
bool is_asked_again(FunctionCallInfo fcinfo) {
  const AggStrategy strategy = castNode(AggState, fcinfo->context)->aggstrategy;
  return strategy == AGG_HASHED || strategy == AGG_MIXED;
}

Datum aggregate_end(FunctionCallInfo fcinfo, Format format) {
  MemoryContext group_context;
  if (AggCheckCallContext(fcinfo, &group_context) == 0)
    elog(ERROR, "aggregate final function called in non-aggregate context");

  auto* state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<FileAggregate*>(PG_GETARG_POINTER(0));
  if (state == nullptr) {
    TupleDesc row_type = declared_row_type(fcinfo);
    state = start_aggregate(group_context, format, constant_options(fcinfo), row_type);
    if (row_type != nullptr) ReleaseTupleDesc(row_type);
  }
  if (state->value == nullptr) {
    end_aggregate(state);
    if (!is_asked_again(fcinfo)) PG_RETURN_BYTEA_P(file_value(state->file));
    const MemoryContext previous = MemoryContextSwitchTo(state->context);
    state->value = file_value(state->file);
    MemoryContextSwitchTo(previous);
  }
  PG_RETURN_BYTEA_P(state->value);
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_csv_file_row(PG_FUNCTION_ARGS) { return aggregate_row(fcinfo, Format::csv); }
Datum takeout_json_file_row(PG_FUNCTION_ARGS) { return aggregate_row(fcinfo, Format::json); }
Datum takeout_jsonl_file_row(PG_FUNCTION_ARGS) { return aggregate_row(fcinfo, Format::jsonl); }
Datum takeout_xlsx_file_row(PG_FUNCTION_ARGS) { return aggregate_row(fcinfo, Format::xlsx); }
Datum takeout_csv_file_end(PG_FUNCTION_ARGS) { return aggregate_end(fcinfo, Format::csv); }
Datum takeout_json_file_end(PG_FUNCTION_ARGS) { return aggregate_end(fcinfo, Format::json); }
Datum takeout_jsonl_file_end(PG_FUNCTION_ARGS) { return aggregate_end(fcinfo, Format::jsonl); }
Datum takeout_xlsx_file_end(PG_FUNCTION_ARGS) { return aggregate_end(fcinfo, Format::xlsx); }
