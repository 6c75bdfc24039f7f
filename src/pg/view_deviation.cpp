// Whether a governed view is still what its dataset's definition makes of it.
#include "postgres.hpp"

extern "C" {
#include "access/relation.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"

PG_FUNCTION_INFO_V1(takeout_view_deviation);
}

#include "compat.hpp"
#include "governed_view.hpp"

namespace pg_takeout {

namespace {

// The query as the view's rule holds it: until PostgreSQL 16 the rule's OLD and NEW, which are the view, come first in the
// range table.
void number_as_in_rule(Query* query, const Query* rule, Oid view) {
  int before = 0;
  ListCell* cell;
  foreach (cell, rule->rtable) {
    const auto* entry = lfirst_node(RangeTblEntry, cell);
    if (entry->rtekind != RTE_RELATION || entry->relid != view) break;
    ++before;
  }
  OffsetVarNodes(reinterpret_cast<Node*>(query), before, 0);
}

// Names are looked up as the view's owner looks them up, as in exports. No function runs here.
Query* analyze_as(Oid owner, const char* text) {
  Oid caller;
  int security_context;
  GetUserIdAndSecContext(&caller, &security_context);
  SetUserIdAndSecContext(owner, security_context | SECURITY_LOCAL_USERID_CHANGE);
  Query* query = analyze_query(linitial_node(RawStmt, pg_parse_query(text)), text, nullptr, 0);
  SetUserIdAndSecContext(caller, security_context);
  return query;
}

bool has_same_rows(const Query* stored, const Query* expected) {
  const Oid relation = only_relation(stored);
  return OidIsValid(relation) && relation == linitial_node(RangeTblEntry, expected->rtable)->relid &&
         equal(stored->jointree, expected->jointree);
}

ArrayType* text_array(List* names) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<size_t>(Max(list_length(names), 1))));
  int count = 0;
  ListCell* cell;
  foreach (cell, names) values[count++] = CStringGetTextDatum(static_cast<const char*>(lfirst(cell)));
  return construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT);
}

// Columns of the view that are not the expressions expected at their places, and "*" for other rows.
List* deviations(const Query* stored, const Query* expected, TupleDesc columns) {
  List* found = NIL;
  if (!has_same_rows(stored, expected)) found = lappend(found, const_cast<char*>("*"));
  for (int i = 0; i < columns->natts; ++i) {
    const auto* entry = list_nth_node(TargetEntry, stored->targetList, i);
    const bool is_expected = i < list_length(expected->targetList) &&
                             equal(entry->expr, list_nth_node(TargetEntry, expected->targetList, i)->expr);
    if (!is_expected) found = lappend(found, NameStr(TupleDescAttr(columns, i)->attname));
  }
  return found;
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_view_deviation(PG_FUNCTION_ARGS) {
  const char* query = text_to_cstring(PG_GETARG_TEXT_PP(1));
  Relation view = relation_open(PG_GETARG_OID(0), AccessShareLock);
  const Query* stored = stored_query(view);
  if (stored == nullptr)
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a view", RelationGetRelationName(view))));
  Query* expected = analyze_as(view->rd_rel->relowner, query);
  number_as_in_rule(expected, stored, RelationGetRelid(view));
  ArrayType* names = text_array(deviations(stored, expected, RelationGetDescr(view)));
  relation_close(view, AccessShareLock);
  PG_RETURN_ARRAYTYPE_P(names);
}
