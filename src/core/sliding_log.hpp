// The requests of the last minute as a log of their time stamps: a request has its place if fewer than the limit stand in
// the log, and its stamp leaves the log exactly one window later. So no window whatsoever holds more requests than the
// limit, which windows with fixed borders and token buckets do not promise.
//
// Plain memory that is valid when it is all zeros, so that it can lie in shared memory. The caller keeps others out.
#pragma once

#include <cstdint>
#include <span>

namespace pg_takeout {

// Times here are microseconds of one clock that never goes back, not zero.
inline constexpr std::uint64_t quota_window = 60'000'000;

struct SlidingLog {
  std::uint64_t newest;  // time of the last stamp; the ring holds the low half of each
  std::uint32_t first;   // place of the oldest stamp in the ring
  std::uint32_t count;
};

// The ring that belongs to a log. Half a time is enough in it: a stamp is at most one window older than the newest, and 32
// bits count more than 71 minutes.
using StampRing = std::span<std::uint32_t>;

// Removes the stamps that have left the window at `now`.
void expire(SlidingLog& log, StampRing ring, std::uint64_t now);

// Adds a stamp, behind all others even where its time is not; a full ring loses its oldest. Returns the stamp's time.
std::uint64_t append(SlidingLog& log, StampRing ring, std::uint64_t now);

// Removes a stamp of that time, if there is one.
bool remove(SlidingLog& log, StampRing ring, std::uint64_t time);

// When the stamp leaves the window; 0 is the oldest. index < log.count.
[[nodiscard]] std::uint64_t expiry(const SlidingLog& log, StampRing ring, std::uint32_t index);

}  // namespace pg_takeout
