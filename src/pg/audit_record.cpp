// An export's record, from its INTENT to its end.
#include "postgres.hpp"

extern "C" {
#include "storage/proc.h"
}

#include "../core/hex_text.hpp"
#include "../core/sha256.hpp"
#include "audit.hpp"
#include "audit_subject.hpp"
#include "audit_writer.hpp"
#include "boundary.hpp"
#include "memory.hpp"
#include "settings.hpp"
#include "shared_memory.hpp"

namespace pg_takeout {

struct AuditRecord {
  ContextSlot<Sha256>* hash;  // null: takeout.audit_sha256 is off
  uint64 export_id;
  int64 rows;
  int64 bytes;
  bool ended;
  AuditBody subject;
};

namespace {

[[noreturn]] void raise_not_recorded(const AuditFailure* failure) {
  errno = failure->error_number;
  ereport(ERROR, (errcode(ERRCODE_IO_ERROR),
                  failure->error_number != 0 ? errmsg("export cannot be recorded: %s: %m", failure->action)
                                             : errmsg("export cannot be recorded: %s", failure->action),
                  errdetail("What is not on record is not exported."),
                  errdetail_log("Audit directory \"%s\", file \"%s\".", settings::audit_directory, failure->file),
                  failure->hint != nullptr ? errhint("%s", failure->hint) : 0));
  pg_unreachable();
}

// The subject and what has left so far.
AuditBody body_with_sums(AuditRecord* record) {
  AuditBody body = record->subject;
  body.add_number(AuditField::rows, record->rows);
  body.add_number(AuditField::bytes, record->bytes);
  Sha256Digest digest;
  if (record->hash != nullptr && record->hash->get()->finish(&digest)) {
    char digits[2 * sizeof digest];
    write_hex(digits, digest.data(), digest.size());
    body.add_text(AuditField::sha256, {digits, sizeof digits});
  }
  return body;
}

void end_quietly(AuditRecord* record, const char* event, int sqlstate) {
  record->ended = true;
  // Past the backend's own end there is no waiting for locks any more, nor where the error came with one held.
  if (MyProc == nullptr || LWLockHeldByMe(&audit_state->append_lock) || LWLockHeldByMe(&audit_state->flush_lock))
    return;
  AuditBody body = body_with_sums(record);
  if (sqlstate != 0) body.add_text(AuditField::sqlstate, unpack_sql_state(sqlstate));
  AppendedLine line;
  AuditFailure failure;
  if (append_audit_line(event, record->export_id, &body, AuditEffort::may, &line, &failure)) return;
  errno = failure.error_number;
  ereport(LOG_SERVER_ONLY,
          (errmsg("could not record the end of export " UINT64_FORMAT ": %s", record->export_id, failure.action)));
}

void end_with_context(void* argument) {
  auto* record = static_cast<AuditRecord*>(argument);
  if (record->export_id != 0 && !record->ended) end_quietly(record, "ABANDONED", 0);
}

}  // namespace

AuditRecord* begin_audit(const AuditSubject* subject, MemoryContext context) {
  require_preload();
  auto* record = static_cast<AuditRecord*>(MemoryContextAllocZero(context, sizeof(AuditRecord)));
  if (settings::audit_sha256 && !subject->in_parts) {
    // Registered first, hence called last: the end of the record needs the hash.
    record->hash = make_slot<Sha256>(context);
    run_core([record] { record->hash->construct(); });
  }
  destroy_with_context(context, record, end_with_context);

  describe_subject(subject, &record->subject);
  AuditBody body = record->subject;
  describe_filter(subject, &body);
  AppendedLine line;
  AuditFailure failure;
  if (!append_audit_line("INTENT", own_export, &body, AuditEffort::must, &line, &failure)) raise_not_recorded(&failure);
  record->export_id = line.sequence;
  if (!flush_audit(line.position, &failure)) raise_not_recorded(&failure);
  return record;
}

void audit_bytes(AuditRecord* record, const char* bytes, Size length, int64 rows) {
  record->bytes += static_cast<int64>(length);
  record->rows = rows;
  if (record->hash != nullptr && !record->hash->get()->add({bytes, length}))
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not hash an export")));
}

void complete_audit(AuditRecord* record, int64 rows) {
  record->rows = rows;
  AuditBody body = body_with_sums(record);
  AppendedLine line;
  AuditFailure failure;
  if (!append_audit_line("COMPLETE", record->export_id, &body, AuditEffort::may, &line, &failure))
    raise_not_recorded(&failure);
  record->ended = true;
  if (!flush_audit(line.position, &failure)) raise_not_recorded(&failure);
}

void audit_sums(AuditRecord* record, int64 rows, int64 bytes) {
  record->rows = rows;
  record->bytes = bytes;
}

uint64 audit_id(const AuditRecord* record) { return record->export_id; }

void complete_audit_of_parts(const AuditSubject* subject, uint64 id, int64 rows, int64 bytes) {
  auto* record = static_cast<AuditRecord*>(palloc0(sizeof(AuditRecord)));
  record->export_id = id;
  describe_subject(subject, &record->subject);
  audit_sums(record, rows, bytes);
  complete_audit(record, rows);
}

void forget_audit(AuditRecord* record) { record->ended = true; }

void fail_audit(AuditRecord* record, int sqlstate) {
  if (record != nullptr && record->export_id != 0 && !record->ended) end_quietly(record, "FAILED", sqlstate);
}

}  // namespace pg_takeout
