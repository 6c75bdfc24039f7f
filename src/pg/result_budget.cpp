#include "postgres.hpp"

#include "result_budget.hpp"

#include <utility>

extern "C" {
#include "port/atomics.h"
#include "storage/ipc.h"
}

#include "memory.hpp"
#include "settings.hpp"

namespace pg_takeout {

struct ResultBudget {
  uint64 reserved;
};

namespace {

struct SharedBudget {
  pg_atomic_uint64 reserved;
};

SharedBudget* shared = nullptr;
uint64 session_reserved = 0;  // the sum of the session's budgets
bool session_ends = false;

void give_back(uint64 bytes) {
  session_reserved -= bytes;
  pg_atomic_fetch_sub_u64(&shared->reserved, static_cast<int64>(bytes));
}

void close_budget(void* budget) {
  auto* share = static_cast<ResultBudget*>(budget);
  if (share->reserved > 0 && !session_ends) give_back(share->reserved);
  share->reserved = 0;
}

// A session that ends aborts its transaction first, whose contexts give back all they have. This is for one that is no
// transaction's: it would hold its share until the server restarts.
void end_session(int, Datum) {
  give_back(session_reserved);
  session_ends = true;
}

[[noreturn]] void raise_no_room(uint64 total, uint64 others) {
  ereport(
      ERROR,
      (errcode(ERRCODE_OUT_OF_MEMORY),
       errmsg("results under construction would take more than takeout.total_result_bytes"),
       errdetail("This one needs " UINT64_FORMAT " bytes, the others on this server have taken " UINT64_FORMAT
                 " of " UINT64_FORMAT ".",
                 total, others, static_cast<uint64>(settings::total_result_bytes)),
       errhint("Use takeout.export_stream(), which needs no such memory, or try again when others have finished.")));
  pg_unreachable();
}

}  // namespace

Size budget_memory_size() { return sizeof(SharedBudget); }

void start_budget_memory(void* memory, bool found) {
  shared = static_cast<SharedBudget*>(memory);
  if (!found) pg_atomic_init_u64(&shared->reserved, 0);
}

ResultBudget* open_budget(MemoryContext context) {
  static bool watches_end = false;
  if (!watches_end && shared != nullptr) on_shmem_exit(end_session, 0);
  watches_end = true;
  auto* budget = static_cast<ResultBudget*>(MemoryContextAllocZero(context, sizeof(ResultBudget)));
  destroy_with_context(context, budget, close_budget);
  return budget;
}

void reserve(ResultBudget* budget, uint64 total) {
  if (shared == nullptr) return;
  if (total <= budget->reserved) {
    if (total < budget->reserved) give_back(budget->reserved - total);
    budget->reserved = total;
    return;
  }
  const uint64 more = total - budget->reserved;
  uint64 taken = pg_atomic_read_u64(&shared->reserved);
  do {
    if (taken + more > static_cast<uint64>(settings::total_result_bytes))
      raise_no_room(total, taken - budget->reserved);
  } while (!pg_atomic_compare_exchange_u64(&shared->reserved, &taken, taken + more));
  session_reserved += more;
  budget->reserved = total;
}

void hand_over(ResultBudget* budget, uint64 total, MemoryContext context) {
  ResultBudget* result = open_budget(context);
  std::swap(result->reserved, budget->reserved);
  reserve(result, total);
}

}  // namespace pg_takeout
