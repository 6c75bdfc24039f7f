#include "postgres.hpp"

#include "memory.hpp"

namespace pg_takeout {

void* ContextMemory::do_allocate(std::size_t size, std::size_t alignment) {
  if (alignment > MAXIMUM_ALIGNOF) throw std::bad_alloc();
  if (size > MaxAllocHugeSize) throw std::bad_alloc();
  void* pointer = MemoryContextAllocExtended(context_, size == 0 ? 1 : size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

void ContextMemory::do_deallocate(void* pointer, std::size_t, std::size_t) { pfree(pointer); }

void destroy_with_context(MemoryContext context, void* object, void (*destroy)(void*)) {
  auto* callback = static_cast<MemoryContextCallback*>(MemoryContextAlloc(context, sizeof(MemoryContextCallback)));
  callback->func = destroy;
  callback->arg = object;
  MemoryContextRegisterResetCallback(context, callback);
}

}  // namespace pg_takeout
