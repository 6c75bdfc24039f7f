#include "postgres.hpp"

#include "audit_start.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

extern "C" {
#include "storage/fd.h"
#include "storage/ipc.h"
}

#include "../core/audit_chain.hpp"
#include "../core/hex_text.hpp"
#include "audit.hpp"
#include "audit_writer.hpp"
#include "settings.hpp"

namespace pg_takeout {

namespace {

void report_failure(const AuditFailure* failure) {
  errno = failure->error_number;
  if (failure->error_number != 0)
    ereport(WARNING, (errmsg("%s: %m", failure->action), errdetail("Until it can, no dataset is exported."),
                      errhint("takeout.audit_directory is \"%s\".", settings::audit_directory)));
  else
    ereport(WARNING, (errmsg("%s", failure->action), errdetail("Until that ends, no dataset is exported."),
                      errhint("takeout.audit_directory is \"%s\".", settings::audit_directory)));
}

// The head in the server's log shows later whether the end of the files was cut off. Lines that nobody waited for reach the
// disk here.
void end_audit(int, Datum) {
  if (MyProcPid != PostmasterPid || !audit_state->open) return;
  AuditFailure failure;
  flush_audit(pg_atomic_read_u64(&audit_state->appended), &failure);
  char digits[2 * sizeof(Sha256Digest) + 1];
  *write_hex(digits, audit_state->head.data(), audit_state->head.size()) = '\0';
  ereport(LOG_SERVER_ONLY,
          (errmsg("audit ends at line " UINT64_FORMAT " in file \"%s\"", audit_state->sequence, audit_state->file.name),
           errdetail("Head of the chain: %s.", digits)));
}

bool is_recent(const char* name, time_t oldest) {
  struct stat status {};
  return stat(audit_path(name), &status) == 0 && status.st_mtime >= oldest;
}

using VisitIntent = void (*)(void* argument, Oid database, Oid role, const char* tenant, TimestampTz time);

void visit_file(const char* name, TimestampTz oldest, VisitIntent visit, void* argument) {
  AuditFailure failure;
  int descriptor = open_audit_file(name, O_RDONLY, &failure);
  if (descriptor < 0) return;
  AuditLines lines(read_audit_file, &descriptor);
  std::string_view line;
  while (lines.next(&line)) {
    AuditMembers members;
    int64 time;
    if (!lines.whole() || !read_audit_line(line, &members) || members[AuditField::event] != "INTENT") continue;
    // The whole was counted.
    if (members[AuditField::part_of].data() != nullptr) continue;
    if (!members.time(&time) || time < oldest) continue;
    char tenant[audit_line_room];
    tenant[unescape_json(tenant, members[AuditField::tenant])] = '\0';
    visit(argument, static_cast<Oid>(members.number(AuditField::database_oid)),
          static_cast<Oid>(members.number(AuditField::role_oid)), tenant, time);
  }
  close(descriptor);
}

}  // namespace

Size audit_memory_size() { return sizeof(AuditState); }

void start_audit_memory(void* memory, bool found) {
  audit_state = static_cast<AuditState*>(memory);
  if (!found) {
    memset(audit_state, 0, sizeof *audit_state);
    audit_state->tranche = LWLockNewTrancheId();
    for (LWLock* lock : {&audit_state->append_lock, &audit_state->flush_lock, &audit_state->denial_lock})
      LWLockInitialize(lock, audit_state->tranche);
    pg_atomic_init_u64(&audit_state->appended, 0);
    pg_atomic_init_u64(&audit_state->flushed, 0);
    pg_atomic_init_u32(&audit_state->broken, 0);
  }
  LWLockRegisterTranche(audit_state->tranche, "takeout_audit");
  if (found) return;

  AuditFailure failure;
  const bool made = make_audit_directory(&failure);
  audit_state->used_elsewhere = !lock_audit_directory();
  if (!made || !open_audit_chain(&failure)) report_failure(&failure);
  // A backend opens the file when it first exports.
  close_audit_file();
  if (made && audit_is_inside_data_directory())
    ereport(WARNING, (errmsg("audit directory \"%s\" lies inside the data directory", settings::audit_directory),
                      errdetail("Base backups copy it, and pg_rewind replaces it with another server's."),
                      errhint("Set takeout.audit_directory to a directory elsewhere.")));
  on_shmem_exit(end_audit, 0);
}

void visit_recent_intents(int seconds, VisitIntent visit, void* argument) {
  const time_t oldest = time(nullptr) - seconds;
  AuditFailure failure;
  AuditFile file, before;
  if (!previous_audit_file(nullptr, &file, &failure) || !is_recent(file.name, oldest)) return;
  while (previous_audit_file(file.name, &before, &failure) && is_recent(before.name, oldest)) file = before;
  const TimestampTz since = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), -1000 * static_cast<int64>(seconds));
  do {
    visit_file(file.name, since, visit, argument);
  } while (next_audit_file(file.name, &file, &failure));
}

}  // namespace pg_takeout
