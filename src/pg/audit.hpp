// The record of every export: write-ahead lines in hash-chained files, which no ROLLBACK, cancel or crash takes back.
// An export runs between begin_audit() and complete_audit(); what stops it in between is on record too.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// What is exported, in the server's encoding. Any of them may be null where it is not known.
struct AuditSubject {
  const char* tenant;
  const char* dataset;
  const char* format;
  const char*
      method;  // the SQL function: export, export_stream, export_page, export_parts, export_part, violations or conformance
  const char* filter;     // the text of a JSON object
  uint64 part_of = 0;     // audit_id() of the export that this one is a part of; 0: of none
  bool in_parts = false;  // other sessions write its bytes: there is no hash of them as a whole
};

struct AuditRecord;

// Writes INTENT and flushes it to disk. Raises 58030 where it cannot: then nothing may be exported. The record lives in
// `context`; where that goes before the record has an end, ABANDONED is written.
AuditRecord* begin_audit(const AuditSubject* subject, MemoryContext context);

// Bytes that are about to leave, and the rows written so far.
void audit_bytes(AuditRecord* record, const char* bytes, Size length, int64 rows);

// Writes COMPLETE with rows, bytes and their SHA-256, and flushes it. Called before the last bytes leave; raises 58030
// where it cannot: then they must not.
void complete_audit(AuditRecord* record, int64 rows);

// Of an export in parts: what its parts have written, in place of audit_bytes().
void audit_sums(AuditRecord* record, int64 rows, int64 bytes);
// The number that its parts name.
uint64 audit_id(const AuditRecord* record);
// As complete_audit(), by the session that ends the last part of the export; forget_audit() is for the one that began it.
void complete_audit_of_parts(const AuditSubject* subject, uint64 id, int64 rows, int64 bytes);
void forget_audit(AuditRecord* record);

// Writes FAILED, unflushed. Never raises; for PG_CATCH.
void fail_audit(AuditRecord* record, int sqlstate);

// Writes DENIED, unflushed, at most one a second for each role and SQLSTATE. Never raises.
void audit_denied(const AuditSubject* subject, int sqlstate, const char* reason);

// Calls `visit` for the INTENTs of the last seconds, oldest first. In the postmaster, at start, after the audit's own start.
// `tenant` is UTF-8 and empty where the line has none.
void visit_recent_intents(int seconds,
                          void (*visit)(void* argument, Oid database, Oid role, const char* tenant, TimestampTz time),
                          void* argument);

}  // namespace pg_takeout
