#include "postgres.hpp"

#include "export_cuts.hpp"

extern "C" {
#include "catalog/pg_statistic.h"
}

#include "catalog_row.hpp"
#include "column_reader.hpp"
#include "export_plan.hpp"
#include "export_query.hpp"

namespace pg_takeout {

namespace {

// A value of the statistics, and how much of the table lies at it or between it and the value before.
struct Weight {
  Datum value;
  double share;
};

struct Weights {
  Weight* items;
  int count;
  double total;
};

// Statistics that say less than so many values for each part cut too coarsely.
constexpr int values_a_part = 4;

// Microseconds since 2000, for times; parts of a period are told by them.
bool time_of(Oid type, Datum value, int64* time) {
  switch (type) {
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      *time = DatumGetTimestampTz(value);
      return true;
    case DATEOID: {
      int overflow = 0;  // dates go on for longer than times, which are infinite then
      *time = date2timestamp_opt_overflow(DatumGetDateADT(value), &overflow);
      return !DATE_NOT_FINITE(DatumGetDateADT(value));
    }
    default:
      return false;
  }
}

bool is_asked_for(const ExportRequest* request, Oid type, Datum value) {
  if (!request->has_since && !request->has_end) return true;
  int64 time;
  if (!time_of(type, value, &time)) return false;
  return (!request->has_since || time >= request->since) && (!request->has_end || time < request->end);
}

int compare_weights(const void* left, const void* right, void* argument) {
  const auto* type = static_cast<const TypeCacheEntry*>(argument);
  const Datum order =
      FunctionCall2Coll(const_cast<FmgrInfo*>(&type->cmp_proc_finfo), type->typcollation,
                        static_cast<const Weight*>(left)->value, static_cast<const Weight*>(right)->value);
  return DatumGetInt32(order);
}

void add_weight(Weights* weights, const ExportRequest* request, Oid type, Datum value, double share) {
  if (!is_asked_for(request, type, value)) return;
  weights->items[weights->count++] = {value, share};
  weights->total += share;
}

// The source's column that the field shows as it is; 0 where it shows another value.
AttrNumber column_as_it_is(const Dataset* dataset, const char* name) {
  const Field* field = find_field(dataset, name);
  if (field == nullptr || field->masked || field->source_column == nullptr) return InvalidAttrNumber;
  const AttrNumber column = get_attnum(dataset->source, field->source_column);
  return get_atttype(dataset->source, column) == view_column_type(dataset, name) ? column : InvalidAttrNumber;
}

// What the statistics say of the rows asked for, in order. They stay valid while the tuple is held.
Weights weights_of(const ExportRequest* request, HeapTuple statistics, TypeCacheEntry* type) {
  Weights weights{nullptr, 0, 0};
  AttStatsSlot common;
  AttStatsSlot histogram;
  const bool has_common =
      get_attstatsslot(&common, statistics, STATISTIC_KIND_MCV, InvalidOid, ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
  const bool has_histogram =
      get_attstatsslot(&histogram, statistics, STATISTIC_KIND_HISTOGRAM, InvalidOid, ATTSTATSSLOT_VALUES);
  const int common_count = has_common ? Min(common.nvalues, common.nnumbers) : 0;
  const int histogram_count = has_histogram ? histogram.nvalues : 0;
  weights.items =
      static_cast<Weight*>(palloc(sizeof(Weight) * static_cast<size_t>(common_count + histogram_count + 1)));
  double rest = 1 - reinterpret_cast<Form_pg_statistic>(GETSTRUCT(statistics))->stanullfrac;
  for (int i = 0; i < common_count; ++i) {
    const auto share = static_cast<double>(common.numbers[i]);
    add_weight(&weights, request, type->type_id, common.values[i], share);
    rest -= share;
  }
  // The first value begins the first of the histogram's equal shares.
  for (int i = 1; i < histogram_count; ++i)
    add_weight(&weights, request, type->type_id, histogram.values[i], Max(rest, 0) / (histogram_count - 1));
  qsort_arg(weights.items, static_cast<size_t>(weights.count), sizeof(Weight), compare_weights, type);
  return weights;
}

void add_cut(GroupCuts* cuts, const char* value) {
  if (strlen(value) > longest_cut) return;
  if (cuts->count > 0 && strcmp(cuts->value[cuts->count - 1], value) == 0) return;
  strlcpy(cuts->value[cuts->count++], value, longest_cut + 1);
}

// At the first value past each part's share. Not behind the last: nothing might be left.
void cut_by_weights(const Weights* weights, int parts, Oid type, GroupCuts* cuts) {
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(type, &output, &is_varlena);
  double share = 0;
  int part = 1;
  for (int i = 0; i < weights->count - 1 && part < parts; ++i) {
    share += weights->items[i].share;
    if (share < weights->total * part / parts) continue;
    add_cut(cuts, OidOutputFunctionCall(output, weights->items[i].value));
    while (part < parts && share >= weights->total * part / parts) ++part;
  }
}

// False where the statistics say too little.
bool cut_by_statistics(const ExportRequest* request, int parts, GroupCuts* cuts) {
  const Dataset* dataset = request->dataset;
  if (request->ids != nullptr) return false;
  const AttrNumber column = column_as_it_is(dataset, first_sort_column(dataset));
  if (column == InvalidAttrNumber) return false;
  TypeCacheEntry* type = lookup_type_cache(getBaseType(get_atttype(dataset->source, column)), TYPECACHE_CMP_PROC_FINFO);
  if (!OidIsValid(type->cmp_proc_finfo.fn_oid)) return false;
  // The order of another collation than the type's own is not that of the comparison here.
  if (OidIsValid(type->typcollation)) return false;

  const bool has_children = get_rel_relkind(dataset->source) == RELKIND_PARTITIONED_TABLE;
  HeapTuple statistics = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(dataset->source), Int16GetDatum(column),
                                         BoolGetDatum(has_children));
  if (!HeapTupleIsValid(statistics)) return false;
  const Weights weights = weights_of(request, statistics, type);
  const bool suffices = weights.count >= values_a_part * parts;
  if (suffices) cut_by_weights(&weights, parts, type->type_id, cuts);
  ReleaseSysCache(statistics);
  return suffices;
}

struct CutReceiver {
  DestReceiver base;
  const char** values;
  int count;
  MemoryContext context;
};

bool receive_cuts(TupleTableSlot* slot, DestReceiver* receiver) {
  auto* cuts = reinterpret_cast<CutReceiver*>(receiver);
  slot_getallattrs(slot);
  if (slot->tts_isnull[0]) return true;  // no rows
  const MemoryContext previous = MemoryContextSwitchTo(cuts->context);
  cuts->values = strings_of(DatumGetArrayTypePCopy(slot->tts_values[0]), &cuts->count);
  MemoryContextSwitchTo(previous);
  return true;
}

// Reads the rows' values in the order they are exported in.
void cut_by_rows(const ExportRequest* request, int parts, GroupCuts* cuts) {
  CutReceiver receiver{row_receiver(receive_cuts), nullptr, 0, CurrentMemoryContext};
  run_query(cuts_query(request, parts), request->tenant, &receiver.base);
  for (int i = 0; i < receiver.count; ++i) add_cut(cuts, receiver.values[i]);
}

}  // namespace

GroupCuts* cut_export(const ExportRequest* request, int parts) {
  auto* cuts = static_cast<GroupCuts*>(palloc0(sizeof(GroupCuts)));
  if (parts < 2 || first_sort_column(request->dataset) == nullptr) return cuts;
  const int nest_level = pin_settings();
  if (!cut_by_statistics(request, parts, cuts)) cut_by_rows(request, parts, cuts);
  unpin_settings(nest_level);
  return cuts;
}

}  // namespace pg_takeout
