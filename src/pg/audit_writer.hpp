// The end of the chain: appending lines, flushing them, going on in a new file. All backends share it.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/lwlock.h"
}

#include "../core/audit_line.hpp"
#include "audit_directory.hpp"

namespace pg_takeout {

// When a refusal was last recorded (audit_denials.cpp).
struct AuditDenial {
  uint64 key;  // role and SQLSTATE
  TimestampTz time;
  uint32 unrecorded;  // since then
};

// Locks are taken in this order. No line is appended while a file is left for the next, and none flushed.
struct AuditState {
  LWLock append_lock;
  LWLock flush_lock;
  LWLock denial_lock;
  int tranche;

  // Under append_lock.
  bool open;       // the file is there to be appended to; if not, the next INTENT looks for the chain's end again
  bool known;      // head and sequence are those of the last line written
  AuditFile file;  // changed under flush_lock too
  uint64 file_size;
  uint64 sequence;
  Sha256Digest head;
  char chain[audit_chain_length + 1];

  // Bytes since the start of the server, over all files.
  pg_atomic_uint64 appended;
  pg_atomic_uint64 flushed;
  // A flush failed: what the operating system has of the file can no longer be trusted to reach the disk, and a second flush
  // would not say so. As in PostgreSQL only a restart helps.
  pg_atomic_uint32 broken;
  bool used_elsewhere;  // another server has the directory

  AuditDenial denials[128];  // under denial_lock
};
extern AuditState* audit_state;

enum class AuditEffort {
  must,  // opens the chain anew where it has to, and refuses a directory that has become read-only
  may,   // for what is written while something else fails
};

struct AppendedLine {
  uint64 sequence;
  uint64 position;  // what flush_audit() takes
};

inline constexpr uint64 own_export = PG_UINT64_MAX;  // as export_id: the line's own sequence

// Neither raises errors: false with the failure.
bool append_audit_line(const char* event, uint64 export_id, const AuditBody* body, AuditEffort effort,
                       AppendedLine* appended, AuditFailure* failure);
// Returns once all bytes up to the position are on disk. Many who wait are served by one flush.
bool flush_audit(uint64 position, AuditFailure* failure);

// Under append_lock, or before there are backends.
bool append_under_lock(const char* event, uint64 export_id, const AuditBody* body, AuditFailure* failure);
bool begin_audit_file(const char* reason, AuditFailure* failure);
bool open_audit_chain(AuditFailure* failure);  // audit_recovery.cpp
// Closes this process's descriptor.
void close_audit_file();

// The server's name in the lines: its cluster_name, or its host and port.
void describe_audit_node(char* text, Size room);

}  // namespace pg_takeout
