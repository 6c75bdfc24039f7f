#include "sheet_writer.hpp"

#include <algorithm>
#include <cstring>

#include "error.hpp"
#include "hex_text.hpp"
#include "sheet_markup.hpp"
#include "sheet_text.hpp"
#include "sheet_value.hpp"
#include "sheet_width.hpp"
#include "value_text.hpp"

namespace pg_takeout {

using namespace sheet_markup;

namespace {

constexpr std::size_t max_markup = 128;      // bytes from one value to the next
constexpr std::size_t short_text = 1024;     // bytes of text written under one reserve()
constexpr std::uint32_t sampled_rows = 200;  // rows whose lengths set the columns' widths

char* put(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// A to XFD.
std::string column_letters(std::size_t index) {
  std::string letters;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return letters;
}

bool is_quantity(CellKind kind) {
  return kind == CellKind::integer || kind == CellKind::decimal || kind == CellKind::float4 || kind == CellKind::float8;
}

// The value as a number, or nullptr where its text has to stand.
char* write_as_number(char* out, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::integer:
      return write_sheet_integer(out, cell.integer);
    case CellKind::float4:
      return write_sheet_float4(out, static_cast<float>(cell.number));
    case CellKind::float8:
      return write_sheet_float8(out, cell.number);
    case CellKind::decimal:
      return write_sheet_decimal(out, cell.view());
    case CellKind::date:
      return write_sheet_date(out, cell.integer);
    case CellKind::time:
      return write_sheet_time(out, cell.integer);
    case CellKind::timestamp:
    case CellKind::timestamptz:
      return write_sheet_timestamp(out, cell.integer);
    default:
      return nullptr;
  }
}

}  // namespace

SheetWriter::SheetColumn::SheetColumn(const Column& column, std::size_t index_in_row, std::string_view zone,
                                      std::pmr::memory_resource* memory)
    : index(static_cast<std::uint16_t>(index_in_row)), identifier(column.identifier), title(column.name, memory) {
  const std::string letters = column_letters(index_in_row);
  char* end = put(put(open.data(), reference_start), letters);
  open_length = static_cast<std::uint8_t>(end - open.data());
  if (column.kind == CellKind::timestamptz) {
    title += " (";
    title += zone.empty() ? "UTC" : zone;
    title += ")";
  }
}

SheetWriter::SheetWriter(Sink& xml, SheetDeflater* deflater, SharedStrings& strings, std::pmr::memory_resource* memory)
    : xml_(xml), deflater_(deflater), strings_(strings), memory_(memory), columns_(memory), scratch_(memory) {}

void SheetWriter::set_columns(std::span<const Column> columns, std::string_view zone) {
  if (columns.size() > max_sheet_columns) {
    throw Error(ErrorCode::too_many_columns, "too many columns for XLSX: " + std::to_string(columns.size()),
                "A sheet holds at most " + std::to_string(max_sheet_columns) + " columns.",
                "Choose fewer columns, or export as CSV or JSON.");
  }
  columns_.clear();
  columns_.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns_.emplace_back(columns[i], i, zone, memory_);
  }
  zoned_ = !zone.empty();
  data_rows_ = 0;
}

void SheetWriter::start_sheet() {
  rows_ = 0;
  row_digits_ = {'0'};
  row_digits_length_ = 1;
  tens_ = 0;
  pending_ = 0;
  for (SheetColumn& column : columns_) column.frame.markup = nullptr;
}

void SheetWriter::end_sheet() { write_pending(); }

void SheetWriter::start_row() {
  ++rows_;
  pending_ |= pending_row_start;
  std::size_t i = row_digits_length_;
  if (row_digits_[i - 1] < '9') {
    ++row_digits_[i - 1];
    return;
  }
  ++tens_;
  while (i > 0 && row_digits_[i - 1] == '9') row_digits_[--i] = '0';
  if (i > 0) {
    ++row_digits_[i - 1];
  } else {  // 99 to 100: all digits are zeros now
    row_digits_[row_digits_length_++] = '0';
    row_digits_[0] = '1';
  }
}

void SheetWriter::end_row() {
  if ((pending_ & pending_row_start) != 0) write_pending();  // a row without cells
  pending_ |= pending_row_end;
}

char* SheetWriter::put_pending(char* out) const {
  out = put(out, closings[pending_ >> pending_closing_shift]);
  if ((pending_ & pending_row_end) != 0) out = put(out, row_end);
  if ((pending_ & pending_row_start) == 0) return out;
  out = put(put(out, row_start), {row_digits_.data(), row_digits_length_});
  return put(out, "\">");
}

void SheetWriter::write_pending() {
  xml_.commit(put_pending(xml_.reserve(max_markup)));
  pending_ = 0;
}

