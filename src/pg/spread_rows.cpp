#include "postgres.hpp"

#include "spread_rows.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"

Datum takeout_csv_file_row(PG_FUNCTION_ARGS);
Datum takeout_json_file_row(PG_FUNCTION_ARGS);
Datum takeout_jsonl_file_row(PG_FUNCTION_ARGS);
Datum takeout_xlsx_file_row(PG_FUNCTION_ARGS);
}

#include "compat.hpp"

namespace pg_takeout {

namespace {

// An aggregate's arguments are at most FUNC_MAX_ARGS; names, options, and columns to sort by want room too.
constexpr int most_columns = FUNC_MAX_ARGS - 10;
constexpr Oid names_type = NAMEARRAYOID;

planner_hook_type previous_hook = nullptr;

// Columns of a range table entry, dropped ones left out.
struct Columns {
  List* names;   // of NameData*
  List* values;  // of Var
};

void add_column(Columns* columns, const char* name, int range, AttrNumber number, Oid type, int32 type_modifier,
                Oid collation) {
  auto* copy = static_cast<NameData*>(palloc0(sizeof(NameData)));
  namestrcpy(copy, name);
  columns->names = lappend(columns->names, copy);
  columns->values = lappend(columns->values, makeVar(range, number, type, type_modifier, collation, 0));
}

void add_columns_of_type(Columns* columns, int range, TupleDesc type) {
  for (int i = 0; i < type->natts; ++i) {
    const Form_pg_attribute column = TupleDescAttr(type, i);
    if (!column->attisdropped)
      add_column(columns, NameStr(column->attname), range, column->attnum, column->atttypid, column->atttypmod,
                 column->attcollation);
  }
}

void add_target(Columns* columns, int range, const TargetEntry* target, const char* name) {
  auto* value = reinterpret_cast<Node*>(target->expr);
  add_column(columns, name, range, target->resno, exprType(value), exprTypmod(value), exprCollation(value));
}

// They have the names of the view's row type. False where that is not of the query as it is now.
bool add_columns_of_view(Columns* columns, int range, const Query* query, Oid row_type) {
  TupleDesc type = lookup_rowtype_tupdesc(row_type, -1);
  bool fits = true;
  ListCell* cell;
  foreach (cell, query->targetList) {
    const auto* target = lfirst_node(TargetEntry, cell);
    if (target->resjunk) continue;
    fits = target->resno <= type->natts;
    if (!fits) break;
    const Form_pg_attribute column = TupleDescAttr(type, target->resno - 1);
    fits = !column->attisdropped && column->atttypid == exprType(reinterpret_cast<Node*>(target->expr));
    if (!fits) break;
    add_target(columns, range, target, NameStr(column->attname));
  }
  fits = fits && list_length(columns->values) == type->natts;
  ReleaseTupleDesc(type);
  return fits;
}

// They have the names that the subquery is given where it stands.
bool add_columns_of_subquery(Columns* columns, int range, const RangeTblEntry* entry) {
  ListCell* cell;
  foreach (cell, entry->subquery->targetList) {
    const auto* target = lfirst_node(TargetEntry, cell);
    if (target->resjunk) continue;
    if (target->resno > list_length(entry->eref->colnames)) return false;
    add_target(columns, range, target, strVal(list_nth(entry->eref->colnames, target->resno - 1)));
  }
  return true;
}

bool add_columns_of_cte(Columns* columns, int range, const RangeTblEntry* entry) {
  if (list_length(entry->coltypes) > list_length(entry->eref->colnames)) return false;
  for (int i = 0; i < list_length(entry->coltypes); ++i)
    add_column(columns, strVal(list_nth(entry->eref->colnames, i)), range, static_cast<AttrNumber>(i + 1),
               list_nth_oid(entry->coltypes, i), list_nth_int(entry->coltypmods, i),
               list_nth_oid(entry->colcollations, i));
  return true;
}

bool find_columns(const Query* query, const Var* row, Columns* columns) {
  const RangeTblEntry* entry = rt_fetch(row->varno, query->rtable);
  const int range = static_cast<int>(row->varno);
  switch (entry->rtekind) {
    case RTE_RELATION: {
      const Relation relation = table_open(entry->relid, NoLock);
      if (relation->rd_rel->reltype == row->vartype) add_columns_of_type(columns, range, RelationGetDescr(relation));
      table_close(relation, NoLock);
      break;
    }
    case RTE_SUBQUERY:
      if (row->vartype == RECORDOID ? !add_columns_of_subquery(columns, range, entry)
                                    : !add_columns_of_view(columns, range, entry->subquery, row->vartype))
        return false;
      break;
    case RTE_CTE:
      if (row->vartype != RECORDOID || !add_columns_of_cte(columns, range, entry)) return false;
      break;
    default:
      return false;
  }
  const int count = list_length(columns->values);
  return count > 0 && count <= most_columns;
}

// An outer join makes whole rows NULL, which its columns cannot tell.
bool has_outer_join(Node* node) {
  if (node == nullptr || IsA(node, RangeTblRef)) return false;
  ListCell* cell;
  if (IsA(node, FromExpr)) {
    foreach (cell, castNode(FromExpr, node)->fromlist)
      if (has_outer_join(static_cast<Node*>(lfirst(cell)))) return true;
    return false;
  }
  const auto* join = castNode(JoinExpr, node);
  return join->jointype != JOIN_INNER || has_outer_join(join->larg) || has_outer_join(join->rarg);
}

bool is_file_aggregate(Oid aggregate) {
  if (aggregate < FirstNormalObjectId) return false;
  const HeapTuple row = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
  if (!HeapTupleIsValid(row)) return false;
  const Oid transition = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(row))->aggtransfn;
  ReleaseSysCache(row);
  FmgrInfo function;
  fmgr_info(transition, &function);
  return function.fn_addr == takeout_csv_file_row || function.fn_addr == takeout_json_file_row ||
         function.fn_addr == takeout_jsonl_file_row || function.fn_addr == takeout_xlsx_file_row;
}

// The row that a file aggregate takes, if that is a row of the query's own range table and nothing sorts or compares it.
const Var* row_of(const Aggref* call) {
  if (call->aggdistinct != NIL || call->agglevelsup != 0 || call->args == NIL) return nullptr;
  const auto* first = linitial_node(TargetEntry, call->args);
  if (!IsA(first->expr, Var) || first->ressortgroupref != 0) return nullptr;
  const auto* row = reinterpret_cast<const Var*>(first->expr);
  return row->varattno == InvalidAttrNumber && row->varlevelsup == 0 && !IS_SPECIAL_VARNO(row->varno) ? row : nullptr;
}

Expr* names_constant(const List* names) {
  const int count = list_length(names);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<size_t>(count)));
  for (int i = 0; i < count; ++i) values[i] = NameGetDatum(static_cast<NameData*>(list_nth(names, i)));
  ArrayType* array = construct_array(values, count, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR);
  return reinterpret_cast<Expr*>(makeConst(names_type, -1, C_COLLATION_OID, -1, PointerGetDatum(array), false, false));
}

