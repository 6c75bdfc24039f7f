#include "json_writer.hpp"

#include <array>
#include <cmath>
#include <cstring>

#include "byte_scan.hpp"
#include "error.hpp"
#include "hex_text.hpp"
#include "json_string.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t largest_reservation = 64 * 1024;
constexpr std::size_t long_piece = 8 * 1024;  // bytes of a long value that are written at once
constexpr std::size_t key_block = 16;         // bytes that are copied at once
constexpr std::size_t around_row = 16;        // the braces, commas and line breaks of a row

char* write_bytes(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

char* write_null(char* out) { return write_bytes(out, "null"); }

template <class Write>
char* write_string(char* out, Write write) {
  *out++ = '"';
  out = write(out);
  *out++ = '"';
  return out;
}

// NaN, Infinity, -Infinity.
bool is_finite_decimal(std::string_view decimal) {
  const char last = decimal.empty() ? 'N' : decimal.back();
  return last >= '0' && last <= '9';
}

// Bytes that a cell of each kind needs at most: `fixed` and, for each byte that it points to, `factor`.
struct Room {
  std::uint8_t fixed = 8 + max_value_text;  // quotes, \\x
  std::uint8_t factor = 0;
};
constexpr auto rooms = [] {
  std::array<Room, static_cast<std::size_t>(CellKind::binary) + 1> table{};
  const auto set = [&table](CellKind kind, std::uint8_t factor) {
    table[static_cast<std::size_t>(kind)] = {8, factor};
  };
  set(CellKind::null, 0);
  set(CellKind::decimal, 1);
  set(CellKind::text, longest_json_escape);
  set(CellKind::json, 1);
  set(CellKind::binary, 2);
  return table;
}();

std::size_t room_for(const Cell& cell) {
  const Room room = rooms[static_cast<std::size_t>(cell.kind)];
  return room.fixed + std::size_t{room.factor} * cell.length;
}

// What no cell of the length passes, whatever its kind: quick to sum up.
constexpr std::size_t most_room_of_cell = 8 + max_value_text;
constexpr std::size_t most_room_of_byte = longest_json_escape;

}  // namespace

JsonWriter::JsonWriter(JsonOptions options, Sink& sink, std::pmr::memory_resource* memory)
    : options_(options), sink_(sink), keys_(memory), key_bytes_(memory) {}

void JsonWriter::begin(std::span<const Column> columns) {
  if (options_.lines && options_.pretty) {
    throw Error(ErrorCode::invalid_option, "json lines cannot be pretty", "Each line holds one whole object.");
  }
  if (options_.lines) {
    before_row_ = before_next_row_ = "";
    after_row_ = "}\n";
  } else if (options_.pretty) {
    before_row_ = "\n  ";
    before_next_row_ = ",\n  ";
    after_row_ = columns.empty() ? "}" : "\n  }";
  } else {
    before_row_ = "\n";
    before_next_row_ = ",\n";
    after_row_ = "}";
  }
  has_rows_ = false;
  keys_.clear();
  key_bytes_.clear();
  keys_.reserve(columns.size());
  for (const Column& column : columns) add_key(column.name);
  room_without_cells_ = around_row + key_bytes_.size();
  if (!options_.lines) sink_.append("[");
}

void JsonWriter::add_key(std::string_view name) {
  const std::size_t offset = key_bytes_.size();
  key_bytes_.resize(offset + around_row + longest_json_escape * name.size());
  char* const begin = key_bytes_.data() + offset;
  char* out = begin;
  *out++ = keys_.empty() ? '{' : ',';
  if (options_.pretty) out = write_bytes(out, "\n    ");
  out = write_string(out, [name](char* at) { return write_json_escaped(at, name); });
  out = write_bytes(out, options_.pretty ? ": " : ":");
  const auto length = static_cast<std::size_t>(out - begin);
  key_bytes_.resize(offset + (length + key_block - 1) / key_block * key_block);
  keys_.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)});
}

// Copies whole blocks: what is too much of the last one is overwritten by the value.
char* JsonWriter::write_key(char* out, const Key& key) const {
  const char* const bytes = key_bytes_.data() + key.offset;
  std::size_t copied = 0;
  do {
    std::memcpy(out + copied, bytes + copied, key_block);
    copied += key_block;
  } while (copied < key.length);
  return out + key.length;
}