void SheetWriter::make_frame(SheetColumn& column, const CellMarkup& markup) {
  Frame& frame = column.frame;
  frame.markup = &markup;
  frame.before = pending_;
  frame.tens = tens_;
  frame.digit_count = row_digits_length_;
  char* const start = frame.bytes.data();
  char* out = put_pending(start);
  frame.row_digits_end =
      (pending_ & pending_row_start) != 0 ? static_cast<std::uint8_t>(out - start - 2) : 0;  // before ">
  out = put(out, {column.open.data(), column.open_length});
  out = put(out, {row_digits_.data(), row_digits_length_});
  frame.digits_end = static_cast<std::uint8_t>(out - start);
  out = put(out, markup.opening);
  frame.length = static_cast<std::uint8_t>(out - start);
}

// Makes a frame anew, or only the digits of its row's number.
void SheetWriter::update_frame(SheetColumn& column, const CellMarkup& markup) {
  Frame& frame = column.frame;
  if (frame.markup != &markup || frame.before != pending_ || frame.digit_count != row_digits_length_) {
    make_frame(column, markup);
    frame.changed_digits = 0;
    return;
  }
  const std::size_t count = frame.digit_count;
  char* const digits = frame.bytes.data() + frame.digits_end - count;
  std::size_t kept = 0;
  while (kept + 1 < count && digits[kept] == row_digits_[kept]) ++kept;
  if (frame.changed_digits != 0) {
    frame.changed_digits = std::max(frame.changed_digits, static_cast<std::uint8_t>(count - kept));
  }
  std::memcpy(digits, row_digits_.data(), count);
  if (frame.row_digits_end != 0)
    std::memcpy(frame.bytes.data() + frame.row_digits_end - count, row_digits_.data(), count);
  frame.tens = tens_;
}

// Writes a cell's markup up to its value. Nothing has happened until end_cell(): another markup may be tried.
inline char* SheetWriter::start_cell(char* out, SheetColumn& column, const CellMarkup& markup) {
  Frame& frame = column.frame;
  if (frame.markup != &markup || frame.before != pending_ || frame.tens != tens_) update_frame(column, markup);
  constexpr std::size_t half = sizeof frame.bytes / 2;
  std::memcpy(out, frame.bytes.data(), half);
  if (frame.length > half) std::memcpy(out + half, frame.bytes.data() + half, half);
  const char last_digit = row_digits_[row_digits_length_ - 1U];
  out[frame.digits_end - 1] = last_digit;
  if (frame.row_digits_end != 0) out[frame.row_digits_end - 1] = last_digit;
  cell_ = out;
  return out + frame.length;
}

inline void SheetWriter::end_cell(char* end, SheetColumn& column, const CellMarkup& markup) {
  Frame& frame = column.frame;
  if (deflater_ != nullptr) {
    deflater_->mark({cell_, column.index, frame.row_digits_end,
                     static_cast<std::uint8_t>(frame.digits_end - frame.digit_count), frame.digits_end, frame.length,
                     markup.type, frame.changed_digits, markup.text});
  }
  frame.changed_digits = 1;
  xml_.commit(end);
  pending_ = static_cast<std::uint8_t>(markup.closing << pending_closing_shift);
}

void SheetWriter::write_header() {
  start_row();
  for (SheetColumn& column : columns_) {
    write_title(column);
    column.width = std::max(column.width, displayed_width(column.title));
  }
  end_row();
}

void SheetWriter::write_row(std::span<const Cell> cells) {
  ++data_rows_;
  start_row();
  for (std::size_t i = 0; i < cells.size(); ++i) write_cell(columns_[i], cells[i]);
  end_row();
  if (rows_ <= sampled_rows) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      columns_[i].width = std::max(columns_[i].width, displayed_width(cells[i]));
    }
  }
}

void SheetWriter::write_cell(SheetColumn& column, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::null:
      return;
    case CellKind::boolean: {
      char* out = start_cell(xml_.reserve(max_markup + 1), column, boolean_markup);
      *out++ = cell.integer != 0 ? '1' : '0';
      end_cell(out, column, boolean_markup);
      return;
    }
    case CellKind::text:
    case CellKind::json:
      write_text(column, cell.view());
      return;
    case CellKind::binary:
      write_binary(column, cell.view());
      return;
    default:
      break;
  }
  const CellMarkup* const markup = number_markup_of(cell.kind);
  if (markup != nullptr && !(column.identifier && is_quantity(cell.kind))) {
    char* const value = start_cell(xml_.reserve(max_markup + max_sheet_value), column, *markup);
    if (char* const end = write_as_number(value, cell); end != nullptr) {
      end_cell(end, column, *markup);
      return;
    }
  }
  if (cell.kind == CellKind::decimal) {
    write_text(column, cell.view());
  } else {
    write_value_text(column, cell);
  }
}

