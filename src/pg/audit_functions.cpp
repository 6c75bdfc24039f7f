// The SQL functions over the audit's files: read_audit, verify_audit. Both read as the server does, whoever calls.
#include "postgres.hpp"

extern "C" {
#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "storage/fd.h"

PG_FUNCTION_INFO_V1(takeout_read_audit);
PG_FUNCTION_INFO_V1(takeout_verify_audit);
}

#include <new>

#include "../core/audit_chain.hpp"
#include "audit_text.hpp"
#include "audit_writer.hpp"
#include "shared_memory.hpp"

namespace pg_takeout {

namespace {

// A file of the audit, read up to where it ended when the scan began.
struct FileUnderScan {
  AuditFile file;
  uint64 end;
};

// Opens the file for each block: between two calls of a function that returns a set nothing is open that an abort, or a
// caller who does not come back, would leave open.
std::ptrdiff_t read_block(void* argument, std::uint64_t offset, char* buffer, std::size_t size) {
  const auto* scanned = static_cast<FileUnderScan*>(argument);
  if (offset >= scanned->end) return 0;
  const int file = BasicOpenFile(audit_path(scanned->file.name), O_RDONLY | O_CLOEXEC);
  // takeout.audit_keep may have removed it meanwhile.
  if (file < 0) return errno == ENOENT ? 0 : -1;
  const std::ptrdiff_t got = pread(file, buffer, Min(size, scanned->end - offset), static_cast<off_t>(offset));
  const int error = errno;
  close(file);
  errno = error;
  return got;
}

// The lines of all files, and in verify_audit() what is wrong with them.
struct AuditScan {
  // Where the chain ended when the scan began.
  bool has_end;
  AuditFile last_file;
  uint64 last_size;
  Sha256Digest head;

  bool has_file;
  bool at_first_line;
  FileUnderScan scanned;
  alignas(AuditLines) unsigned char lines_room[sizeof(AuditLines)];
  std::string_view line;

  AuditChecker checker;
  uint64 first_file;      // number
  uint64 removed_before;  // number of the newest file that a line says was removed
  int stage;              // of verify_audit(): the lines, then what is known of the whole

