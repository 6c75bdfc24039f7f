#include "postgres.hpp"

#include "shared_memory.hpp"

extern "C" {
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

#include "audit_start.hpp"
#include "compat.hpp"
#include "export_group.hpp"
#include "quota.hpp"
#include "result_budget.hpp"

namespace pg_takeout {

namespace {

// A subject that keeps state in shared memory. `start` runs in the postmaster, and in each backend where backends do
// not inherit its memory; `found` tells whether the state is there already.
struct SharedPart {
  const char* name;
  Size (*size)();
  void (*start)(void* state, bool found);
};

// One line a subject.
constexpr SharedPart shared_parts[] = {
    {"pg_takeout audit", audit_memory_size, start_audit_memory},
    {"pg_takeout quota", quota_memory_size, start_quota_memory},
    {"pg_takeout result budget", budget_memory_size, start_budget_memory},
    {"pg_takeout export groups", group_memory_size, start_group_memory},
    {nullptr, nullptr, nullptr},
};

bool started = false;
shmem_startup_hook_type previous_startup_hook = nullptr;
#if PG_VERSION_NUM >= 150000
shmem_request_hook_type previous_request_hook = nullptr;
#endif

void request_memory() {
#if PG_VERSION_NUM >= 150000
  if (previous_request_hook != nullptr) previous_request_hook();
#endif
  for (const SharedPart& part : shared_parts)
    if (part.name != nullptr) RequestAddinShmemSpace(MAXALIGN(part.size()));
}

void start_memory() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  for (const SharedPart& part : shared_parts) {
    if (part.name == nullptr) continue;
    bool found;
    void* state = ShmemInitStruct(part.name, part.size(), &found);
    part.start(state, found);
  }
  LWLockRelease(AddinShmemInitLock);
  started = true;
}

}  // namespace

void install_shared_memory() {
  if (!process_shared_preload_libraries_in_progress) return;
#if PG_VERSION_NUM >= 150000
  previous_request_hook = shmem_request_hook;
  shmem_request_hook = request_memory;
#else
  request_memory();
#endif
  previous_startup_hook = shmem_startup_hook;
  shmem_startup_hook = start_memory;
}

bool is_preloaded() { return started; }

void require_preload() {
  if (started) return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("exports of datasets need pg_takeout to be loaded at server start"),
                  errdetail("Quota and audit live in shared memory; without them nothing is exported."),
                  errhint("Add pg_takeout to shared_preload_libraries and restart the server.")));
}

}  // namespace pg_takeout
