// The directory of the audit and the files in it. Their names sort in the order they were written:
// audit-<number>-<beginning of the chain's name>.jsonl. Nothing here raises errors: the audit is written while transactions
// fail, and in the postmaster.
#pragma once

#include "postgres.hpp"

#include <cstddef>
#include <cstdint>

namespace pg_takeout {

struct AuditFile {
  char name[48];
  uint64 number;
};

// Why a line could not be written.
struct AuditFailure {
  int error_number;  // 0: `action` says all
  const char* action;
  const char* hint;
  char file[MAXPGPATH];  // empty: the directory
};
// Both return false. The first takes errno.
bool audit_failed(AuditFailure* failure, const char* action, const char* file);
bool audit_refused(AuditFailure* failure, const char* reason, const char* hint);

inline constexpr int audit_chain_length = 32;  // hexadecimal digits

// False for what is no name of an audit file.
bool read_audit_file_name(const char* name, AuditFile* file);
void name_audit_file(AuditFile* file, uint64 number, const char* chain);
// In a buffer that the next call overwrites.
const char* audit_path(const char* name);

// The first file behind the one named, the last one before it; null for the first and last of all. False where there is none
// or, with failure->error_number set, where the directory cannot be read.
bool next_audit_file(const char* after, AuditFile* file, AuditFailure* failure);
bool previous_audit_file(const char* before, AuditFile* file, AuditFailure* failure);

// Makes the directory where it is missing.
bool make_audit_directory(AuditFailure* failure);
bool sync_audit_directory(AuditFailure* failure);
// For the life of this process and its children. False where another server has it.
bool lock_audit_directory();

// What tells this directory from a copy of it: the host's name and the directory's inode.
void describe_audit_home(char* text, Size room);
bool audit_is_inside_data_directory();

// A Read of AuditLines over a file descriptor; `file` points to it.
std::ptrdiff_t read_audit_file(void* file, std::uint64_t offset, char* buffer, std::size_t size);
// -1 where it fails.
int open_audit_file(const char* name, int flags, AuditFailure* failure);

}  // namespace pg_takeout
