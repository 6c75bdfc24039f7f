// Bringing a scan's next row into the processor's cache while the present one is written.
//
// Rows of a table come from shared buffers that are larger than any cache, and waiting for them is what a scan spends most of
// its time with. A page is filled from its end (storage/bufpage.h), so that in the order of a sequential scan, and of an
// index whose order is the table's, the next row lies just before the present one.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// The slot whose row the plan scans from a table and hands on as it comes, or null where that cannot be told.
inline TupleTableSlot* scanned_slot(PlanState* plan) {
  while (plan != nullptr && (IsA(plan, ResultState) || IsA(plan, LimitState))) plan = outerPlanState(plan);
  if (plan == nullptr) return nullptr;
  if (!IsA(plan, SeqScanState) && !IsA(plan, IndexScanState) && !IsA(plan, BitmapHeapScanState)) return nullptr;
  return reinterpret_cast<ScanState*>(plan)->ss_ScanTupleSlot;
}

// Only a hint: it reads no memory but the slot's.
[[gnu::always_inline]] inline void prefetch_next_row(const TupleTableSlot* slot) {
  constexpr uint32 cache_line = 64;
  constexpr uint32 longest = 16 * cache_line;
  if (slot == nullptr || !TTS_IS_BUFFERTUPLE(slot)) return;
  const HeapTupleData* row = reinterpret_cast<const HeapTupleTableSlot*>(slot)->tuple;
  if (row == nullptr) return;
  const auto* begin = reinterpret_cast<const char*>(row->t_data);
  const uint32 length = Min(row->t_len, longest);
  for (uint32 back = cache_line; back < length + 2 * cache_line; back += cache_line) __builtin_prefetch(begin - back);
}

}  // namespace pg_takeout
