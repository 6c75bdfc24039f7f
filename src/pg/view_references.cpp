#include "postgres.hpp"

#include "view_references.hpp"

extern "C" {
#include "access/relation.h"
#include "rewrite/prs2lock.h"

PG_FUNCTION_INFO_V1(takeout_view_references);
}

#include "compat.hpp"

namespace pg_takeout {

namespace {

struct Walk {
  Oid view;
  List* references;
};

bool collect_references(Node* node, void* context) {
  if (node == nullptr) return false;
  if (!IsA(node, Query)) return expression_tree_walker(node, walker_argument(collect_references), context);

  auto* walk = static_cast<Walk*>(context);
  auto* query = reinterpret_cast<Query*>(node);
  ListCell* cell;
  foreach (cell, query->rtable) {
    const auto* entry = lfirst_node(RangeTblEntry, cell);
    // A rule's OLD and NEW are the view itself.
    if (entry->rtekind != RTE_RELATION || entry->relid == walk->view) continue;
    auto* reference = static_cast<Reference*>(palloc(sizeof(Reference)));
    *reference = {entry->relid, bms_copy(selected_columns(query, entry))};
    walk->references = lappend(walk->references, reference);
  }
  return query_tree_walker(query, walker_argument(collect_references), context, 0);
}

bool is_view(const Relation relation) {
  const char kind = relation->rd_rel->relkind;
  return (kind == RELKIND_VIEW || kind == RELKIND_MATVIEW) && relation->rd_rules != nullptr;
}

struct ListedReference {
  Oid relation;
  int column;  // -1: none
};

struct ListedReferences {
  ListedReference* items;
  int count;
};

// One line a column, at least one a reference.
ListedReferences* list_references(Oid view) {
  List* references = references_of(view);
  int room = 0;
  ListCell* cell;
  foreach (cell, references) room += Max(bms_num_members(static_cast<Reference*>(lfirst(cell))->columns), 1);

  auto* listed = static_cast<ListedReferences*>(palloc(sizeof(ListedReferences)));
  *listed = {static_cast<ListedReference*>(palloc(sizeof(ListedReference) * static_cast<size_t>(Max(room, 1)))), 0};
  foreach (cell, references) {
    const auto* reference = static_cast<const Reference*>(lfirst(cell));
    if (bms_is_empty(reference->columns)) listed->items[listed->count++] = {reference->relation, -1};
    for (int member = -1; (member = bms_next_member(reference->columns, member)) >= 0;)
      listed->items[listed->count++] = {reference->relation, member + FirstLowInvalidHeapAttributeNumber};
  }
  return listed;
}

}  // namespace

List* references_of(Oid view) {
  Relation relation = try_relation_open(view, AccessShareLock);
  if (relation == nullptr) return NIL;
  Walk walk{view, NIL};
  if (is_view(relation)) {
    for (int i = 0; i < relation->rd_rules->numLocks; ++i) {
      const RewriteRule* rule = relation->rd_rules->rules[i];
      if (rule->event == CMD_SELECT) collect_references(reinterpret_cast<Node*>(linitial(rule->actions)), &walk);
    }
  }
  relation_close(relation, AccessShareLock);
  return walk.references;
}

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_view_references(PG_FUNCTION_ARGS) {
  FuncCallContext* call;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    TupleDesc row_type;
    if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "return type must be a row type");
    call->tuple_desc = BlessTupleDesc(row_type);
    call->user_fctx = list_references(PG_GETARG_OID(0));
    MemoryContextSwitchTo(previous);
  }
  call = SRF_PERCALL_SETUP();

  const auto* listed = static_cast<const ListedReferences*>(call->user_fctx);
  if (call->call_cntr == static_cast<uint64>(listed->count)) SRF_RETURN_DONE(call);
  const ListedReference* item = &listed->items[call->call_cntr];
  Datum values[2] = {ObjectIdGetDatum(item->relation), Int16GetDatum(static_cast<int16>(item->column))};
  bool nulls[2] = {false, item->column < 0};
  SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls)));
}
