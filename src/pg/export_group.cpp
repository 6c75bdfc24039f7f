#include "postgres.hpp"

#include "export_group.hpp"

extern "C" {
#include "storage/lwlock.h"
}

#include "../core/hex_text.hpp"
#include "memory.hpp"

namespace pg_takeout {

namespace {

constexpr int max_groups = 64;
constexpr int max_groups_a_role = 8;  // in a database: one role must not take the room of all
constexpr Size id_digits = 2 * sizeof(Sha256Digest);

struct Group {
  bool open;
  Sha256Digest id;  // random: who knows it was told
  GroupBinding binding;
  GroupEnd end;
  uint64 whole;
  int64 max_rows;
  uint64 max_bytes;
  uint64 begun;  // a bit a part
  int completed;
  bool failed;   // a part has failed, or was left
  int sqlstate;  // of the part that failed first
  GroupSums sums;
  GroupCuts cuts;
};

// One lock: it is held for moments, a few times a second for each part.
struct SharedGroups {
  LWLock lock;
  int tranche;
  Group groups[max_groups];
};

SharedGroups* shared = nullptr;

// What the leader's transaction holds.
struct OpenGroup {
  int slot;
  AuditRecord* record;
};

bool is_complete(const Group* group) { return group->completed == group->cuts.count + 1; }

// The end of the leader's transaction. Where the last part has completed the whole, or is about to, its end is on record by
// that part, unless just that failed; else it is what the parts have written so far.
void close_group(void* argument) {
  const auto* open = static_cast<OpenGroup*>(argument);
  if (open->slot < 0) return;
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  Group* group = &shared->groups[open->slot];
  const bool complete = is_complete(group);
  const int sqlstate = group->sqlstate;
  const GroupSums sums = group->sums;
  group->open = false;
  LWLockRelease(&shared->lock);
  if (complete && sqlstate == 0) {
    forget_audit(open->record);
    return;
  }
  audit_sums(open->record, sums.rows, sums.bytes);
  if (sqlstate != 0) fail_audit(open->record, sqlstate);
}

// Under the lock. Releases it where it raises.
int free_slot(const GroupBinding* binding) {
  int slot = -1;
  int of_role = 0;
  for (int i = 0; i < max_groups; ++i) {
    const Group* group = &shared->groups[i];
    if (!group->open)
      slot = i;
    else if (group->binding.database == binding->database && group->binding.role == binding->role)
      ++of_role;
  }
  if (slot >= 0 && of_role < max_groups_a_role) return slot;
  LWLockRelease(&shared->lock);
  ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                  of_role < max_groups_a_role ? errmsg("more exports in parts than the server has room for")
                                              : errmsg("more exports in parts than one role has room for"),
                  errdetail("There are %d of them.", of_role < max_groups_a_role ? max_groups : max_groups_a_role),
                  errhint("Wait until one has ended, or use takeout.export_stream().")));
  pg_unreachable();
}

bool same_export(const GroupBinding* left, const GroupBinding* right) {
  return left->database == right->database && left->role == right->role && left->request == right->request;
}

bool same_snapshot(const GroupBinding* left, const GroupBinding* right) {
  return left->xmin == right->xmin && left->xmax == right->xmax && left->running == right->running;
}

[[noreturn]] void raise_bad_token() {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("part is not one of this export"),
                  errdetail("A part goes with the role and all arguments of takeout.export_parts(), and ends with the "
                            "transaction that called it.")));
  pg_unreachable();
}

[[noreturn]] void raise_ended(const char* detail) {
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("export that this part belongs to has ended"), errdetail("%s", detail)));
  pg_unreachable();
}

constexpr const char* part_failed = "Another part of it has failed, or was left before its end.";

// "<id>-<number>" as part_token() writes it.
bool read_token(const char* token, GroupPart* part) {
  if (strlen(token) < id_digits + 2 || token[id_digits] != '-' || strlen(token) > id_digits + 3) return false;
  if (!read_hex({token, id_digits}, part->group.data(), part->group.size())) return false;
  part->number = 0;
  for (const char* at = token + id_digits + 1; *at != '\0'; ++at) {
    if (*at < '0' || *at > '9') return false;
    part->number = 10 * part->number + (*at - '0');
  }
  return true;
}

enum class Beginning { begun, unknown, again, other_snapshot };

// Under the lock. Fills in what the part is to do; memory for it is there.
Beginning take_part(GroupPart* part, const GroupBinding* binding, char* after, char* upto) {
  for (int slot = 0; slot < max_groups; ++slot) {
    Group* group = &shared->groups[slot];
    if (!group->open || group->id != part->group) continue;
    if (!same_export(&group->binding, binding) || part->number > group->cuts.count) return Beginning::unknown;
    if (!same_snapshot(&group->binding, binding)) return Beginning::other_snapshot;
    const uint64 bit = UINT64CONST(1) << part->number;
    if ((group->begun & bit) != 0) return Beginning::again;
    group->begun |= bit;
    part->slot = slot;
    part->whole = group->whole;
    part->end = group->end;
    if (part->number > 0) part->after = strcpy(after, group->cuts.value[part->number - 1]);
    if (part->number < group->cuts.count) part->upto = strcpy(upto, group->cuts.value[part->number]);
    return Beginning::begun;
  }
  return Beginning::unknown;
}

// Under the lock; null where it has ended.
Group* group_of(const GroupPart* part) {
  Group* group = &shared->groups[part->slot];
  return group->open && group->id == part->group ? group : nullptr;
}

