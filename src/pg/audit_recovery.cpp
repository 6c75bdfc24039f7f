// Where the chain goes on: in the file it ended in, behind what a crash tore, or in a new file, where the files turn out to
// be a copy of another server's or not what this server left.
#include "postgres.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

extern "C" {
#include "access/xlog.h"
#include "storage/fd.h"
}

#include "../core/audit_chain.hpp"
#include "../core/hex_text.hpp"
#include "audit_writer.hpp"

namespace pg_takeout {

namespace {

constexpr int file_version = 1;

void system_identifier(char* text, Size room) { snprintf(text, room, UINT64_FORMAT, GetSystemIdentifier()); }

bool name_new_chain(AuditFailure* failure) {
  unsigned char bytes[audit_chain_length / 2];
  if (!pg_strong_random(bytes, sizeof bytes))
    return audit_refused(failure, "could not name the chain by random numbers", nullptr);
  *write_hex(audit_state->chain, bytes, sizeof bytes) = '\0';
  return true;
}

// The first line of a new file. Returns its length, 0 where it fails.
size_t write_first_line(char* line, const char* reason, AuditPlace* place, Sha256Digest* hash) {
  char node[128], system[24], home[128];
  describe_audit_node(node, sizeof node);
  system_identifier(system, sizeof system);
  describe_audit_home(home, sizeof home);
  AuditBody body;
  body.add_text(AuditField::node, node);
  body.add_number(AuditField::version, file_version);
  body.add_text(AuditField::chain, audit_state->chain);
  body.add_text(AuditField::system, system);
  body.add_text(AuditField::home, home);
  if (audit_state->file.number > 0) body.add_text(AuditField::file, audit_state->file.name);
  if (reason != nullptr) body.add_text(AuditField::reason, reason);
  *place = {audit_state->sequence + 1, GetCurrentTimestamp(), audit_state->head};
  return write_audit_line(line, *place, "SEGMENT", 0, body, hash);
}

bool write_and_sync(int file, const char* line, size_t length) {
  errno = 0;
  if (pwrite(file, line, length, 0) == static_cast<ssize_t>(length)) return pg_fdatasync(file) == 0;
  if (errno == 0) errno = ENOSPC;
  return false;
}

// What the last file says of where it was written.
struct FileOrigin {
  char chain[audit_chain_length + 1];
  bool is_here;  // by a server on this data directory's system, into this very directory
};

FileOrigin read_origin(int descriptor) {
  FileOrigin origin{};
  AuditLines lines(read_audit_file, &descriptor);
  std::string_view line;
  AuditMembers members;
  if (!lines.next(&line) || !lines.whole() || !read_audit_line(line, &members)) return origin;
  char system[24], home[128];
  system_identifier(system, sizeof system);
  describe_audit_home(home, sizeof home);
  const std::string_view chain = members[AuditField::chain];
  if (chain.size() != audit_chain_length) return origin;
  memcpy(origin.chain, chain.data(), chain.size());
  origin.is_here = members[AuditField::system] == system && members[AuditField::home] == home;
  return origin;
}

struct LastFile {
  bool exists;
  AuditFile file;
  AuditTail tail;
  FileOrigin origin;
};

bool read_last_file(LastFile* last, AuditFailure* failure) {
  for (;;) {
    last->exists = previous_audit_file(nullptr, &last->file, failure);
    if (!last->exists) return failure->error_number == 0;
    int descriptor = open_audit_file(last->file.name, O_RDONLY, failure);
    if (descriptor < 0) return false;
    AuditLines lines(read_audit_file, &descriptor);
    last->tail = read_audit_tail(&lines);
    const int error = errno;
    last->origin = read_origin(descriptor);
    close(descriptor);
    errno = error;
    if (last->tail.failed) return audit_failed(failure, "could not read an audit file", last->file.name);
    if (last->tail.lines > 0) return true;

    // A crash came before its first line was whole: it holds no record, and the file before it is the last.
    char aside[MAXPGPATH];
    snprintf(aside, sizeof aside, "%s.torn", audit_path(last->file.name));
    if (rename(audit_path(last->file.name), aside) != 0)
      return audit_failed(failure, "could not rename an audit file", last->file.name);
    ereport(LOG_SERVER_ONLY, (errmsg("audit file \"%s\" has no whole line and is put aside", last->file.name)));
  }
}

// Cuts off what a crash tore. `note` is what the chain says of it.
bool cut_torn_end(const LastFile* last, char* note, Size room, AuditFailure* failure) {
  int descriptor = open_audit_file(last->file.name, O_RDWR, failure);
  if (descriptor < 0) return false;
  char torn[200] = "";
  const ssize_t length = pread(descriptor, torn, sizeof torn - 1, static_cast<off_t>(last->tail.keep));
  for (ssize_t i = 0; i < length; ++i)
    if (torn[i] < ' ' || torn[i] > '~') torn[i] = '?';
  const bool cut = ftruncate(descriptor, static_cast<off_t>(last->tail.keep)) == 0 && pg_fdatasync(descriptor) == 0;
  if (!cut) audit_failed(failure, "could not cut off the torn end of an audit file", last->file.name);
  close(descriptor);
  if (!cut) return false;

  const uint64 bytes = last->tail.size - last->tail.keep;
  snprintf(note, room, UINT64_FORMAT " bytes behind line " UINT64_FORMAT " of file %s were cut off: %s", bytes,
           static_cast<uint64>(last->tail.lines), last->file.name, torn);
  ereport(LOG_SERVER_ONLY, (errmsg("audit file \"%s\" ended in a torn line, which was cut off", last->file.name),
                            errdetail(UINT64_FORMAT " bytes behind line " UINT64_FORMAT ": %s", bytes,
                                      static_cast<uint64>(last->tail.lines), torn)));
  return true;
}

bool sync_last_file(const LastFile* last, AuditFailure* failure) {
  const int descriptor = open_audit_file(last->file.name, O_WRONLY, failure);
  if (descriptor < 0) return false;
  const bool synced = pg_fdatasync(descriptor) == 0;
  if (!synced) audit_failed(failure, "could not flush an audit file", last->file.name);
  close(descriptor);
  return synced;
}

// Why the chain cannot go on in the last file; null where it can.
const char* reason_for_new_file(const LastFile* last) {
  if (audit_state->known && (!last->exists || last->tail.head != audit_state->head))
    return "the lines before are missing: files were changed or removed while the server ran";
  if (!last->exists) return nullptr;
  if (!last->origin.is_here)
    return "a new chain: the files before are a copy, or this host's or directory's identity changed";
  if (last->tail.damaged) return "the end of the file before was changed";
  return nullptr;
}

bool go_on(const LastFile* last, AuditFailure* failure) {
  const char* reason = reason_for_new_file(last);
  if (last->exists && last->origin.is_here)
    memcpy(audit_state->chain, last->origin.chain, sizeof audit_state->chain);
  else if (!name_new_chain(failure))
    return false;
  if (!audit_state->known) {
    audit_state->head = last->tail.head;
    audit_state->sequence = last->tail.sequence;
  }
  audit_state->file = last->file;
  audit_state->file_size = last->tail.keep;
  if (!last->exists || reason != nullptr) return begin_audit_file(reason, failure);
  return sync_last_file(last, failure);
}

}  // namespace

bool begin_audit_file(const char* reason, AuditFailure* failure) {
  AuditFile next;
  name_audit_file(&next, audit_state->file.number + 1, audit_state->chain);
  char line[audit_line_room];
  AuditPlace place;
  Sha256Digest hash;
  const size_t length = write_first_line(line, reason, &place, &hash);
  if (length == 0) {
    errno = ENOMEM;
    return audit_failed(failure, "could not hash a line of the audit", "");
  }
  const int file = open_audit_file(next.name, O_WRONLY | O_CREAT | O_EXCL, failure);
  if (file < 0) return false;
  bool good = write_and_sync(file, line, length);
  if (!good) audit_failed(failure, "could not write to an audit file", next.name);
  close(file);
  good = good && sync_audit_directory(failure);
  if (!good) {
    unlink(audit_path(next.name));
    return false;
  }
  audit_state->file = next;
  audit_state->file_size = length;
  audit_state->sequence = place.sequence;
  audit_state->head = hash;
  audit_state->known = true;
  return true;
}

bool open_audit_chain(AuditFailure* failure) {
  LastFile last{};
  char note[512] = "";
  if (audit_state->used_elsewhere)
    return audit_refused(failure, "another server uses the audit directory",
                         "Give each server a takeout.audit_directory of its own, and restart this one.");
  if (!make_audit_directory(failure) || !read_last_file(&last, failure)) return false;
  const bool torn = last.exists && last.tail.size > last.tail.keep;
  if (torn && !cut_torn_end(&last, note, sizeof note, failure)) return false;

  LWLockAcquire(&audit_state->flush_lock, LW_EXCLUSIVE);
  audit_state->open = go_on(&last, failure);
  if (audit_state->open) pg_atomic_write_u64(&audit_state->flushed, pg_atomic_read_u64(&audit_state->appended));
  LWLockRelease(&audit_state->flush_lock);
  if (!audit_state->open || !torn) return audit_state->open;

  AuditBody body;
  body.add_number(AuditField::bytes, static_cast<int64>(last.tail.size - last.tail.keep));
  body.add_text(AuditField::reason, note);
  return append_under_lock("RECOVERED", 0, &body, failure);
}

}  // namespace pg_takeout
