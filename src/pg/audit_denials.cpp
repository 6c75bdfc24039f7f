// Refusals on record, so few that they cannot fill the disk.
#include "postgres.hpp"

#include "audit.hpp"
#include "audit_subject.hpp"
#include "audit_text.hpp"
#include "audit_writer.hpp"
#include "shared_memory.hpp"

namespace pg_takeout {

namespace {

constexpr int64 microseconds_between = 1000000;

// Whether a second has gone by since the last refusal of this role by this SQLSTATE that is on record: the words of an error
// can hold what its caller chose. Where the table has no room for one more in this second, there is no record either.
bool is_due(Oid role, int sqlstate, uint32* unrecorded) {
  const uint64 key = (static_cast<uint64>(role) << 32) | static_cast<uint32>(sqlstate);
  const TimestampTz now = GetCurrentTimestamp();
  const auto is_free = [now](const AuditDenial* denial) {
    // The clock may have been set back.
    return now - denial->time >= microseconds_between || now < denial->time;
  };
  AuditDenial* chosen = nullptr;
  LWLockAcquire(&audit_state->denial_lock, LW_EXCLUSIVE);
  for (AuditDenial& denial : audit_state->denials) {
    if (denial.key == key) {
      chosen = &denial;
      break;
    }
    if (is_free(&denial) && (chosen == nullptr || denial.time < chosen->time)) chosen = &denial;
  }
  const bool due = chosen != nullptr && (chosen->key != key || is_free(chosen));
  if (due) {
    *unrecorded = chosen->key == key ? chosen->unrecorded : 0;
    *chosen = {key, now, 0};
  } else if (chosen != nullptr) {
    ++chosen->unrecorded;
  }
  LWLockRelease(&audit_state->denial_lock);
  return due;
}

}  // namespace

// Called while the refusal's error is being handled: nothing here may end in an error of its own.
void audit_denied(const AuditSubject* subject, int sqlstate, const char* reason) {
  uint32 unrecorded;
  if (!is_preloaded() || !is_due(GetSessionUserId(), sqlstate, &unrecorded)) return;
  AuditBody body{};
  describe_subject(subject, &body);
  body.add_text(AuditField::sqlstate, unpack_sql_state(sqlstate));
  body.add_text(AuditField::reason, audit_text(reason));
  if (unrecorded > 0) body.add_number(AuditField::suppressed, unrecorded);
  AppendedLine line;
  AuditFailure failure;
  if (!append_audit_line("DENIED", 0, &body, AuditEffort::may, &line, &failure))
    ereport(LOG_SERVER_ONLY, (errmsg("could not record a refused export: %s", failure.action)));
}

}  // namespace pg_takeout