void end_badly(const GroupPart* part, int sqlstate) {
  // The error may have come with the lock held.
  if (LWLockHeldByMe(&shared->lock)) return;
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  Group* group = group_of(part);
  if (group != nullptr) {
    group->failed = true;
    if (group->sqlstate == 0) group->sqlstate = sqlstate;
  }
  LWLockRelease(&shared->lock);
}

// However a part ends that is not complete: by LIMIT, CLOSE, an error before its first row, the session's end.
void leave_part(void* argument) {
  const auto* part = static_cast<GroupPart*>(argument);
  if (part->slot < max_groups && !part->completed) end_badly(part, 0);
}

}  // namespace

Size group_memory_size() { return sizeof(SharedGroups); }

void start_group_memory(void* memory, bool found) {
  shared = static_cast<SharedGroups*>(memory);
  if (!found) {
    memset(static_cast<void*>(shared), 0, sizeof(SharedGroups));
    shared->tranche = LWLockNewTrancheId();
    LWLockInitialize(&shared->lock, shared->tranche);
  }
  LWLockRegisterTranche(shared->tranche, "takeout_groups");
}

void check_group_room(const GroupBinding* binding) {
  LWLockAcquire(&shared->lock, LW_SHARED);
  (void)free_slot(binding);
  LWLockRelease(&shared->lock);
}

const char* open_group(const GroupBinding* binding, const GroupEnd* end, const Limits* limits, const GroupCuts* cuts,
                       AuditRecord* record) {
  Sha256Digest id;
  if (!pg_strong_random(id.data(), id.size())) elog(ERROR, "could not generate the random name of an export in parts");
  auto* open = static_cast<OpenGroup*>(MemoryContextAllocZero(CurTransactionContext, sizeof(OpenGroup)));
  open->slot = -1;
  // After the record's own, hence called before it.
  destroy_with_context(CurTransactionContext, open, close_group);

  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  open->slot = free_slot(binding);
  open->record = record;
  Group* group = &shared->groups[open->slot];
  group->open = true;
  group->id = id;
  group->binding = *binding;
  group->end = *end;
  group->whole = audit_id(record);
  group->max_rows = limits->max_rows;
  group->max_bytes = limits->max_bytes;
  group->begun = 0;
  group->completed = 0;
  group->failed = false;
  group->sqlstate = 0;
  group->sums = {0, 0};
  group->cuts = *cuts;
  LWLockRelease(&shared->lock);

  auto* text = static_cast<char*>(palloc(id_digits + 1));
  write_hex(text, id.data(), id.size());
  text[id_digits] = '\0';
  return text;
}

const char* part_token(const char* group, int part) { return psprintf("%s-%d", group, part); }

GroupPart* begin_part(const char* token, const GroupBinding* binding) {
  auto* part = static_cast<GroupPart*>(palloc0(sizeof(GroupPart)));
  auto* after = static_cast<char*>(palloc(longest_cut + 1));
  auto* upto = static_cast<char*>(palloc(longest_cut + 1));
  if (!read_token(token, part)) raise_bad_token();
  part->slot = max_groups;
  destroy_with_context(CurrentMemoryContext, part, leave_part);
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  const Beginning beginning = take_part(part, binding, after, upto);
  LWLockRelease(&shared->lock);
  switch (beginning) {
    case Beginning::begun:
      break;
    case Beginning::unknown:
      raise_bad_token();
    case Beginning::again:
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("part %d has been exported already", part->number), errdetail("A part is exported once."),
                      errhint("Call takeout.export_parts() anew.")));
    case Beginning::other_snapshot:
      ereport(ERROR,
              (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
               errmsg("part does not run under the snapshot of its export"),
               errhint("Call pg_export_snapshot() in the transaction of takeout.export_parts(), and begin this one "
                       "with SET TRANSACTION SNAPSHOT.")));
  }
  return part;
}

void count_part(const GroupPart* part, const ExportRequest* request, int64 rows, int64 bytes) {
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  Group* group = group_of(part);
  const bool failed = group != nullptr && group->failed;
  int64 max_rows = -1;
  uint64 max_bytes = UINT64_MAX;
  GroupSums sums{0, 0};
  if (group != nullptr && !failed) {
    sums = {group->sums.rows + rows, group->sums.bytes + bytes};
    max_rows = group->max_rows;
    max_bytes = group->max_bytes;
    if ((max_rows < 0 || sums.rows <= max_rows) && static_cast<uint64>(sums.bytes) <= max_bytes) group->sums = sums;
  }
  LWLockRelease(&shared->lock);
  if (group == nullptr) raise_ended("The transaction of takeout.export_parts() is over.");
  if (failed) raise_ended(part_failed);
  if (max_rows >= 0 && sums.rows > max_rows) raise_too_many_rows(request->dataset->name, max_rows, request->method);
  if (static_cast<uint64>(sums.bytes) > max_bytes)
    raise_too_many_bytes(request, max_bytes, static_cast<uint64>(sums.bytes));
}

bool complete_part(GroupPart* part, GroupSums* sums) {
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  Group* group = group_of(part);
  const bool failed = group != nullptr && group->failed;
  bool is_last = false;
  if (group != nullptr && !failed) {
    ++group->completed;
    part->completed = true;
    is_last = is_complete(group);
    *sums = group->sums;
  }
  LWLockRelease(&shared->lock);
  if (group == nullptr) raise_ended("The transaction of takeout.export_parts() is over.");
  if (failed) raise_ended(part_failed);
  return is_last;
}

void fail_part(const GroupPart* part, int sqlstate) { end_badly(part, sqlstate); }

}  // namespace pg_takeout
