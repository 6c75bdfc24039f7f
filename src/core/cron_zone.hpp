// When a cron expression is due in a time zone.
//
// A local time that the clocks skip is due at the first whole minute after the gap; all that a gap swallows is due once.
// A local time that comes twice is due the first time only.
#pragma once

#include <cstdint>
#include <optional>

#include "cron.hpp"

namespace pg_takeout {

inline constexpr std::int64_t forever = INT64_MAX;

// Local time is `seconds` ahead of UTC until the instant `until`, in seconds from 1970-01-01 00:00 UTC.
struct ZoneOffset {
  std::int64_t seconds;
  std::int64_t until;
};

class Zone {
 public:
  Zone() = default;
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  virtual ~Zone() = default;

  // The offset in force at an instant. until > instant.
  [[nodiscard]] virtual ZoneOffset at(std::int64_t instant) const = 0;
};

// The first time after `after` that the expression is due; none in what is left of the calendar.
[[nodiscard]] std::optional<std::int64_t> next_run(const Cron& cron, const Zone& zone, std::int64_t after);

}  // namespace pg_takeout
