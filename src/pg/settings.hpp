// The settings `takeout.*`. Read-only but for PostgreSQL's GUC machinery.
#pragma once

namespace pg_takeout::settings {

inline constexpr int hard_result_megabytes = 500;

extern int ipv4_prefix;          // bits of an IPv4 address that may leave
extern int ipv6_prefix;          // bits of an IPv6 address that may leave
extern int max_result_bytes;     // a bytea result's cap; where takeout.limits says nothing of bytes, also the limit
extern char* act_for;            // the tenant acted for, of those the session's user is a member of; empty for all
extern bool audit_sha256;        // whether the audit has the hash of what leaves
extern int audit_rotation_size;  // kB of an audit file
extern int audit_keep;           // seconds that a full audit file stays; 0: for ever

// Read at server start; they exist where the library is preloaded.
extern char* audit_directory;      // relative ones begin in the data directory
extern int quota_slots;            // logs of requests: combinations of database, session user and tenant
extern int quota_max_per_minute;   // stamps in one log: the largest limit of requests a minute
extern double total_result_bytes;  // of all results under construction

void define_settings();

}  // namespace pg_takeout::settings
