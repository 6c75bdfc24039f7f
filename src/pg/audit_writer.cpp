#include "postgres.hpp"

#include "audit_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

extern "C" {
#include "pgstat.h"
#include "postmaster/postmaster.h"
#include "storage/fd.h"
}

#include "../core/hex_text.hpp"
#include "settings.hpp"

namespace pg_takeout {

AuditState* audit_state = nullptr;

namespace {

// This process's descriptor of the file that lines go to.
struct OpenFile {
  int descriptor = -1;
  AuditFile file{};
};
OpenFile current;

// The caller has one of the locks under which the file stays the same. -1 where it fails.
int current_file(AuditFailure* failure) {
  if (current.descriptor >= 0 && strcmp(current.file.name, audit_state->file.name) == 0) return current.descriptor;
  if (current.descriptor >= 0) {
    close(current.descriptor);
    current.descriptor = -1;
  } else {
    ReserveExternalFD();
  }
  current.descriptor = open_audit_file(audit_state->file.name, O_WRONLY, failure);
  current.file = audit_state->file;
  if (current.descriptor < 0) ReleaseExternalFD();
  return current.descriptor;
}

bool write_at_end(int file, const char* line, size_t length, AuditFailure* failure) {
  errno = 0;
  const ssize_t written = pwrite(file, line, length, static_cast<off_t>(audit_state->file_size));
  if (written == static_cast<ssize_t>(length)) return true;
  if (errno == 0) errno = ENOSPC;  // a short write says nothing else
  audit_failed(failure, "could not write to an audit file", audit_state->file.name);
  // Where the part cannot be taken back, it is cut off when the chain is opened anew.
  if (ftruncate(file, static_cast<off_t>(audit_state->file_size)) != 0) audit_state->open = false;
  return false;
}

// The file is as this server left it: nobody removed, cut or added to it.
bool is_untouched(int file, AuditFailure* failure) {
  struct stat status {};
  const bool known = fstat(file, &status) == 0;
  if (known && status.st_nlink > 0 && static_cast<uint64>(status.st_size) == audit_state->file_size) return true;
  audit_state->open = false;
  if (!known) return audit_failed(failure, "could not read an audit file", audit_state->file.name);
  return audit_refused(failure, "an audit file was changed or removed by another program",
                       "The next export begins a new file; takeout.verify_audit() shows what is missing.");
}

bool sync_file(int file, AuditFailure* failure) {
  pgstat_report_wait_start(PG_WAIT_EXTENSION);
  const int result = pg_fdatasync(file);
  pgstat_report_wait_end();
  if (result == 0) return true;
  audit_failed(failure, "could not flush an audit file", audit_state->file.name);
  pg_atomic_write_u32(&audit_state->broken, 1);
  return false;
}

bool is_broken(AuditFailure* failure) {
  if (pg_atomic_read_u32(&audit_state->broken) == 0) return false;
  audit_refused(failure, "an earlier flush of the audit failed",
                "Find out what ails the disk, then restart the server.");
  return true;
}

// Removes full files that are older than takeout.audit_keep, oldest first, each after a line that says so: a file that is
// missing without one was removed by somebody else.
bool remove_old_files(AuditFailure* failure) {
  AuditFile file;
  while (settings::audit_keep > 0 && next_audit_file(nullptr, &file, failure) &&
         file.number < audit_state->file.number) {
    struct stat status {};
    if (stat(audit_path(file.name), &status) != 0)
      return audit_failed(failure, "could not read an audit file", file.name);
    if (status.st_mtime + settings::audit_keep > time(nullptr)) return true;
    AuditBody body;
    body.add_text(AuditField::file, file.name);
    body.add_text(AuditField::reason, "older than takeout.audit_keep");
    if (!append_under_lock("REMOVED", 0, &body, failure)) return false;
    const int descriptor = current_file(failure);
    if (descriptor < 0 || !sync_file(descriptor, failure)) return false;
    if (unlink(audit_path(file.name)) != 0) return audit_failed(failure, "could not remove an audit file", file.name);
    ereport(LOG_SERVER_ONLY,
            (errmsg("removed audit file \"%s\"", file.name), errdetail("It is older than takeout.audit_keep.")));
  }
  return failure->error_number == 0;
}

// Leaves the file for the next one, once all of it is on disk.
bool rotate(AuditFailure* failure) {
  const AuditFile full = audit_state->file;
  LWLockAcquire(&audit_state->flush_lock, LW_EXCLUSIVE);
  const int file = current_file(failure);
  const bool begun = file >= 0 && sync_file(file, failure) && begin_audit_file(nullptr, failure);
  if (begun) pg_atomic_write_u64(&audit_state->flushed, pg_atomic_read_u64(&audit_state->appended));
  LWLockRelease(&audit_state->flush_lock);
  if (!begun) return false;

  AuditFailure ignored{};
  if (!remove_old_files(&ignored))
    ereport(LOG_SERVER_ONLY,
            (errmsg("files of the audit that are older than takeout.audit_keep stay: %s", ignored.action)));
  char digits[2 * sizeof(Sha256Digest) + 1];
  *write_hex(digits, audit_state->head.data(), audit_state->head.size()) = '\0';
  ereport(LOG_SERVER_ONLY, (errmsg("audit goes on in file \"%s\"", audit_state->file.name),
                            errdetail("File \"%s\" is full. Head of the chain: line " UINT64_FORMAT ", %s.", full.name,
                                      audit_state->sequence, digits)));
  return true;
}

bool append_line(const char* event, uint64 export_id, const AuditBody* body, AuditEffort effort,
                 AuditFailure* failure) {
  if (is_broken(failure)) return false;
  if (effort == AuditEffort::must) {
    if (!audit_state->open && !open_audit_chain(failure)) return false;
    if (access(settings::audit_directory, W_OK | X_OK) != 0)
      return audit_failed(failure, "the audit directory cannot be written to", "");
  }
  if (!audit_state->open) return audit_refused(failure, "the audit is not open", nullptr);
  if (audit_state->file_size >= static_cast<uint64>(settings::audit_rotation_size) * 1024 && !rotate(failure))
    return false;
  return append_under_lock(event, export_id, body, failure);
}

}  // namespace

void describe_audit_node(char* text, Size room) {
  if (cluster_name != nullptr && cluster_name[0] != '\0') {
    strlcpy(text, cluster_name, room);
    return;
  }
  char host[65] = "";
  gethostname(host, sizeof host - 1);
  snprintf(text, room, "%s:%d", host, PostPortNumber);
}

void close_audit_file() {
  if (current.descriptor < 0) return;
  close(current.descriptor);
  ReleaseExternalFD();
  current.descriptor = -1;
}

bool append_under_lock(const char* event, uint64 export_id, const AuditBody* body, AuditFailure* failure) {
  const int file = current_file(failure);
  if (file < 0) {
    audit_state->open = false;
    return false;
  }
  if (!is_untouched(file, failure)) return false;

  char line[audit_line_room];
  const AuditPlace place{audit_state->sequence + 1, GetCurrentTimestamp(), audit_state->head};
  Sha256Digest hash;
  const size_t length =
      write_audit_line(line, place, event, export_id == own_export ? place.sequence : export_id, *body, &hash);
  if (length == 0) {
    errno = ENOMEM;
    return audit_failed(failure, "could not hash a line of the audit", "");
  }
  if (!write_at_end(file, line, length, failure)) return false;
  audit_state->file_size += length;
  audit_state->sequence = place.sequence;
  audit_state->head = hash;
  audit_state->known = true;
  pg_atomic_write_u64(&audit_state->appended, pg_atomic_read_u64(&audit_state->appended) + length);
  return true;
}

bool append_audit_line(const char* event, uint64 export_id, const AuditBody* body, AuditEffort effort,
                       AppendedLine* appended, AuditFailure* failure) {
  *failure = {};
  LWLockAcquire(&audit_state->append_lock, LW_EXCLUSIVE);
  const bool done = append_line(event, export_id, body, effort, failure);
  if (done) *appended = {audit_state->sequence, pg_atomic_read_u64(&audit_state->appended)};
  LWLockRelease(&audit_state->append_lock);
  return done;
}

bool flush_audit(uint64 position, AuditFailure* failure) {
  bool good = true;
  while (good && pg_atomic_read_u64(&audit_state->flushed) < position) {
    if (is_broken(failure)) return false;
    // Whoever waited looks again whether the one who had the lock has flushed its bytes too.
    if (!LWLockAcquireOrWait(&audit_state->flush_lock, LW_EXCLUSIVE)) continue;
    if (pg_atomic_read_u64(&audit_state->flushed) < position && !is_broken(failure)) {
      const uint64 target = pg_atomic_read_u64(&audit_state->appended);
      pg_memory_barrier();
      const int file = current_file(failure);
      good = file >= 0 && sync_file(file, failure);
      if (good) pg_atomic_write_u64(&audit_state->flushed, target);
    }
    LWLockRelease(&audit_state->flush_lock);
  }
  return good;
}

}  // namespace pg_takeout
