// How many exports a minute: a sliding log for each database, session user and tenant, in shared memory. It is no part of
// a transaction, so nothing that rolls back gives a request back, and a standby counts as its primary does.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// One request of the session's user for the tenant, of `per_minute` at most in any 60 seconds; all methods and datasets
// count together. Raises 53400 with the seconds to wait in DETAIL where that many were taken, or where the table of logs
// is full. per_minute <= 0 is no limit: it is always taken, and logged all the same, so that a limit set later holds at
// once. Raises 55000 where the library is not preloaded, and as check_quota() does.
void take_request(const char* tenant, int per_minute);

// Gives back the request that this session took last, because its INTENT could not be written.
void return_request(const char* tenant);

struct QuotaState {
  int used;               // requests in the last 60 seconds
  TimestampTz resets_at;  // when one more is possible than now; DT_NOBEGIN where that is not to come: none was used
};

// Of the session's user. per_minute <= 0 is no limit.
QuotaState quota_state(const char* tenant, int per_minute);

// The largest limit that can be kept: takeout.quota_max_per_minute.
int highest_quota();
// Raises 22023 for a larger one.
void check_quota(int per_minute);

// For src/pg/shared_memory.cpp.
Size quota_memory_size();
void start_quota_memory(void* memory, bool found);

}  // namespace pg_takeout
