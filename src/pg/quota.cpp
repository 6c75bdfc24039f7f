#include "postgres.hpp"

#include "quota.hpp"

#include <ctime>

extern "C" {
#include "common/hashfn.h"
#include "storage/lwlock.h"
}

#include "../core/quota_table.hpp"
#include "audit.hpp"
#include "column_reader.hpp"
#include "settings.hpp"
#include "shared_memory.hpp"

namespace pg_takeout {

namespace {

// One lock: it is held for a tenth of a microsecond, and every request writes to a disk besides.
struct SharedQuota {
  LWLock lock;
  int tranche;
};

SharedQuota* shared = nullptr;

// What this session took last. Without a time there is nothing to give back.
QuotaKey last_key;
uint64 last_time = 0;

QuotaTable* table() {
  return reinterpret_cast<QuotaTable*>(reinterpret_cast<char*>(shared) + MAXALIGN(sizeof(SharedQuota)));
}

// It starts at one window, so that requests from before the machine did have a time.
uint64 monotonic_microseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return quota_window + static_cast<uint64>(now.tv_sec) * 1000000 + static_cast<uint64>(now.tv_nsec) / 1000;
}

// Tenants are told apart by 128 bits. The hash is not made to withstand somebody who looks for two names with the same
// one; who could make up such names would only have both counted in one log. In UTF-8, as the audit's lines have them.
QuotaKey key_of(Oid database, Oid role, const char* tenant) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(tenant);
  const auto length = static_cast<int>(strlen(tenant));
  return {database, role, {hash_bytes_extended(bytes, length, 1), hash_bytes_extended(bytes, length, 2)}};
}

QuotaKey session_key(const char* tenant) {
  return key_of(MyDatabaseId, GetSessionUserId(), to_utf8(tenant, static_cast<int>(strlen(tenant))));
}

uint32 as_limit(int per_minute) { return static_cast<uint32>(Max(per_minute, 0)); }

// The clock is read under the lock, so that stamps stand in their order.
QuotaTable::Taking take(const QuotaKey& key, uint32 limit, uint64* now) {
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  *now = monotonic_microseconds();
  const QuotaTable::Taking taking = table()->take(key, limit, *now);
  LWLockRelease(&shared->lock);
  return taking;
}

// One instant by both clocks.
struct Now {
  uint64 monotonic;
  TimestampTz wall;
};

// Counts an export that a server before this one began. One from the future was begun before somebody set the clock back.
void restore_request(void* argument, Oid database, Oid role, const char* tenant, TimestampTz time) {
  const auto* now = static_cast<const Now*>(argument);
  const auto age = static_cast<uint64>(Max(now->wall - time, 0));
  if (age < quota_window) (void)table()->take(key_of(database, role, tenant), 0, now->monotonic - age);
}

[[noreturn]] void raise_used_up(const char* tenant, int per_minute, int seconds) {
  ereport(ERROR,
          (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
           tenant[0] != '\0' ? errmsg("limit of %d exports a minute is reached for tenant \"%s\"", per_minute, tenant)
                             : errmsg("limit of %d exports a minute is reached for tenants without rows", per_minute),
           errdetail_plural("The next one is possible in %d second.", "The next one is possible in %d seconds.",
                            static_cast<unsigned long>(seconds), seconds),
           errhint("Wait for so long, and export more by one call; takeout.quota() shows what remains.")));
  pg_unreachable();
}

[[noreturn]] void raise_table_full(int seconds) {
  ereport(ERROR,
          (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
           errmsg("more roles and tenants export at once than takeout.quota_slots (%d) allows", settings::quota_slots),
           errdetail_plural("All were busy in the last minute; one is free in %d second.",
                            "All were busy in the last minute; one is free in %d seconds.",
                            static_cast<unsigned long>(seconds), seconds),
           errhint("Wait for so long. The administrator can raise takeout.quota_slots and restart the server.")));
  pg_unreachable();
}

}  // namespace

Size quota_memory_size() {
  const Size logs = QuotaTable::bytes(static_cast<uint32>(settings::quota_slots), static_cast<uint32>(highest_quota()));
  return add_size(MAXALIGN(sizeof(SharedQuota)), logs);
}

void start_quota_memory(void* memory, bool found) {
  shared = static_cast<SharedQuota*>(memory);
  if (!found) {
    shared->tranche = LWLockNewTrancheId();
    LWLockInitialize(&shared->lock, shared->tranche);
    QuotaTable::create(table(), static_cast<uint32>(settings::quota_slots), static_cast<uint32>(highest_quota()));
    Now now{monotonic_microseconds(), GetCurrentTimestamp()};
    visit_recent_intents(static_cast<int>(quota_window / 1000000), restore_request, &now);
  }
  LWLockRegisterTranche(shared->tranche, "takeout_quota");
}

int highest_quota() { return settings::quota_max_per_minute; }

void check_quota(int per_minute) {
  if (per_minute <= highest_quota()) return;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("limit of %d exports a minute is higher than takeout.quota_max_per_minute (%d)", per_minute,
                  highest_quota()),
           errhint("Lower requests_per_minute in takeout.limits, set it to NULL for none, or raise the setting and "
                   "restart the server.")));
}

void take_request(const char* tenant, int per_minute) {
  require_preload();
  check_quota(per_minute);
  const QuotaKey key = session_key(tenant);
  uint64 now;
  const QuotaTable::Taking taking = take(key, as_limit(per_minute), &now);
  if (taking.outcome == QuotaTable::Outcome::taken) {
    last_key = key;
    last_time = taking.time;
    return;
  }
  const auto seconds = static_cast<int>((taking.time - now + 999999) / 1000000);
  if (taking.outcome == QuotaTable::Outcome::table_full) raise_table_full(seconds);
  raise_used_up(tenant, per_minute, seconds);
}

void return_request(const char* tenant) {
  if (last_time == 0 || last_key != session_key(tenant)) return;
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  table()->give_back(last_key, last_time);
  LWLockRelease(&shared->lock);
  last_time = 0;
}

QuotaState quota_state(const char* tenant, int per_minute) {
  require_preload();
  const QuotaKey key = session_key(tenant);
  LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
  const uint64 now = monotonic_microseconds();
  const QuotaTable::Usage usage = table()->usage(key, as_limit(per_minute), now);
  LWLockRelease(&shared->lock);
  if (usage.used == 0) return {0, DT_NOBEGIN};
  return {static_cast<int>(usage.used), GetCurrentTimestamp() + static_cast<TimestampTz>(usage.next_change - now)};
}

}  // namespace pg_takeout
