#include "csv_writer.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "byte_scan.hpp"
#include "error.hpp"
#include "formula_guard.hpp"
#include "hex_text.hpp"

namespace pg_takeout {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view end_of_record = "\r\n";
constexpr std::size_t longest_null_text = 1000;  // bytes
constexpr std::size_t largest_reservation = 64 * 1024;
constexpr std::size_t long_piece = 16 * 1024;  // bytes of a long value that are written at once

// What a delimiter can be and the text of a number, time, network or bytea can hold.
constexpr std::string_view signs_in_values = "+-.:/\\";

// Bytes that a cell of each kind needs at most: `fixed` and, for each byte that it points to, `factor` (all of them
// quotes, or hex digits). The text for NULL comes on top.
struct Room {
  std::uint16_t fixed = 8 + max_value_text;  // quotes, guard, delimiter, \x
  std::uint16_t factor = 0;
};
constexpr auto rooms = [] {
  std::array<Room, static_cast<std::size_t>(CellKind::binary) + 1> table{};
  for (const CellKind kind : {CellKind::decimal, CellKind::text, CellKind::json, CellKind::binary}) {
    table[static_cast<std::size_t>(kind)] = {8, 2};
  }
  table[static_cast<std::size_t>(CellKind::null)] = {8, 0};
  return table;
}();

std::size_t room_for(const Cell& cell) {
  const Room room = rooms[static_cast<std::size_t>(cell.kind)];
  return room.fixed + std::size_t{room.factor} * cell.length;
}

// What no cell of the length passes, whatever its kind: quick to sum up.
constexpr std::size_t most_room_of_cell = 8 + max_value_text;
constexpr std::size_t most_room_of_byte = 2;

[[noreturn]] void refuse(const char* message, const char* detail) {
  throw Error(ErrorCode::invalid_option, message, detail);
}

void check_delimiter(char delimiter) {
  const auto byte = static_cast<unsigned char>(delimiter);
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool is_digit = byte >= '0' && byte <= '9';
  const bool is_reserved = byte == '"' || byte == '\r' || byte == '\n' || byte == ' ' || byte == 0;
  if (byte < 0x80 && !is_letter && !is_digit && !is_reserved) return;
  refuse("delimiter cannot be used in CSV",
         "A delimiter is one ASCII character, not a quote, a line break, a letter, a digit or a space.");
}

void check_null_text(std::string_view null_text, char delimiter) {
  if (null_text.size() > longest_null_text) refuse("text for null is too long", "At most 1000 bytes are allowed.");
  if (find_byte(null_text.data(), null_text.size(), CsvSpecialBytes{delimiter}) == null_text.size()) return;
  refuse("text for null cannot be used in CSV", "It must not contain the delimiter, a quote or a line break.");
}

}  // namespace

CsvWriter::CsvWriter(CsvOptions options, Sink& sink, std::pmr::memory_resource* /*memory*/)
    : options_(std::move(options)), sink_(sink), delimiter_(options_.delimiter) {}

void CsvWriter::begin(std::span<const Column> columns) {
  check_delimiter(delimiter_);
  check_null_text(options_.null_text, delimiter_);
  single_column_ = columns.size() == 1;
  values_are_plain_ = options_.null_text.empty() && signs_in_values.find(delimiter_) == std::string_view::npos;
  bare_text_can_mislead_ = single_column_ || !options_.null_text.empty();
  is_simple_ = values_are_plain_ && !bare_text_can_mislead_ && !options_.excel;
  if (options_.continues) return;
  if (options_.excel) sink_.append(byte_order_mark);
  if (!options_.header) return;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sink_.append({&delimiter_, 1});
    write_long_text(columns[i].name, options_.excel);
  }
  sink_.append(end_of_record);
}

void CsvWriter::end() {}

void CsvWriter::row(std::span<const Cell> cells) {
  const std::size_t room_without_cells = end_of_record.size() + cells.size() * options_.null_text.size();
  std::size_t most_room = room_without_cells + cells.size() * most_room_of_cell;
  for (const Cell& cell : cells) most_room += most_room_of_byte * cell.length;
  if (!sink_.has_room(most_room)) {
    std::size_t room = room_without_cells;
    for (const Cell& cell : cells) room += room_for(cell);
    if (room > largest_reservation) return write_long_row(cells);
    static_cast<void>(sink_.reserve(room));
  }

  char* out = sink_.reserve(0);
  out = is_simple_ ? write_cells<true>(out, cells) : write_cells<false>(out, cells);
  std::memcpy(out, end_of_record.data(), end_of_record.size());
  sink_.commit(out + end_of_record.size());
}

template <bool simple>
char* CsvWriter::write_cells(char* out, std::span<const Cell> cells) {
  const char delimiter = delimiter_;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) *out++ = delimiter;
    out = write_cell<simple>(out, cells[i]);
  }
  return out;
}

