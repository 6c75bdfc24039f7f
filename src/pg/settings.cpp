#include "postgres.hpp"

#include "settings.hpp"

#include "compat.hpp"
#include "exclusions.hpp"

namespace pg_takeout::settings {

int ipv4_prefix = 24;
int ipv6_prefix = 48;
int max_result_bytes = 64 * 1024 * 1024;
char* audit_directory = nullptr;
bool audit_sha256 = true;
int audit_rotation_size = 64 * 1024;
int audit_keep = 0;
int quota_slots = 4096;
int quota_max_per_minute = 1000;
double total_result_bytes = 512.0 * 1024 * 1024;
char* act_for = nullptr;

namespace {

// What sizes or governs shared memory, which only a preloaded library has; PostgreSQL refuses such settings later.
void define_start_settings() {
  if (!process_shared_preload_libraries_in_progress) return;
  DefineCustomStringVariable("takeout.audit_directory", "Directory of the files that every export is recorded in.",
                             "A relative path begins in the data directory.", &audit_directory, "pg_takeout_audit",
                             PGC_POSTMASTER, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.quota_slots", "How many roles and tenants can export within one minute.", nullptr,
                          &quota_slots, 4096, 1, 1024 * 1024, PGC_POSTMASTER, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.quota_max_per_minute", "Largest limit of exports a minute that can be kept.",
                          nullptr, &quota_max_per_minute, 1000, 1, 1024 * 1024, PGC_POSTMASTER, 0, nullptr, nullptr,
                          nullptr);
  // A number of this kind, because an integer of bytes ends at 2 GB.
  DefineCustomRealVariable("takeout.total_result_bytes", "Memory of all results under construction on the server.",
                           "Streams need none of it.", &total_result_bytes, total_result_bytes, 1024 * 1024, 1e15,
                           PGC_POSTMASTER, GUC_UNIT_BYTE, nullptr, nullptr, nullptr);
}

}  // namespace

void define_settings() {
  DefineCustomIntVariable("takeout.ipv4_prefix", "Longest prefix of an IPv4 address that leaves the database.", nullptr,
                          &ipv4_prefix, 24, 0, 32, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.ipv6_prefix", "Longest prefix of an IPv6 address that leaves the database.", nullptr,
                          &ipv6_prefix, 48, 0, 128, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.max_result_bytes", "Largest file that is returned as one bytea value.",
                          "Streams have no such limit.", &max_result_bytes, 64 * 1024 * 1024, 1024,
                          hard_result_megabytes * 1024 * 1024, PGC_SUSET, GUC_UNIT_BYTE, nullptr, nullptr, nullptr);
  DefineCustomStringVariable(
      "takeout.act_for", "The tenant that the session acts for, of those its user is a member of.",
      "takeout.act_for() places it for a transaction.", &act_for, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("takeout.audit_sha256", "Records the SHA-256 of what was exported.", nullptr, &audit_sha256,
                           true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.audit_rotation_size", "Size at which the audit goes on in a new file.", nullptr,
                          &audit_rotation_size, 64 * 1024, 64, 1024 * 1024, PGC_SIGHUP, GUC_UNIT_KB, nullptr, nullptr,
                          nullptr);
  DefineCustomIntVariable("takeout.audit_keep", "Age at which a file of the audit is removed.", "0 keeps all of them.",
                          &audit_keep, 0, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_S, nullptr, nullptr, nullptr);
  define_start_settings();
  define_exporting_setting();
  reserve_setting_prefix("takeout");
}

}  // namespace pg_takeout::settings