// Kinds whose text has no more than max_value_text bytes, none of which XML escapes.
char* SheetWriter::put_value_text(char* out, const Cell& cell) const {
  switch (cell.kind) {
    case CellKind::integer:
      return write_integer(out, cell.integer);
    case CellKind::float4:
      return write_float4(out, static_cast<float>(cell.number));
    case CellKind::float8:
      return write_float8(out, cell.number);
    case CellKind::uuid:
      return write_uuid(out, reinterpret_cast<const unsigned char*>(cell.bytes));
    case CellKind::date:
      return write_date(out, cell.integer);
    case CellKind::time:
      return write_time(out, cell.integer);
    case CellKind::timestamp:
      return write_timestamp(out, cell.integer, false);
    case CellKind::timestamptz:  // shifted to a zone, Z would be wrong; the header names the zone
      return write_timestamp(out, cell.integer, !zoned_);
    case CellKind::network: {
      Network network;
      std::memcpy(&network, cell.bytes, sizeof network);
      return write_network(out, network);
    }
    default:
      throw Error(ErrorCode::internal, "cell of unknown kind");
  }
}

void SheetWriter::write_value_text(SheetColumn& column, const Cell& cell) {
  const CellMarkup& markup = cell.kind == CellKind::network ? text_markup : code_markup;
  if (column.strings.given_up) {
    char* const value = start_cell(xml_.reserve(max_markup + max_value_text), column, markup);
    end_cell(put_value_text(value, cell), column, markup);
    return;
  }
  char text[max_value_text];
  const std::string_view written{text, static_cast<std::size_t>(put_value_text(text, cell) - text)};
  const std::uint32_t index = strings_.reference(column.strings, written);
  if (index != SharedStrings::none) {
    write_shared(column, index, shared_markup);
  } else {
    write_inline(column, written, markup);
  }
}

void SheetWriter::write_text(SheetColumn& column, std::string_view text) {
  if (text.size() > max_cell_units) {
    if (const std::size_t units = utf16_length(text); units > max_cell_units) throw_too_long(column, units);
  }
  std::uint32_t index = strings_.reference(column.strings, text);
  if (index == SharedStrings::none && text.size() <= short_text) {
    char* const value = start_cell(xml_.reserve(max_markup + short_text + escape_slack), column, text_markup);
    if (copy_plain_text(value, text)) {
      end_cell(value + text.size(), column, text_markup);
      return;
    }
  }
  // ExcelJS leaves escapes as they are in a cell's own string. Past the dictionary's bounds they stand there all the same:
  // Excel, LibreOffice and openpyxl undo them in both places.
  if (index == SharedStrings::none && has_xstring_escapes(text)) index = strings_.hold(text);
  if (index != SharedStrings::none) {
    write_shared(column, index, shared_markup);
  } else {
    write_inline(column, text, has_outer_space(text) ? spaced_markup : text_markup);
  }
}

void SheetWriter::write_title(SheetColumn& column) {
  const std::string_view title = column.title;
  const std::uint32_t index = has_xstring_escapes(title) ? strings_.hold(title) : SharedStrings::none;
  if (index != SharedStrings::none) {
    write_shared(column, index, shared_header_markup);
  } else {
    write_inline(column, title, has_outer_space(title) ? spaced_header_markup : header_markup);
  }
}

void SheetWriter::write_shared(SheetColumn& column, std::uint32_t index, const CellMarkup& markup) {
  char* out = start_cell(xml_.reserve(max_markup + max_value_text), column, markup);
  end_cell(write_integer(out, index), column, markup);
}

void SheetWriter::write_inline(SheetColumn& column, std::string_view text, const CellMarkup& markup) {
  const bool whole = text.size() <= short_text;
  char* out = xml_.reserve(max_markup + (whole ? max_escaped_byte * short_text + escape_slack : 0));
  out = start_cell(out, column, markup);
  if (whole) {
    const char* in = text.data();
    out = escape_text(out, in, in + text.size(), in + text.size());
  }
  end_cell(out, column, markup);
  if (!whole) append_escaped(xml_, text);
}

void SheetWriter::write_binary(SheetColumn& column, std::string_view bytes) {
  const std::size_t size = 2 + 2 * bytes.size();
  if (size > max_cell_units) throw_too_long(column, size);
  scratch_.resize(size);
  char* out = put(scratch_.data(), "\\x");
  write_hex(out, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  write_text(column, scratch_);
}

void SheetWriter::throw_too_long(const SheetColumn& column, std::size_t units) const {
  throw Error(ErrorCode::cell_too_long, "value is too long for an XLSX cell",
              "Row " + std::to_string(data_rows_) + ", column \"" + std::string(column.title) + "\": the value has " +
                  std::to_string(units) + " UTF-16 code units, a cell holds at most " + std::to_string(max_cell_units) +
                  ".",
              "Export this data as CSV or JSON.");
}

std::vector<std::uint16_t> SheetWriter::widths() const {
  std::vector<std::uint16_t> widths;
  widths.reserve(columns_.size());
  for (const SheetColumn& column : columns_) widths.push_back(column.width);
  return widths;
}

}  // namespace pg_takeout
