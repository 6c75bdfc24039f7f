#include "quota_table.hpp"

#include <bit>
#include <new>

namespace pg_takeout {

std::size_t QuotaTable::bytes(std::uint32_t slots, std::uint32_t stamps) {
  const std::size_t buckets = std::bit_ceil(slots);
  return sizeof(QuotaTable) + sizeof(Slot) * slots + sizeof(std::uint32_t) * (buckets + std::size_t{slots} * stamps);
}

QuotaTable* QuotaTable::create(void* memory, std::uint32_t slots, std::uint32_t stamps) {
  return ::new (memory) QuotaTable(slots, stamps);
}

QuotaTable::QuotaTable(std::uint32_t slots, std::uint32_t stamps)
    : slot_count_(slots), stamp_count_(stamps), bucket_count_(std::bit_ceil(slots)) {
  static_assert(sizeof(QuotaTable) % alignof(Slot) == 0);
  for (std::uint32_t i = 0; i < bucket_count_; ++i) buckets()[i] = none;
  for (std::uint32_t slot = slot_count_; slot-- > 0;) {
    this->slots()[slot].next = free_;
    free_ = slot;
  }
}

QuotaTable::Taking QuotaTable::take(const QuotaKey& key, std::uint32_t limit, std::uint64_t now) {
  std::uint32_t slot = find(key);
  if (slot == none) slot = claim(key, now);
  if (slot == none) {
    if (limit == 0) return {Outcome::taken, 0};
    return {Outcome::table_full, slots()[oldest_].log.newest + quota_window};
  }
  SlidingLog& log = slots()[slot].log;
  expire(log, ring(slot), now);
  if (limit > 0 && log.count >= limit) return {Outcome::used_up, next_change(slot, limit)};
  make_newest(slot);
  return {Outcome::taken, append(log, ring(slot), now)};
}

void QuotaTable::give_back(const QuotaKey& key, std::uint64_t time) {
  const std::uint32_t slot = find(key);
  if (slot == none) return;
  SlidingLog& log = slots()[slot].log;
  // It keeps its place among the others, which at worst has it evicted later than it could be.
  if (remove(log, ring(slot), time) && log.count == 0) release(slot);
}

QuotaTable::Usage QuotaTable::usage(const QuotaKey& key, std::uint32_t limit, std::uint64_t now) {
  const std::uint32_t slot = find(key);
  if (slot == none) return {0, 0};
  SlidingLog& log = slots()[slot].log;
  expire(log, ring(slot), now);
  return {log.count, log.count == 0 ? 0 : next_change(slot, limit)};
}

StampRing QuotaTable::ring(std::uint32_t slot) {
  return {buckets() + bucket_count_ + std::size_t{slot} * stamp_count_, stamp_count_};
}

std::uint32_t& QuotaTable::bucket(const QuotaKey& key) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio, which spreads small numbers
  const std::uint64_t hash = key.tenant[0] ^ ((std::uint64_t{key.database} << 32 | key.role) * golden >> 32);
  return buckets()[hash & (bucket_count_ - 1)];
}

std::uint32_t QuotaTable::find(const QuotaKey& key) {
  std::uint32_t slot = bucket(key);
  while (slot != none && slots()[slot].key != key) slot = slots()[slot].next;
  return slot;
}

// A slot for the key: a free one, else that of the log whose last request is the longest ago, if it has left the window.
std::uint32_t QuotaTable::claim(const QuotaKey& key, std::uint64_t now) {
  if (free_ == none && slots()[oldest_].log.newest + quota_window <= now) release(oldest_);
  if (free_ == none) return none;
  const std::uint32_t slot = free_;
  free_ = slots()[slot].next;
  slots()[slot] = {key, {}, bucket(key), none, none};
  bucket(key) = slot;
  link(slot);
  return slot;
}

void QuotaTable::release(std::uint32_t slot) {
  std::uint32_t* link = &bucket(slots()[slot].key);
  while (*link != slot) link = &slots()[*link].next;
  *link = slots()[slot].next;
  unlink(slot);
  slots()[slot].next = free_;
  free_ = slot;
}

void QuotaTable::make_newest(std::uint32_t slot) {
  if (newest_ == slot) return;
  unlink(slot);
  link(slot);
}

void QuotaTable::link(std::uint32_t slot) {
  slots()[slot].older = newest_;
  slots()[slot].newer = none;
  (newest_ == none ? oldest_ : slots()[newest_].newer) = slot;
  newest_ = slot;
}

void QuotaTable::unlink(std::uint32_t slot) {
  const Slot& from = slots()[slot];
  (from.older == none ? oldest_ : slots()[from.older].newer) = from.newer;
  (from.newer == none ? newest_ : slots()[from.newer].older) = from.older;
}

// Over the limit, where that was lowered, several have to go.
std::uint64_t QuotaTable::next_change(std::uint32_t slot, std::uint32_t limit) {
  const SlidingLog& log = slots()[slot].log;
  const std::uint32_t index = limit > 0 && log.count > limit ? log.count - limit : 0;
  return expiry(log, ring(slot), index);
}

}  // namespace pg_takeout
