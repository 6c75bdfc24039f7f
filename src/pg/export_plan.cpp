#include "postgres.hpp"

#include "export_plan.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "nodes/params.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/dest.h"
}

#include "column_reader.hpp"
#include "compat.hpp"
#include "exclusions.hpp"
#include "governed_view.hpp"
#include "members.hpp"

namespace pg_takeout {

namespace {

struct Narrowing {
  Oid current_tenants;  // the function
  const char* tenant;
};

ParamListInfo parameters_of(const ExportQuery* query) {
  if (query->parameter_count == 0) return nullptr;
  ParamListInfo list = makeParamList(query->parameter_count);
  for (int i = 0; i < query->parameter_count; ++i) {
    list->params[i].value = query->values[i];
    list->params[i].isnull = false;
    list->params[i].pflags = PARAM_FLAG_CONST;
    list->params[i].ptype = query->types[i];
  }
  return list;
}

Oid owner_of(Oid relation) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", relation);
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  return owner;
}

// Membership is the right to export, and needs no privilege on the view: it is read on its owner's, as views read what
// is below them.
bool check_as_owner(Node* node, void* context) {
  if (node == nullptr) return false;
  if (!IsA(node, Query)) return expression_tree_walker(node, walker_argument(check_as_owner), context);
  auto* query = reinterpret_cast<Query*>(node);
  ListCell* cell;
  foreach (cell, query->rtable) {
    auto* entry = lfirst_node(RangeTblEntry, cell);
    if (entry->rtekind == RTE_RELATION) check_relation_as(query, entry, owner_of(entry->relid));
  }
  return query_tree_walker(query, walker_argument(check_as_owner), context, 0);
}

// A security barrier keeps a caller's leaky functions away from rows that the view hides, and costs the use of indexes
// for order and pages. Here no function is the caller's: conditions compare columns with parameters. So the governed
// views of our own query, and only those, are planned without it.
bool lift_barriers(Node* node, void* context) {
  if (node == nullptr) return false;
  if (!IsA(node, Query)) return expression_tree_walker(node, walker_argument(lift_barriers), context);
  auto* query = reinterpret_cast<Query*>(node);
  ListCell* cell;
  foreach (cell, query->rtable) lfirst_node(RangeTblEntry, cell)->security_barrier = false;
  return query_tree_walker(query, walker_argument(lift_barriers), context, QTW_IGNORE_RT_SUBQUERIES);
}

// The tenant as a constant of the type that the predicate compares with.
Node* tenant_constant(const char* tenant, Oid array_type, Oid collation) {
  const Oid type = getBaseType(get_element_type(getBaseType(array_type)));
  Oid input;
  Oid parameter;
  getTypeInputInfo(type, &input, &parameter);
  int16 length;
  bool by_value;
  get_typlenbyval(type, &length, &by_value);
  const Datum value = OidInputFunctionCall(input, const_cast<char*>(tenant), parameter, -1);
  return reinterpret_cast<Node*>(makeConst(type, -1, collation, length, value, false, by_value));
}

// "column = ANY ((SELECT takeout.current_tenants())::…)" becomes "column = tenant", which an index serves and which
// costs nothing where all rows are of one tenant.
Node* narrow(Node* node, void* context) {
  if (node == nullptr) return nullptr;
  const auto* narrowing = static_cast<const Narrowing*>(context);
  if (IsA(node, Query))
    return reinterpret_cast<Node*>(
        query_tree_mutator(reinterpret_cast<Query*>(node), mutator_argument(narrow), context, 0));
  if (IsA(node, ScalarArrayOpExpr)) {
    const auto* any = reinterpret_cast<ScalarArrayOpExpr*>(node);
    auto* array = static_cast<Node*>(lsecond(any->args));
    if (any->useOr && is_current_tenants(array, narrowing->current_tenants)) {
      Node* constant = tenant_constant(narrowing->tenant, exprType(array), exprCollation(array));
      auto* equal = reinterpret_cast<OpExpr*>(
          make_opclause(any->opno, BOOLOID, false, reinterpret_cast<Expr*>(linitial(any->args)),
                        reinterpret_cast<Expr*>(constant), InvalidOid, any->inputcollid));
      equal->opfuncid = any->opfuncid;
      return reinterpret_cast<Node*>(equal);
    }
  }
  return expression_tree_mutator(node, mutator_argument(narrow), context);
}

// Names are looked up as the view's owner looks them up: a member needs no USAGE on its schema. No function runs here.
Query* analyze(const ExportQuery* query) {
  Oid caller;
  int security_context;
  GetUserIdAndSecContext(&caller, &security_context);
  SetUserIdAndSecContext(owner_of(query->view), security_context | SECURITY_LOCAL_USERID_CHANGE);
  Query* analyzed = analyze_query(linitial_node(RawStmt, pg_parse_query(query->text)), query->text, query->types,
                                  query->parameter_count);
  SetUserIdAndSecContext(caller, security_context);
  return analyzed;
}

}  // namespace