void JsonWriter::row(std::span<const Cell> cells) {
  std::size_t most_room = room_without_cells_ + cells.size() * most_room_of_cell;
  for (const Cell& cell : cells) most_room += most_room_of_byte * cell.length;
  if (!sink_.has_room(most_room)) {
    std::size_t room = room_without_cells_;
    for (const Cell& cell : cells) room += room_for(cell);
    if (room > largest_reservation) return write_long_row(cells);
    static_cast<void>(sink_.reserve(room));
  }

  char* out = sink_.reserve(0);
  out = write_bytes(out, has_rows_ ? before_next_row_ : before_row_);
  has_rows_ = true;
  if (cells.empty()) *out++ = '{';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out = write_key(out, keys_[i]);
    out = write_cell(out, cells[i]);
  }
  sink_.commit(write_bytes(out, after_row_));
}

void JsonWriter::end() {
  if (options_.lines) return;
  sink_.append(has_rows_ ? "\n]\n" : "]\n");
}

char* JsonWriter::write_cell(char* out, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::null:
      return write_null(out);
    case CellKind::boolean:
      return write_bytes(out, cell.integer != 0 ? "true" : "false");
    case CellKind::integer:
      return write_integer(out, cell.integer);
    case CellKind::float4:
      return std::isfinite(cell.number) ? write_float4(out, static_cast<float>(cell.number)) : write_null(out);
    case CellKind::float8:
      return std::isfinite(cell.number) ? write_float8(out, cell.number) : write_null(out);
    case CellKind::decimal:
      return is_finite_decimal(cell.view()) ? write_bytes(out, cell.view()) : write_null(out);
    case CellKind::text:
      return write_string(out, [&cell](char* at) { return write_json_escaped(at, cell.view()); });
    case CellKind::uuid:
      return write_string(
          out, [&cell](char* at) { return write_uuid(at, reinterpret_cast<const unsigned char*>(cell.bytes)); });
    case CellKind::date:
      if (!is_date_of_our_era(cell.integer)) return write_null(out);
      return write_string(out, [&cell](char* at) { return write_date(at, cell.integer); });
    case CellKind::time:
      return write_string(out, [&cell](char* at) { return write_time(at, cell.integer); });
    case CellKind::timestamp:
    case CellKind::timestamptz:
      if (!is_timestamp_of_our_era(cell.integer)) return write_null(out);
      return write_string(out, [this, &cell](char* at) {
        return write_timestamp(at, cell.integer, cell.kind == CellKind::timestamptz, last_day_);
      });
    case CellKind::network:
      return write_string(out, [&cell](char* at) { return write_network(at, cell.network()); });
    case CellKind::json:
      return write_json(out, cell.view());
    case CellKind::binary:
      return write_string(out, [&cell](char* at) {
        at = write_bytes(at, "\\\\x");
        return write_hex(at, reinterpret_cast<const unsigned char*>(cell.bytes), cell.length);
      });
  }
  return out;
}

// A line break in valid JSON text stands between tokens, where a space means the same.
char* JsonWriter::write_json(char* out, std::string_view json) const {
  if (json.empty()) return write_null(out);
  if (!options_.lines) return write_bytes(out, json);
  while (true) {
    const std::size_t clean = copy_clean(out, json.data(), json.size(), LineBreakBytes{});
    out += clean;
    if (clean == json.size()) return out;
    *out++ = ' ';
    json.remove_prefix(clean + 1);
  }
}

// A row whose cells may be huge, one reservation after the other.
void JsonWriter::write_long_row(std::span<const Cell> cells) {
  sink_.append(has_rows_ ? before_next_row_ : before_row_);
  has_rows_ = true;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    sink_.append({key_bytes_.data() + keys_[i].offset, keys_[i].length});
    const std::size_t room = room_for(cells[i]);
    if (room > largest_reservation) {
      write_long_cell(cells[i]);
    } else {
      sink_.commit(write_cell(sink_.reserve(room), cells[i]));
    }
  }
  sink_.append(after_row_);
}

void JsonWriter::write_long_cell(const Cell& cell) {
  const bool is_string = cell.kind == CellKind::text || cell.kind == CellKind::binary;
  if (is_string) sink_.append("\"");
  if (cell.kind == CellKind::binary) sink_.append("\\\\x");
  std::string_view bytes = cell.view();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, long_piece);
    char* const out = sink_.reserve(longest_json_escape * piece.size());
    switch (cell.kind) {
      case CellKind::text:
        sink_.commit(write_json_escaped(out, piece));
        break;
      case CellKind::binary:
        sink_.commit(write_hex(out, reinterpret_cast<const unsigned char*>(piece.data()), piece.size()));
        break;
      default:  // json, decimal
        sink_.commit(write_json(out, piece));
        break;
    }
    bytes.remove_prefix(piece.size());
  }
  if (is_string) sink_.append("\"");
}

}  // namespace pg_takeout
