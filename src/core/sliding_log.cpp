#include "sliding_log.hpp"

#include <algorithm>

namespace pg_takeout {

namespace {

std::uint32_t& stamp_at(const SlidingLog& log, StampRing ring, std::uint32_t index) {
  const std::size_t place = std::size_t{log.first} + index;
  return ring[place < ring.size() ? place : place - ring.size()];
}

// The whole of a stamp's time: so much before the newest, modulo 2^32 as the subtraction is.
std::uint64_t time_at(const SlidingLog& log, StampRing ring, std::uint32_t index) {
  return log.newest - (static_cast<std::uint32_t>(log.newest) - stamp_at(log, ring, index));
}

void drop_oldest(SlidingLog& log, StampRing ring) {
  if (++log.first == ring.size()) log.first = 0;
  --log.count;
}

}  // namespace

void expire(SlidingLog& log, StampRing ring, std::uint64_t now) {
  if (log.newest + quota_window <= now) log.count = 0;
  while (log.count > 0 && expiry(log, ring, 0) <= now) drop_oldest(log, ring);
}

std::uint64_t append(SlidingLog& log, StampRing ring, std::uint64_t now) {
  if (log.count > 0) now = std::max(now, log.newest);
  expire(log, ring, now);
  if (log.count == ring.size()) drop_oldest(log, ring);
  log.newest = now;
  stamp_at(log, ring, log.count++) = static_cast<std::uint32_t>(now);
  return now;
}

bool remove(SlidingLog& log, StampRing ring, std::uint64_t time) {
  for (std::uint32_t index = log.count; index-- > 0;) {
    const std::uint64_t found = time_at(log, ring, index);
    if (found < time) return false;
    if (found > time) continue;
    for (std::uint32_t later = index + 1; later < log.count; ++later)
      stamp_at(log, ring, later - 1) = stamp_at(log, ring, later);
    if (--log.count > 0) log.newest = time_at(log, ring, log.count - 1);
    return true;
  }
  return false;
}

std::uint64_t expiry(const SlidingLog& log, StampRing ring, std::uint32_t index) {
  return time_at(log, ring, index) + quota_window;
}

}  // namespace pg_takeout
