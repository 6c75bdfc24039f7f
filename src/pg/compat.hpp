// What differs between PostgreSQL 14 and 18, and nothing else.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "common/jsonapi.h"
#include "tcop/tcopprot.h"
#include "utils/rangetypes.h"
#include "utils/jsonfuncs.h"
}

namespace pg_takeout {

inline List* analyze_and_rewrite(RawStmt* statement, const char* query, const Oid* types, int count) {
#if PG_VERSION_NUM >= 150000
  return pg_analyze_and_rewrite_fixedparams(statement, query, types, count, nullptr);
#else
  return pg_analyze_and_rewrite(statement, query, const_cast<Oid*>(types), count, nullptr);
#endif
}

// Raises 22P02 where the text, in the server's encoding, is not JSON.
inline void check_json(char* text, int length) {
#if PG_VERSION_NUM >= 170000
  JsonLexContext* lexer = makeJsonLexContextCstringLen(nullptr, text, length, GetDatabaseEncoding(), false);
#else
  JsonLexContext* lexer = makeJsonLexContextCstringLen(text, length, GetDatabaseEncoding(), false);
#endif
  pg_parse_json_or_ereport(lexer, &nullSemAction);
}

// PostgreSQL 16 gave its tree walkers' callbacks a type.
using TreeWalker = bool (*)(Node*, void*);
#if PG_VERSION_NUM >= 160000
inline TreeWalker walker_argument(TreeWalker walker) { return walker; }
#else
using UntypedWalker = bool (*)();
inline UntypedWalker walker_argument(TreeWalker walker) { return reinterpret_cast<UntypedWalker>(reinterpret_cast<void (*)()>(walker)); }
#endif

inline Oid primary_key_index(Relation table) {
#if PG_VERSION_NUM >= 180000
  return RelationGetPrimaryKeyIndex(table, false);
#else
  return RelationGetPrimaryKeyIndex(table);
#endif
}

inline QueryDesc* create_query_desc(PlannedStmt* plan, const char* query, Snapshot snapshot, DestReceiver* receiver,
                                    ParamListInfo parameters) {
  return CreateQueryDesc(plan, query, snapshot, InvalidSnapshot, receiver, parameters, nullptr, 0);
}

// Runs the plan on from where it stands until the receiver says stop. Never in parallel: it may be left early.
inline void run_executor(QueryDesc* query) {
  constexpr uint64 until_receiver_stops = UINT64CONST(1) << 62;
#if PG_VERSION_NUM >= 180000
  ExecutorRun(query, ForwardScanDirection, until_receiver_stops);
#else
  ExecutorRun(query, ForwardScanDirection, until_receiver_stops, false);
#endif
}

// Runs the plan from its start to its end, in parallel where it can.
inline void run_executor_once(QueryDesc* query) {
#if PG_VERSION_NUM >= 180000
  ExecutorRun(query, ForwardScanDirection, 0);
#else
  ExecutorRun(query, ForwardScanDirection, 0, true);
#endif
}

// A range that is not empty, checked and in canonical form.
inline RangeType* make_range_value(TypeCacheEntry* type, RangeBound* lower, RangeBound* upper) {
#if PG_VERSION_NUM >= 160000
  return make_range(type, lower, upper, false, nullptr);
#else
  return make_range(type, lower, upper, false);
#endif
}

}  // namespace pg_takeout
