// What differs between PostgreSQL 14 and 18, and nothing else.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "common/base64.h"
#include "common/jsonapi.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_relation.h"
#include "tcop/tcopprot.h"
#include "utils/jsonfuncs.h"
#include "utils/rangetypes.h"
}

namespace pg_takeout {

inline Query* analyze_query(RawStmt* statement, const char* text, const Oid* types, int count) {
#if PG_VERSION_NUM >= 150000
  return parse_analyze_fixedparams(statement, text, types, count, nullptr);
#else
  return parse_analyze(statement, text, const_cast<Oid*>(types), count, nullptr);
#endif
}

inline List* analyze_and_rewrite(RawStmt* statement, const char* text, const Oid* types, int count) {
#if PG_VERSION_NUM >= 150000
  return pg_analyze_and_rewrite_fixedparams(statement, text, types, count, nullptr);
#else
  return pg_analyze_and_rewrite(statement, text, const_cast<Oid*>(types), count, nullptr);
#endif
}

// Whose privileges on the relation an analyzed query goes by.
inline void check_relation_as([[maybe_unused]] Query* query, RangeTblEntry* entry, Oid role) {
#if PG_VERSION_NUM >= 160000
  getRTEPermissionInfo(query->rteperminfos, entry)->checkAsUser = role;
#else
  entry->checkAsUser = role;
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

// PostgreSQL 16 gave the callbacks of its tree walkers and mutators a type.
using TreeWalker = bool (*)(Node*, void*);
using TreeMutator = Node* (*)(Node*, void*);
#if PG_VERSION_NUM >= 160000
inline TreeWalker walker_argument(TreeWalker walker) { return walker; }
inline TreeMutator mutator_argument(TreeMutator mutator) { return mutator; }
#else
using UntypedWalker = bool (*)();
inline UntypedWalker walker_argument(TreeWalker walker) {
  return reinterpret_cast<UntypedWalker>(reinterpret_cast<void (*)()>(walker));
}
using UntypedMutator = Node* (*)();
inline UntypedMutator mutator_argument(TreeMutator mutator) {
  return reinterpret_cast<UntypedMutator>(reinterpret_cast<void (*)()>(mutator));
}
#endif

// The columns that the query reads of one of its relations.
inline Bitmapset* selected_columns(const Query* query, const RangeTblEntry* entry) {
#if PG_VERSION_NUM >= 160000
  return getRTEPermissionInfo(query->rteperminfos, const_cast<RangeTblEntry*>(entry))->selectedCols;
#else
  (void)query;
  return entry->selectedCols;
#endif
}

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

// Settings under the prefix that nobody defined are refused from now on; PostgreSQL 14 only warns of them.
inline void reserve_setting_prefix(const char* prefix) {
#if PG_VERSION_NUM >= 150000
  MarkGUCPrefixReserved(prefix);
#else
  EmitWarningsOnPlaceholders(prefix);
#endif
}

// Whether COPY takes a materialized view as it takes a table.
#if PG_VERSION_NUM >= 180000
inline constexpr bool copy_takes_materialized_views = true;
#else
inline constexpr bool copy_takes_materialized_views = false;
#endif

// PostgreSQL 18 has uint8 for the bytes. Both return how much they wrote, -1 for too little room or what is not base64.
inline int encode_base64(const char* bytes, int length, char* text, int room) {
#if PG_VERSION_NUM >= 180000
  return pg_b64_encode(reinterpret_cast<const uint8*>(bytes), length, text, room);
#else
  return pg_b64_encode(bytes, length, text, room);
#endif
}

inline int decode_base64(const char* text, int length, char* bytes, int room) {
#if PG_VERSION_NUM >= 180000
  return pg_b64_decode(text, length, reinterpret_cast<uint8*>(bytes), room);
#else
  return pg_b64_decode(text, length, bytes, room);
#endif
}

}  // namespace pg_takeout
