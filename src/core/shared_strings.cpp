#include "shared_strings.hpp"

#include <cstring>
#include <string>

#include "sheet_text.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t first_slots = 1024;
constexpr std::size_t seen_places = 16384;
constexpr int max_probes = 16;  // strings chosen to collide cost no more than this
// A column is judged after this many strings, again and again: half of them must have been seen before. The first time,
// when most are new even where they repeat, a quarter is enough.
constexpr std::uint32_t window = 2000;

std::uint64_t load_8(const char* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t load_4(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15;
  return hash ^ hash >> 32;
}

std::uint32_t hash_of(std::string_view text) {
  const char* bytes = text.data();
  const std::size_t size = text.size();
  std::uint64_t hash = size;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) hash = mix(hash, load_8(bytes + i));
    hash = mix(hash, load_8(bytes + size - 8));
  } else if (size >= 4) {
    hash = mix(hash, load_4(bytes) | load_4(bytes + size - 4) << 32);
  } else if (size > 0) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
    hash = mix(hash, byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16);
  }
  hash = mix(hash, 0xD6E8FEB86659FD93);
  return static_cast<std::uint32_t>(hash);
}

}  // namespace

SharedStrings::SharedStrings(std::pmr::memory_resource* memory)
    : bytes_(memory), strings_(memory), slots_(first_slots, Slot{}, memory), seen_(seen_places, 0, memory) {}

std::string_view SharedStrings::text_of(std::uint32_t index) const {
  const String& string = strings_[index];
  return {bytes_.data() + string.offset, string.length};
}

// The slot that holds the text, or the free one that would take it, or nullptr where too many hashes collide.
SharedStrings::Slot* SharedStrings::find(std::uint32_t hash, std::string_view text) {
  const std::size_t mask = slots_.size() - 1;
  for (int probe = 0; probe < max_probes; ++probe) {
    Slot& slot = slots_[(hash + static_cast<std::size_t>(probe)) & mask];
    if (slot.index_and_1 == 0) return &slot;
    if (slot.hash == hash && text_of(slot.index_and_1 - 1) == text) return &slot;
  }
  return nullptr;
}

// Strings that find no slot within max_probes in the new table are no longer found: they are written anew or inline.
void SharedStrings::grow() {
  std::pmr::vector<Slot> slots(slots_.size() * 2, Slot{}, slots_.get_allocator());
  slots.swap(slots_);
  for (const Slot& slot : slots) {
    if (slot.index_and_1 == 0) continue;
    if (Slot* place = find(slot.hash, text_of(slot.index_and_1 - 1)); place != nullptr) *place = slot;
  }
}

std::uint32_t SharedStrings::look_up(ColumnUse& column, std::string_view text) {
  if (text.empty()) return reference_empty();
  if (column.asked == window) {
    column.given_up = column.missed > (column.judged ? window / 2 : window / 4 * 3);
    column.judged = true;
    column.asked = 0;
    column.missed = 0;
    if (column.given_up) return none;
  }
  ++column.asked;
  if (text.size() > max_length) {
    ++column.missed;
    return none;
  }
  const std::uint32_t hash = hash_of(text);
  Slot* slot = find(hash, text);
  if (slot != nullptr && slot->index_and_1 != 0) {
    ++references_;
    return slot->index_and_1 - 1;
  }
  std::uint32_t& seen = seen_[hash % seen_places];
  if (seen != hash) {
    seen = hash;
    ++column.missed;
    return none;
  }
  if (column.added == max_per_column || strings_.size() >= max_strings) return none;
  const std::uint32_t index = add(hash, slot, text);
  if (index != none) ++column.added;
  return index;
}

std::uint32_t SharedStrings::reference_empty() {
  if (empty_ == none) {
    empty_ = static_cast<std::uint32_t>(strings_.size());
    strings_.push_back({0, 0});
  }
  ++references_;
  return empty_;
}

std::uint32_t SharedStrings::hold(std::string_view text) {
  if (text.empty()) return reference_empty();
  const std::uint32_t hash = hash_of(text);
  Slot* slot = find(hash, text);
  if (slot == nullptr || slot->index_and_1 == 0) return add(hash, slot, text);
  ++references_;
  return slot->index_and_1 - 1;
}

// `slot` is what find() gave for a text that is not there.
std::uint32_t SharedStrings::add(std::uint32_t hash, Slot* slot, std::string_view text) {
  if (slot == nullptr || strings_.size() >= max_held || bytes_.size() + text.size() > max_bytes) return none;
  if ((strings_.size() + 1) * 2 > slots_.size()) {
    grow();
    slot = find(hash, text);
    if (slot == nullptr) return none;
  }
  strings_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())});
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  *slot = {hash, static_cast<std::uint32_t>(strings_.size())};
  ++references_;
  return static_cast<std::uint32_t>(strings_.size() - 1);
}

void SharedStrings::write_part(Sink& sink) const {
  sink.append(
      "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
      "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"");
  sink.append(std::to_string(references_));
  sink.append("\" uniqueCount=\"");
  sink.append(std::to_string(strings_.size()));
  sink.append("\">");
  for (std::uint32_t index = 0; index < strings_.size(); ++index) {
    const std::string_view text = text_of(index);
    sink.append(has_outer_space(text) ? "<si><t xml:space=\"preserve\">" : "<si><t>");
    append_escaped(sink, text);
    sink.append("</t></si>");
  }
  sink.append("</sst>");
}

}  // namespace pg_takeout
