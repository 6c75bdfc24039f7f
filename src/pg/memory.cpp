#include "postgres.hpp"

#include "memory.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace pg_takeout {

namespace {

constexpr std::size_t small_page = 4 * 1024;
constexpr std::size_t huge_page = 2 * 1024 * 1024;

// Large blocks get a mapping of their own. Where that is a whole number of huge pages, Linux lays it out in such, and no
// part of the block is left to small ones. Headers of the context and of malloc come before the block.
std::size_t fill_huge_pages(std::size_t size) {
  return size < huge_page ? size : (size + small_page + huge_page - 1) / huge_page * huge_page - small_page;
}

// A big file touches memory once, and a page fault for each 4 kB of it costs more than the copying. Only a hint.
void advise_huge_pages(void* block, std::size_t size) {
#ifdef MADV_HUGEPAGE
  if (size < huge_page) return;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = address & ~(small_page - 1);
  const std::uintptr_t last = (address + size) & ~(small_page - 1);
  (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)block;
  (void)size;
#endif
}

}  // namespace

void* allocate_large(MemoryContext context, std::size_t size, int flags) {
  const std::size_t filling = fill_huge_pages(size);
  void* block = MemoryContextAllocExtended(context, filling, flags);
  if (block != nullptr) advise_huge_pages(block, filling);
  return block;
}

void give_back_pages(const void* from, const void* to) {
#ifdef MADV_DONTNEED
  const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(from) + small_page - 1) & ~(small_page - 1);
  const std::uintptr_t last = reinterpret_cast<std::uintptr_t>(to) & ~(small_page - 1);
  if (last > first) (void)madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
#else
  (void)from;
  (void)to;
#endif
}

void* ContextMemory::do_allocate(std::size_t size, std::size_t alignment) {
  if (alignment > MAXIMUM_ALIGNOF || size > MaxAllocHugeSize / 2) throw std::bad_alloc();
  void* pointer = allocate_large(context_, size == 0 ? 1 : size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
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