QueryDesc* plan_export(const ExportQuery* query, const char* tenant, Snapshot snapshot, DestReceiver* receiver) {
  Query* analyzed = analyze(query);
  check_as_owner(reinterpret_cast<Node*>(analyzed), nullptr);
  Query* rewritten = linitial_node(Query, QueryRewrite(analyzed));
  lift_barriers(reinterpret_cast<Node*>(rewritten), nullptr);
  Narrowing narrowing = {current_tenants_function(), tenant};
  auto* narrowed = reinterpret_cast<Query*>(narrow(reinterpret_cast<Node*>(rewritten), &narrowing));

  ParamListInfo parameters = parameters_of(query);
  PlannedStmt* planned = pg_plan_query(narrowed, query->text, 0, parameters);
  return create_query_desc(planned, query->text, snapshot, receiver, parameters);
}

void leave_masks_to_readers(const QueryDesc* query) {
  const Plan* plan = query->plannedstmt->planTree;
  if (!IsA(plan, SeqScan) && !IsA(plan, IndexScan) && !IsA(plan, BitmapHeapScan)) return;
  const Oid mask_ip = mask_ip_function();
  ListCell* cell;
  foreach (cell, plan->targetlist) {
    auto* entry = lfirst_node(TargetEntry, cell);
    if (entry->resjunk || !IsA(entry->expr, FuncExpr)) continue;
    const auto* call = reinterpret_cast<const FuncExpr*>(entry->expr);
    if (call->funcid == mask_ip) entry->expr = static_cast<Expr*>(linitial(call->args));
  }
}

DestReceiver row_receiver(bool (*receive)(TupleTableSlot* slot, DestReceiver* receiver)) {
  DestReceiver receiver{};
  receiver.receiveSlot = receive;
  receiver.rStartup = [](DestReceiver*, int, TupleDesc) {};
  receiver.rShutdown = receiver.rDestroy = [](DestReceiver*) {};
  receiver.mydest = DestNone;
  return receiver;
}

int begin_rules(const char* tenant, Snapshot snapshot) {
  const int nest_level = pin_settings();
  begin_exclusion_checks();
  act_for_tenant(tenant);
  PushActiveSnapshot(snapshot);
  return nest_level;
}

void end_rules(int nest_level) {
  PopActiveSnapshot();
  unpin_settings(nest_level);
}

void end_query(QueryDesc* query) {
  ExecutorFinish(query);
  ExecutorEnd(query);
  FreeQueryDesc(query);
}

void run_query(const ExportQuery* query, const char* tenant, DestReceiver* receiver) {
  Snapshot snapshot = GetActiveSnapshot();
  const int nest_level = begin_rules(tenant, snapshot);
  QueryDesc* run = plan_export(query, tenant, snapshot, receiver);
  ExecutorStart(run, 0);
  run_executor_once(run);
  end_query(run);
  end_rules(nest_level);
}

}  // namespace pg_takeout
