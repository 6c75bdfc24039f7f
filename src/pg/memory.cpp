#include "postgres.hpp"

#include "memory.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace pg_takeout {

void* ContextMemory::do_allocate(std::size_t size, std::size_t alignment) {
  if (alignment > MAXIMUM_ALIGNOF) throw std::bad_alloc();
  if (size > MaxAllocHugeSize) throw std::bad_alloc();
  void* pointer = MemoryContextAllocExtended(context_, size == 0 ? 1 : size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
  if (pointer == nullptr) throw std::bad_alloc();
  advise_huge_pages(pointer, size);
  return pointer;
}

void ContextMemory::do_deallocate(void* pointer, std::size_t, std::size_t) { pfree(pointer); }

void advise_huge_pages(void* block, std::size_t size) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t huge_page = 2 * 1024 * 1024;
  const auto first = (reinterpret_cast<std::uintptr_t>(block) + huge_page - 1) & ~(huge_page - 1);
  const auto last = (reinterpret_cast<std::uintptr_t>(block) + size) & ~(huge_page - 1);
  if (last > first) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)block;
  (void)size;
#endif
}

void destroy_with_context(MemoryContext context, void* object, void (*destroy)(void*)) {
  auto* callback = static_cast<MemoryContextCallback*>(MemoryContextAlloc(context, sizeof(MemoryContextCallback)));
  callback->func = destroy;
  callback->arg = object;
  MemoryContextRegisterResetCallback(context, callback);
}

}  // namespace pg_takeout