template <bool simple>
char* CsvWriter::write_cell(char* out, const Cell& cell) {
  char* end = out;
  switch (cell.kind) {
    case CellKind::null:
      return simple ? out : write_null(out);
    case CellKind::text:
    case CellKind::json:
      return simple ? write_simple_text(out, cell.view()) : write_text(out, cell.view());
    case CellKind::boolean:
      std::memcpy(out, cell.integer != 0 ? "true " : "false", 5);
      end = out + (cell.integer != 0 ? 4 : 5);
      break;
    case CellKind::integer:
      end = write_integer(out, cell.integer);
      break;
    case CellKind::float4:
      end = write_float4(out, static_cast<float>(cell.number));
      break;
    case CellKind::float8:
      end = write_float8(out, cell.number);
      break;
    case CellKind::decimal:
      std::memcpy(out, cell.bytes, cell.length);
      end = out + cell.length;
      break;
    case CellKind::uuid:
      end = write_uuid(out, reinterpret_cast<const unsigned char*>(cell.bytes));
      break;
    case CellKind::date:
      end = write_date(out, cell.integer);
      break;
    case CellKind::time:
      end = write_time(out, cell.integer);
      break;
    case CellKind::timestamp:
      end = write_timestamp(out, cell.integer, false, last_day_);
      break;
    case CellKind::timestamptz:
      end = write_timestamp(out, cell.integer, true, last_day_);
      break;
    case CellKind::network:
      end = write_network(out, cell.network());
      break;
    case CellKind::binary:
      *end++ = '\\';
      *end++ = 'x';
      end = write_hex(end, reinterpret_cast<const unsigned char*>(cell.bytes), cell.length);
      break;
  }
  return simple || values_are_plain_ ? end : quote_value_if_needed(out, end);
}

char* CsvWriter::write_null(char* out) const {
  std::memcpy(out, options_.null_text.data(), options_.null_text.size());
  return out + options_.null_text.size();
}

// Most texts are copied as they are.
inline char* CsvWriter::write_simple_text(char* out, std::string_view text) {
  const bool is_clean = copy_clean(out, text.data(), text.size(), CsvSpecialBytes{delimiter_}) == text.size();
  if (is_clean && !text.empty()) return out + text.size();
  *out++ = '"';
  out = write_quoted(out, text);
  *out++ = '"';
  return out;
}

char* CsvWriter::write_text(char* out, std::string_view text) {
  const bool guard = options_.excel && is_formula(text);
  if (guard) {
    ++guarded_cells_;
    *out = '\'';
  }
  char* const begin = out + guard;
  const bool is_clean = copy_clean(begin, text.data(), text.size(), CsvSpecialBytes{delimiter_}) == text.size();
  char* const end = begin + text.size();
  if (is_clean && !text.empty() &&
      !(bare_text_can_mislead_ && means_something_else({out, static_cast<std::size_t>(end - out)}))) {
    return end;
  }
  *out++ = '"';
  if (guard) *out++ = '\'';
  out = write_quoted(out, text);
  *out++ = '"';
  return out;
}

// What stands between the quotes.
char* CsvWriter::write_quoted(char* out, std::string_view text) const {
  while (true) {
    const std::size_t clean = copy_clean(out, text.data(), text.size(), QuoteByte{});
    out += clean;
    if (clean == text.size()) return out;
    *out++ = '"';
    *out++ = '"';
    text.remove_prefix(clean + 1);
  }
}

// A value's text holds neither quotes nor line breaks, so it only moves by one byte.
char* CsvWriter::quote_value_if_needed(char* begin, char* end) const {
  const auto size = static_cast<std::size_t>(end - begin);
  if (std::memchr(begin, delimiter_, size) == nullptr && !means_something_else({begin, size})) return end;
  std::memmove(begin + 1, begin, size);
  *begin = '"';
  end[1] = '"';
  return end + 2;
}

bool CsvWriter::means_something_else(std::string_view field) const {
  return field == options_.null_text || (single_column_ && field == "\\.");
}

// A row whose cells may be huge, one reservation after the other.
void CsvWriter::write_long_row(std::span<const Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) sink_.append({&delimiter_, 1});
    const std::size_t room = room_for(cells[i]);
    if (room > largest_reservation) {
      write_long_cell(cells[i]);
    } else {
      sink_.commit(write_cell<false>(sink_.reserve(room + options_.null_text.size()), cells[i]));
    }
  }
  sink_.append(end_of_record);
}

void CsvWriter::write_long_cell(const Cell& cell) {
  if (cell.kind == CellKind::binary) return write_long_binary(cell.view());
  write_long_text(cell.view(), options_.excel && cell.kind != CellKind::decimal);
}

void CsvWriter::write_long_text(std::string_view text, bool may_be_formula) {
  const bool guard = may_be_formula && is_formula(text);
  if (guard) ++guarded_cells_;
  const bool quotes = text.empty() || find_byte(text.data(), text.size(), CsvSpecialBytes{delimiter_}) < text.size() ||
                      (guard && !options_.null_text.empty() && options_.null_text.front() == '\'' &&
                       std::string_view(options_.null_text).substr(1) == text) ||
                      (!guard && means_something_else(text));
  if (quotes) sink_.append("\"");
  if (guard) sink_.append("'");
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, long_piece);
    if (quotes) {
      sink_.commit(write_quoted(sink_.reserve(2 * piece.size()), piece));
    } else {
      sink_.append(piece);
    }
    text.remove_prefix(piece.size());
  }
  if (quotes) sink_.append("\"");
}

void CsvWriter::write_long_binary(std::string_view bytes) {
  const bool quotes = delimiter_ == '\\';
  sink_.append(quotes ? "\"\\x" : "\\x");
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, long_piece);
    char* const out = sink_.reserve(2 * piece.size());
    sink_.commit(write_hex(out, reinterpret_cast<const unsigned char*>(piece.data()), piece.size()));
    bytes.remove_prefix(piece.size());
  }
  if (quotes) sink_.append("\"");
}

}  // namespace pg_takeout
