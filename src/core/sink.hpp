// Where a writer's bytes go: a window of memory with one way to get more.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace pg_takeout {

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // A pointer to at least `size` writable bytes. Ask for pieces (64 kB or less), not for whole huge values:
  // a sink may have to leave the rest of its window unused to give them in one run.
  // Throws Error (too_many_bytes, interrupted) or std::bad_alloc.
  [[nodiscard]] char* reserve(std::size_t size) {
    if (static_cast<std::size_t>(limit_ - position_) < size) make_room(size);
    return position_;
  }

  // Whether reserve() would give as much without further ado.
  [[nodiscard]] bool has_room(std::size_t size) const { return static_cast<std::size_t>(limit_ - position_) >= size; }

  // Says that the reserved bytes up to `end` are written.
  void commit(char* end) { position_ = end; }

  // Copies bytes of any length, in pieces that fill the window exactly.
  void append(std::string_view bytes) {
    while (static_cast<std::size_t>(limit_ - position_) < bytes.size()) {
      const auto room = static_cast<std::size_t>(limit_ - position_);
      if (room > 0) std::memcpy(position_, bytes.data(), room);
      position_ += room;
      bytes.remove_prefix(room);
      make_room(1);
    }
    if (!bytes.empty()) std::memcpy(position_, bytes.data(), bytes.size());
    position_ += bytes.size();
  }

 protected:
  // Makes limit_ - position_ at least `size`, keeping what lies before position_.
  virtual void make_room(std::size_t size) = 0;

  char* position_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace pg_takeout
