#include "postgres.hpp"

#include "memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace pg_takeout {

namespace {

constexpr std::size_t small_page = 4 * 1024;
constexpr std::size_t huge_page = 2 * 1024 * 1024;
constexpr std::size_t moved_at_least = 8 * huge_page;  // of less, copying costs less

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

// False when the two lie differently on pages or the kernel (Linux before 5.7) can not; the source is as it was then.
bool move_pages(char* target, char* source, std::size_t size) {
#ifdef MREMAP_DONTUNMAP
  const auto is_aligned = [](const char* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer) % small_page == 0;
  };
  if (!is_aligned(target) || !is_aligned(source)) return false;
  if (mremap(source, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, target) == target) return true;
  // Short of memory for its own tables, the kernel may have taken the target away before it noticed.
  if (mmap(target, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == target)
    return false;
  std::abort();  // half of malloc's block is gone
#else
  return false;
#endif
}

}  // namespace

void* allocate_large(MemoryContext context, std::size_t size, int flags) {
  const std::size_t filling = fill_huge_pages(size);
  void* block = MemoryContextAllocExtended(context, filling, flags);
  if (block != nullptr) advise_huge_pages(block, filling);
  return block;
}

void move_bytes(char* target, char* source, std::size_t size) {
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(source) % small_page;
  if (size >= moved_at_least &&
      move_pages(target + before, source + before, (size - before) / small_page * small_page)) {
    const std::size_t after = (size - before) % small_page;
    std::memcpy(target, source, before);
    std::memcpy(target + size - after, source + size - after, after);
  } else {
    std::memcpy(target, source, size);
  }
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
