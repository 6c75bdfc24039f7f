// Exports in several parts, which as many sessions write at the same time: what they share. One session, the leader, begins
// the export and keeps its transaction open; the others run its parts under the leader's snapshot.
#pragma once

#include "postgres.hpp"

#include "../core/sha256.hpp"
#include "audit.hpp"
#include "limits.hpp"

namespace pg_takeout {

inline constexpr int max_parts = 64;
// Bytes of a value that the rows are cut at, as text. They stay in shared memory: statistics know of other tenants' rows.
inline constexpr int longest_cut = 127;

// What a part needs to be of the same export: role, request and snapshot.
struct GroupBinding {
  Oid database;
  Oid role;
  Sha256Digest request;
  TransactionId xmin, xmax;  // of the snapshot
  uint32 running;
};

// Part i has the rows behind cuts[i - 1] up to and with cuts[i]; the first begins with the first row, the last has the
// rest.
struct GroupCuts {
  int count;
  char value[max_parts - 1][longest_cut + 1];
};

// The end of the period, which a limit may have set at the whole's beginning.
struct GroupEnd {
  bool is_set;
  TimestampTz time;
};

// Raises 53400 where the role, or the server, has no more room for exports in parts.
void check_group_room(const GroupBinding* binding);

// Opens a group of cuts->count + 1 parts until the end of the transaction, or of the subtransaction that is rolled back.
// `record` is that of the whole, and ends with the group. Raises 53400 as check_group_room() does. Returns the text
// that part_token() takes.
const char* open_group(const GroupBinding* binding, const GroupEnd* end, const Limits* limits, const GroupCuts* cuts,
                       AuditRecord* record);
// What names a part, from 0.
const char* part_token(const char* group, int part);

// A part that this session runs.
struct GroupPart {
  int slot;
  Sha256Digest group;
  int number;         // from 0
  uint64 whole;       // number of the whole in the audit
  const char* after;  // null: from the first row
  const char* upto;   // null: to the last row
  GroupEnd end;
  bool completed;
};

// Raises 22023 for a token that the binding's role and request have no part by, 55000 where the export has ended, the part
// has begun before, or another snapshot is set. The part cannot begin again. Allocated in CurrentMemoryContext; where that
// goes before the part is complete, the other parts end too.
GroupPart* begin_part(const char* token, const GroupBinding* binding);

// The part has written so many rows and bytes more. Raises 54000 where all parts together are over a limit, 55000 where
// the export has ended or another part has failed.
void count_part(const GroupPart* part, const ExportRequest* request, int64 rows, int64 bytes);

// The part is whole. True where it was the last one; then with the sums of all.
struct GroupSums {
  int64 rows;
  int64 bytes;
};
bool complete_part(GroupPart* part, GroupSums* sums);

// For PG_CATCH: the other parts end too, and the record of the whole tells why.
void fail_part(const GroupPart* part, int sqlstate);

// For src/pg/shared_memory.cpp.
Size group_memory_size();
void start_group_memory(void* memory, bool found);

}  // namespace pg_takeout