  AuditLines* lines() { return reinterpret_cast<AuditLines*>(lines_room); }
};

AuditScan* begin_scan() {
  require_preload();
  auto* scan = static_cast<AuditScan*>(palloc0(sizeof(AuditScan)));
  new (&scan->checker) AuditChecker;
  LWLockAcquire(&audit_state->append_lock, LW_SHARED);
  scan->has_end = audit_state->open;
  scan->last_file = audit_state->file;
  scan->last_size = audit_state->file_size;
  scan->head = audit_state->head;
  LWLockRelease(&audit_state->append_lock);
  return scan;
}

[[noreturn]] void raise_unreadable(const char* action) {
  ereport(ERROR, (errcode_for_file_access(), errmsg("%s: %m", action)));
  pg_unreachable();
}

bool open_next_file(AuditScan* scan) {
  AuditFailure failure;
  AuditFile next;
  if (!next_audit_file(scan->has_file ? scan->scanned.file.name : nullptr, &next, &failure)) {
    errno = failure.error_number;
    if (failure.error_number != 0 && failure.error_number != ENOENT) raise_unreadable(failure.action);
    return false;
  }
  if (scan->has_end && strcmp(next.name, scan->last_file.name) > 0) return false;
  const bool is_last = scan->has_end && strcmp(next.name, scan->last_file.name) == 0;
  if (!scan->has_file) scan->first_file = next.number;
  scan->scanned = {next, is_last ? scan->last_size : PG_UINT64_MAX};
  new (scan->lines_room) AuditLines(read_block, &scan->scanned);
  scan->has_file = scan->at_first_line = true;
  return true;
}

// False at the end of all files.
bool next_line(AuditScan* scan) {
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (scan->has_file && scan->lines()->next(&scan->line)) {
      scan->at_first_line = scan->lines()->start() == 0;
      return true;
    }
    if (scan->has_file && scan->lines()->failed()) raise_unreadable("could not read an audit file");
    if (!open_next_file(scan)) return false;
  }
}

constexpr int row_columns = 26;

// Columns of takeout.audit_log behind file and line.
constexpr AuditField row_fields[row_columns - 2] = {
    AuditField::sequence,         AuditField::time,     AuditField::event,
    AuditField::export_id,        AuditField::node,     AuditField::process,
    AuditField::database,         AuditField::role,     AuditField::client_address,
    AuditField::application_name, AuditField::tenant,   AuditField::dataset,
    AuditField::format,           AuditField::method,   AuditField::filter,
    AuditField::part_of,          AuditField::rows,     AuditField::bytes,
    AuditField::sha256,           AuditField::sqlstate, AuditField::reason,
    AuditField::suppressed,       AuditField::previous, AuditField::hash};

Datum address_datum(const char* text, bool* is_null) {
  unsigned char address[16];
  *is_null = inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1;
  return *is_null ? Datum{0} : DirectFunctionCall1(inet_in, CStringGetDatum(text));
}

Datum field_datum(const AuditMembers* members, AuditField field, bool* is_null) {
  const std::string_view value = (*members)[field];
  *is_null = value.data() == nullptr;
  if (*is_null) return 0;
  switch (field) {
    case AuditField::time: {
      int64 time = 0;
      *is_null = !members->time(&time) || !IS_VALID_TIMESTAMP(time);
      return TimestampTzGetDatum(time);
    }
    case AuditField::process:
      return Int32GetDatum(static_cast<int32>(members->number(field)));
    case AuditField::sequence:
    case AuditField::export_id:
    case AuditField::part_of:
    case AuditField::rows:
    case AuditField::bytes:
    case AuditField::suppressed:
      return Int64GetDatum(members->number(field));
    case AuditField::client_address:
      return address_datum(audit_member_text(value, true), is_null);
    default:
      // A json value is its text.
      return CStringGetTextDatum(audit_member_text(value, field != AuditField::filter));
  }
}

Datum row_of_line(const AuditScan* scan, const AuditMembers* members, bool is_line, uint64 number, TupleDesc row_type) {
  Datum values[row_columns];
  bool nulls[row_columns] = {};
  values[0] = CStringGetTextDatum(scan->scanned.file.name);
  values[1] = Int64GetDatum(static_cast<int64>(number));
  for (int i = 2; i < row_columns; ++i) {
    nulls[i] = !is_line;
    values[i] = is_line ? field_datum(members, row_fields[i - 2], &nulls[i]) : Datum{0};
  }
  return HeapTupleGetDatum(heap_form_tuple(row_type, values, nulls));
}

struct Finding {
  const char* file;
  uint64 line;
  const char* text;
};

void note_removed_file(AuditScan* scan) {
  AuditMembers members;
  if (!read_audit_line(scan->line, &members) || members[AuditField::event] != "REMOVED") return;
  AuditFile removed;
  const std::string_view name = members[AuditField::file];
  char text[sizeof removed.name];
  if (name.data() == nullptr || name.size() >= sizeof text) return;
  memcpy(text, name.data(), name.size());
  text[name.size()] = '\0';
  if (read_audit_file_name(text, &removed)) scan->removed_before = Max(scan->removed_before, removed.number);
}

// What the lines by themselves do not show: files missing before the first, lines missing behind the last.
bool next_finding_of_whole(AuditScan* scan, Finding* finding) {
  if (scan->stage == 1) {
    scan->stage = 2;
    if (scan->has_file && scan->first_file > 1 && scan->removed_before + 1 < scan->first_file) {
      AuditFailure failure;
      AuditFile first;
      if (!next_audit_file(nullptr, &first, &failure)) first = scan->scanned.file;
      *finding = {pstrdup(first.name), 1,
                  "files before it are missing, and no line says that takeout.audit_keep removed them"};
      return true;
    }
  }
  if (scan->stage == 2) {
    scan->stage = 3;
    const bool reached = scan->has_file && strcmp(scan->scanned.file.name, scan->last_file.name) == 0;
    if (scan->has_end && (!reached || (!scan->checker.astray() && scan->checker.head() != scan->head))) {
      *finding = {scan->last_file.name, reached ? scan->lines()->number() : 1,
                  "is not the last line that the server wrote: lines behind it are missing"};
      return true;
    }
  }
  return false;
}

bool next_finding(AuditScan* scan, Finding* finding) {
  while (scan->stage == 0) {
    if (!next_line(scan)) {
      scan->stage = 1;
      break;
    }
    const char* text = scan->checker.check(scan->line, scan->lines()->whole(), scan->at_first_line);
    if (text == nullptr) {
      note_removed_file(scan);
      continue;
    }
    *finding = {scan->scanned.file.name, scan->lines()->number(), text};
    return true;
  }
  return next_finding_of_whole(scan, finding);
}

FuncCallContext* begin_call(FunctionCallInfo fcinfo) {
  FuncCallContext* call = SRF_FIRSTCALL_INIT();
  const MemoryContext previous = MemoryContextSwitchTo(call->multi_call_memory_ctx);
  TupleDesc row_type;
  if (get_call_result_type(fcinfo, nullptr, &row_type) != TYPEFUNC_COMPOSITE)
    elog(ERROR, "return type must be a row type");
  call->tuple_desc = BlessTupleDesc(row_type);
  call->user_fctx = begin_scan();
  MemoryContextSwitchTo(previous);
  return call;
}

}  // namespace

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_read_audit(PG_FUNCTION_ARGS) {
  if (SRF_IS_FIRSTCALL()) begin_call(fcinfo);
  FuncCallContext* call = SRF_PERCALL_SETUP();
  auto* scan = static_cast<AuditScan*>(call->user_fctx);
  while (next_line(scan)) {
    // A line that is being written, or was torn.
    if (!scan->lines()->whole()) continue;
    AuditMembers members;
    const bool is_line = read_audit_line(scan->line, &members);
    SRF_RETURN_NEXT(call, row_of_line(scan, &members, is_line, scan->lines()->number(), call->tuple_desc));
  }
  SRF_RETURN_DONE(call);
}

Datum takeout_verify_audit(PG_FUNCTION_ARGS) {
  if (SRF_IS_FIRSTCALL()) begin_call(fcinfo);
  FuncCallContext* call = SRF_PERCALL_SETUP();
  Finding finding;
  if (!next_finding(static_cast<AuditScan*>(call->user_fctx), &finding)) SRF_RETURN_DONE(call);
  Datum values[3] = {CStringGetTextDatum(finding.file), Int64GetDatum(static_cast<int64>(finding.line)),
                     CStringGetTextDatum(finding.text)};
  bool nulls[3] = {};
  SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls)));
}
