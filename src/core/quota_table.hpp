// The sliding logs of all who export: a hash table of fixed size in one block of memory, for shared memory. It holds no
// pointers, so it may be mapped anywhere. The caller keeps others out while it calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sliding_log.hpp"

namespace pg_takeout {

// Whose requests a log counts.
struct QuotaKey {
  std::uint32_t database;
  std::uint32_t role;
  std::uint64_t tenant[2];  // a hash: names are of any length. Two with the same one would share a log

  bool operator==(const QuotaKey&) const = default;
};

class QuotaTable {
 public:
  // Bytes for so many logs of so many stamps each. Both are at least 1.
  static std::size_t bytes(std::uint32_t slots, std::uint32_t stamps);
  // Makes an empty table in memory aligned to 8. That of the stamps is touched when a log first needs it.
  static QuotaTable* create(void* memory, std::uint32_t slots, std::uint32_t stamps);

  enum class Outcome {
    taken,
    used_up,     // the log has `limit` stamps
    table_full,  // every log has stamps in its window, so none can make room for a new one
  };
  struct Taking {
    Outcome outcome;
    std::uint64_t time;  // taken: the stamp, 0 where none was written; else when there is a place again
  };

  // One request of at most `limit` a window, which is no more than a log has stamps. No limit is 0: such a request is always taken, and logged where there is
  // room, so that a limit set later finds its past.
  Taking take(const QuotaKey& key, std::uint32_t limit, std::uint64_t now);

  // Takes a request back that was taken at that time.
  void give_back(const QuotaKey& key, std::uint64_t time);

  struct Usage {
    std::uint32_t used;
    std::uint64_t next_change;  // when the next place of the limit gets free; 0 where no request is in the window
  };
  Usage usage(const QuotaKey& key, std::uint32_t limit, std::uint64_t now);

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Slot {
    QuotaKey key;
    SlidingLog log;
    std::uint32_t next;          // in the chain of its bucket, or of the free ones
    std::uint32_t older, newer;  // by last request
  };

  explicit QuotaTable(std::uint32_t slots, std::uint32_t stamps);

  [[nodiscard]] Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  [[nodiscard]] std::uint32_t* buckets() { return reinterpret_cast<std::uint32_t*>(slots() + slot_count_); }
  [[nodiscard]] StampRing ring(std::uint32_t slot);
  [[nodiscard]] std::uint32_t& bucket(const QuotaKey& key);

  [[nodiscard]] std::uint32_t find(const QuotaKey& key);
  [[nodiscard]] std::uint32_t claim(const QuotaKey& key, std::uint64_t now);
  void release(std::uint32_t slot);
  void make_newest(std::uint32_t slot);
  void link(std::uint32_t slot);
  void unlink(std::uint32_t slot);
  [[nodiscard]] std::uint64_t next_change(std::uint32_t slot, std::uint32_t limit);

  std::uint32_t slot_count_;
  std::uint32_t stamp_count_;
  std::uint32_t bucket_count_;  // a power of two
  std::uint32_t free_ = none;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace pg_takeout