void add_argument(Aggref* call, Expr* expression) {
  call->args = lappend(
      call->args, makeTargetEntry(expression, static_cast<AttrNumber>(list_length(call->args) + 1), nullptr, false));
  call->aggargtypes = lappend_oid(call->aggargtypes, exprType(reinterpret_cast<Node*>(expression)));
}

void spread(Aggref* call, const Columns* columns) {
  List* before = call->args;
  const bool has_options = list_length(call->aggargtypes) > 1;
  call->args = call->aggargtypes = NIL;
  add_argument(call, names_constant(columns->names));
  if (has_options) {
    add_argument(call, lsecond_node(TargetEntry, before)->expr);
    lsecond_node(TargetEntry, call->args)->ressortgroupref = lsecond_node(TargetEntry, before)->ressortgroupref;
  } else {
    add_argument(call, reinterpret_cast<Expr*>(makeNullConst(JSONBOID, -1, InvalidOid)));
  }
  ListCell* cell;
  foreach (cell, columns->values) add_argument(call, static_cast<Expr*>(lfirst(cell)));
  // What ORDER BY wants besides.
  for (int i = has_options ? 2 : 1; i < list_length(before); ++i) {
    auto* sorted = list_nth_node(TargetEntry, before, i);
    sorted->resno = static_cast<AttrNumber>(list_length(call->args) + 1);
    call->args = lappend(call->args, sorted);
  }
}

void spread_rows(Query* query);

bool spread_in(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* query = static_cast<Query*>(context);
  if (IsA(node, Query)) {
    spread_rows(reinterpret_cast<Query*>(node));
    return false;
  }
  if (IsA(node, Aggref)) {
    auto* call = reinterpret_cast<Aggref*>(node);
    const Var* row = row_of(call);
    Columns columns{};
    if (row != nullptr && is_file_aggregate(call->aggfnoid) &&
        !has_outer_join(reinterpret_cast<Node*>(query->jointree)) && find_columns(query, row, &columns))
      spread(call, &columns);
  }
  return expression_tree_walker(node, walker_argument(spread_in), context);
}

// Looks for the aggregates only where there are any: every query of the server comes through here.
void spread_rows(Query* query) {
  if (query->hasAggs || query->hasSubLinks) {
    (void)query_tree_walker(query, walker_argument(spread_in), query, 0);
    return;
  }
  ListCell* cell;
  foreach (cell, query->rtable) {
    const auto* entry = lfirst_node(RangeTblEntry, cell);
    if (entry->rtekind == RTE_SUBQUERY) spread_rows(entry->subquery);
  }
  foreach (cell, query->cteList) spread_rows(castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery));
}

PlannedStmt* plan(Query* query, const char* text, int cursor_options, ParamListInfo parameters) {
  spread_rows(query);
  return (previous_hook != nullptr ? previous_hook : standard_planner)(query, text, cursor_options, parameters);
}

}  // namespace

void install_row_spreading() {
  previous_hook = planner_hook;
  planner_hook = plan;
}

bool is_spread(FunctionCallInfo fcinfo) { return get_fn_expr_argtype(fcinfo->flinfo, 1) == names_type; }

TupleDesc spread_row_type(const Aggref* call) {
  const auto* names = castNode(Const, linitial_node(TargetEntry, call->args)->expr);
  Datum* values;
  int count;
  deconstruct_array(DatumGetArrayTypeP(names->constvalue), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &values, nullptr,
                    &count);
  TupleDesc row_type = CreateTemplateTupleDesc(count);
  for (int i = 0; i < count; ++i) {
    auto* column = reinterpret_cast<Node*>(list_nth_node(TargetEntry, call->args, first_spread_argument - 1 + i)->expr);
    const auto number = static_cast<AttrNumber>(i + 1);
    TupleDescInitEntry(row_type, number, NameStr(*DatumGetName(values[i])), exprType(column), exprTypmod(column), 0);
    TupleDescInitEntryCollation(row_type, number, exprCollation(column));
  }
  return row_type;
}

}  // namespace pg_takeout
