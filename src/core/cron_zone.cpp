#include "cron_zone.hpp"

#include <algorithm>

namespace pg_takeout {

namespace {

std::int64_t whole_minutes_down(std::int64_t seconds) { return seconds / 60 - (seconds % 60 < 0 ? 1 : 0); }
std::int64_t whole_minutes_up(std::int64_t seconds) { return -whole_minutes_down(-seconds); }

// The instant at which the local time is due. Local time is a broken line over the instants: the first piece that reaches
// it decides, and a piece that begins past it does so after a gap.
std::int64_t instant_of(const Zone& zone, std::int64_t local_minute) {
  constexpr std::int64_t largest_offset = 168 * 3600;  // POSIX.1-2017, 8.3, as extended by RFC 8536: less than a week
  std::int64_t begin = local_minute * 60 - largest_offset;
  for (;;) {
    const ZoneOffset offset = zone.at(begin);
    const std::int64_t first_minute = whole_minutes_up(begin + offset.seconds);
    const std::int64_t instant = std::max(local_minute, first_minute) * 60 - offset.seconds;
    if (instant < offset.until) return instant;
    begin = offset.until;
  }
}

}  // namespace

std::optional<std::int64_t> next_run(const Cron& cron, const Zone& zone, std::int64_t after) {
  // No earlier local time is due later: what is due is in the order of the local times.
  std::int64_t local = whole_minutes_down(after + zone.at(after).seconds);
  while (const auto minute = next_minute(cron, local)) {
    const std::int64_t instant = instant_of(zone, *minute);
    if (instant > after) return instant;
    local = *minute + 1;
  }
  return std::nullopt;
}

}  // namespace pg_takeout
