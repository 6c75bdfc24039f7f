#include "postgres.hpp"

#include "settings.hpp"

#include "compat.hpp"

namespace pg_takeout::settings {

int ipv4_prefix = 24;
int ipv6_prefix = 48;
int max_result_bytes = 64 * 1024 * 1024;

void define_settings() {
  DefineCustomIntVariable("takeout.ipv4_prefix", "Longest prefix of an IPv4 address that leaves the database.", nullptr,
                          &ipv4_prefix, 24, 0, 32, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.ipv6_prefix", "Longest prefix of an IPv6 address that leaves the database.", nullptr,
                          &ipv6_prefix, 48, 0, 128, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("takeout.max_result_bytes", "Largest file that is returned as one bytea value.",
                          "Streams have no such limit.", &max_result_bytes, 64 * 1024 * 1024, 1024,
                          hard_result_megabytes * 1024 * 1024, PGC_SUSET, GUC_UNIT_BYTE, nullptr, nullptr, nullptr);
  reserve_setting_prefix("takeout");
}

}  // namespace pg_takeout::settings
