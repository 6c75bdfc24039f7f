// PostgreSQL's memory contexts for C++ objects.
#pragma once

#include "postgres.hpp"

#include <memory_resource>
#include <new>
#include <utility>

namespace pg_takeout {

// Memory from a context, std::bad_alloc when there is none. Never raises a PostgreSQL error, so that C++ frames may
// stand above it.
class ContextMemory final : public std::pmr::memory_resource {
 public:
  explicit ContextMemory(MemoryContext context) : context_(context) {}

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override;
  void do_deallocate(void* pointer, std::size_t size, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  MemoryContext context_;
};

// At least `size` bytes from the context, in huge pages where it is large and the system has them. flags: MCXT_ALLOC_*.
void* allocate_large(MemoryContext context, std::size_t size, int flags);

// Moves bytes into another block of allocate_large(). Where both lie alike on pages of this size, whole pages change their
// place and none is copied; what stood in the source is lost, its memory stays the caller's.
inline constexpr std::size_t moved_page = 2 * 1024 * 1024;
void move_bytes(char* target, char* source, std::size_t size);

// Has `destroy(object)` called when the context is reset or deleted, on abort too. May raise an error: call it before
// the object holds anything.
void destroy_with_context(MemoryContext context, void* object, void (*destroy)(void*));

// Zeroed room for a T in the context, whose destructor runs when the context goes. The T must be constructed into it at
// once by a call that cannot raise a PostgreSQL error; `constructed` says from then on that there is one to destroy.
template <typename T>
struct ContextSlot {
  alignas(T) unsigned char room[sizeof(T)];
  bool constructed;

  T* get() { return constructed ? reinterpret_cast<T*>(room) : nullptr; }

  template <typename... Arguments>
  T* construct(Arguments&&... arguments) {
    T* object = ::new (static_cast<void*>(room)) T(std::forward<Arguments>(arguments)...);
    constructed = true;
    return object;
  }

  static void destroy(void* pointer) {
    auto* slot = static_cast<ContextSlot*>(pointer);
    if (slot->constructed) reinterpret_cast<T*>(slot->room)->~T();
    slot->constructed = false;
  }
};

template <typename T>
ContextSlot<T>* make_slot(MemoryContext context) {
  static_assert(alignof(T) <= MAXIMUM_ALIGNOF);
  auto* slot = static_cast<ContextSlot<T>*>(MemoryContextAllocZero(context, sizeof(ContextSlot<T>)));
  destroy_with_context(context, slot, &ContextSlot<T>::destroy);
  return slot;
}

}  // namespace pg_takeout
