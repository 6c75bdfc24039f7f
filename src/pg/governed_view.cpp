#include "postgres.hpp"

#include "governed_view.hpp"

extern "C" {
#include "access/relation.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "rewrite/prs2lock.h"
}

#include "mask_datum.hpp"

namespace pg_takeout {

namespace {

Oid takeout_function(const char* name, int count, const Oid* types) {
  return LookupFuncName(list_make2(makeString(pstrdup("takeout")), makeString(pstrdup(name))), count, types, false);
}

// Below casts, which change how a value is written and not whose or what it is.
const Node* without_casts(const Node* node) {
  for (;;) {
    if (IsA(node, RelabelType)) {
      node = reinterpret_cast<const Node*>(reinterpret_cast<const RelabelType*>(node)->arg);
    } else if (IsA(node, CoerceViaIO)) {
      node = reinterpret_cast<const Node*>(reinterpret_cast<const CoerceViaIO*>(node)->arg);
    } else if (IsA(node, FuncExpr) && reinterpret_cast<const FuncExpr*>(node)->funcformat != COERCE_EXPLICIT_CALL &&
               list_length(reinterpret_cast<const FuncExpr*>(node)->args) == 1) {
      node = static_cast<const Node*>(linitial(reinterpret_cast<const FuncExpr*>(node)->args));
    } else {
      return node;
    }
  }
}

bool is_column(const Node* node, Oid source, const char* name) {
  node = without_casts(node);
  if (!IsA(node, Var)) return false;
  const auto* variable = reinterpret_cast<const Var*>(node);
  return variable->varlevelsup == 0 && variable->varattno == get_attnum(source, name);
}

bool is_constant(const Node* node, const char* value) {
  if (!IsA(node, Const)) return false;
  const auto* constant = reinterpret_cast<const Const*>(node);
  return constant->consttype == TEXTOID && !constant->constisnull &&
         strcmp(TextDatumGetCString(constant->constvalue), value) == 0;
}

bool is_tenant_predicate(const Node* node, const Dataset* dataset) {
  if (node == nullptr || !IsA(node, ScalarArrayOpExpr)) return false;
  const auto* any = reinterpret_cast<const ScalarArrayOpExpr*>(node);
  const auto* tenant = static_cast<const Node*>(linitial(any->args));
  const Oid type = getBaseType(exprType(tenant));
  return any->useOr && any->opno == lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr &&
         is_current_tenants(static_cast<const Node*>(lsecond(any->args)), current_tenants_function()) &&
         (dataset->tenant_column != nullptr ? is_column(tenant, dataset->source, dataset->tenant_column)
                                            : is_constant(tenant, dataset->fixed_tenant));
}

struct MaskFunctions {
  Oid mask_ip, mask_ip_text, mask_inside;
};

MaskFunctions mask_functions() {
  static constexpr Oid text[] = {TEXTOID};
  static constexpr Oid any[] = {ANYELEMENTOID};
  return {mask_ip_function(), takeout_function("mask_ip_text", 1, text), takeout_function("mask_inside", 1, any)};
}

// The column that a mask is laid over; null where the expression is no mask.
const Node* masked_by(const Node* node, const MaskFunctions* functions) {
  if (!IsA(node, FuncExpr)) return nullptr;
  const auto* call = reinterpret_cast<const FuncExpr*>(node);
  const bool is_mask = call->funcid == functions->mask_ip || call->funcid == functions->mask_ip_text ||
                       call->funcid == functions->mask_inside;
  return is_mask ? static_cast<const Node*>(linitial(call->args)) : nullptr;
}

const char* flaw_of_column(const Dataset* dataset, const Field* field, const Node* shown,
                           const MaskFunctions* functions) {
  const Node* column = masked_by(shown, functions);
  const bool must_mask = field->masked || type_holds_addresses(get_atttype(
                                              dataset->source, get_attnum(dataset->source, field->source_column)));
  if (column == nullptr && must_mask) return psprintf("Field \"%s\" is not masked by the governed view.", field->name);
  if (!is_column(column != nullptr ? column : shown, dataset->source, field->source_column))
    return psprintf("Field \"%s\" of the governed view is not column \"%s\" of the source.", field->name,
                    field->source_column);
  return nullptr;
}

const char* flaw_of_query(const Dataset* dataset, const Query* query) {
  if (only_relation(query) != dataset->source) return "Its governed view reads something else than its source.";
  if (!is_tenant_predicate(query->jointree->quals, dataset))
    return "Its governed view does not show rows of the reader's tenants and nothing else.";
  const MaskFunctions functions = mask_functions();
  for (int i = 0; i < dataset->field_count; ++i) {
    const Field* field = &dataset->fields[i];
    if (field->source_column == nullptr) return psprintf("Field \"%s\" has no column in the source.", field->name);
    const auto* entry = list_nth_node(TargetEntry, query->targetList, get_attnum(dataset->view, field->name) - 1);
    const char* flaw = flaw_of_column(dataset, field, reinterpret_cast<const Node*>(entry->expr), &functions);
    if (flaw != nullptr) return flaw;
  }
  return nullptr;
}

}  // namespace

const Query* stored_query(Relation view) {
  if (view->rd_rel->relkind != RELKIND_VIEW || view->rd_rules == nullptr) return nullptr;
  for (int i = 0; i < view->rd_rules->numLocks; ++i)
    if (view->rd_rules->rules[i]->event == CMD_SELECT) return linitial_node(Query, view->rd_rules->rules[i]->actions);
  return nullptr;
}

Oid only_relation(const Query* query) {
  const bool is_plain = query->cteList == NIL && query->groupClause == NIL && query->groupingSets == NIL &&
                        query->havingQual == nullptr && query->distinctClause == NIL && query->sortClause == NIL &&
                        query->limitCount == nullptr && query->limitOffset == nullptr &&
                        query->setOperations == nullptr && !query->hasTargetSRFs &&
                        list_length(query->jointree->fromlist) == 1;
  if (!is_plain || !IsA(linitial(query->jointree->fromlist), RangeTblRef)) return InvalidOid;
  const auto* entry = rt_fetch(linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex, query->rtable);
  return entry->rtekind == RTE_RELATION && entry->tablesample == nullptr ? entry->relid : InvalidOid;
}

Oid mask_ip_function() {
  static constexpr Oid inet[] = {INETOID};
  return takeout_function("mask_ip", 1, inet);
}

Oid current_tenants_function() { return takeout_function("current_tenants", 0, nullptr); }

bool is_current_tenants(const Node* node, Oid current_tenants) {
  while (IsA(node, ArrayCoerceExpr) || IsA(node, RelabelType))
    node =
        reinterpret_cast<const Node*>(IsA(node, ArrayCoerceExpr) ? reinterpret_cast<const ArrayCoerceExpr*>(node)->arg
                                                                 : reinterpret_cast<const RelabelType*>(node)->arg);
  if (!IsA(node, SubLink) || !IsA(reinterpret_cast<const SubLink*>(node)->subselect, Query)) return false;
  const auto* selected = reinterpret_cast<const Query*>(reinterpret_cast<const SubLink*>(node)->subselect);
  if (list_length(selected->targetList) != 1 || selected->rtable != NIL || selected->jointree->quals != nullptr)
    return false;
  const auto* value = reinterpret_cast<const Node*>(linitial_node(TargetEntry, selected->targetList)->expr);
  return IsA(value, FuncExpr) && reinterpret_cast<const FuncExpr*>(value)->funcid == current_tenants;
}

const char* flaw_of_view(const Dataset* dataset) {
  Relation view = relation_open(dataset->view, AccessShareLock);
  const Query* query = stored_query(view);
  const char* flaw = query == nullptr ? "Its governed view does not exist." : flaw_of_query(dataset, query);
  relation_close(view, AccessShareLock);
  return flaw;
}

}  // namespace pg_takeout
