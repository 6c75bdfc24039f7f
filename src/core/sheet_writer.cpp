#include "sheet_writer.hpp"

#include <algorithm>
#include <cstring>

#include "error.hpp"
#include "hex_text.hpp"
#include "sheet_text.hpp"
#include "sheet_value.hpp"
#include "sheet_width.hpp"
#include "value_text.hpp"

namespace pg_takeout {

// Markup that is copied at its full size, of which `length` bytes count.
template <std::size_t size>
struct Markup {
  std::array<char, size> bytes{};
  std::uint8_t length = 0;

  constexpr explicit Markup(std::string_view text) : length(static_cast<std::uint8_t>(text.size())) {
    std::copy(text.begin(), text.end(), bytes.begin());
  }
};

// What stands around a value of one type.
struct CellMarkup {
  std::uint8_t type;
  bool search;  // values are text, of which parts may repeat
  Markup<64> opening;
  Markup<16> closing;

  constexpr CellMarkup(std::uint8_t given_type, bool is_text, std::string_view open, std::string_view close)
      : type(given_type), search(is_text), opening(open), closing(close) {}
};

namespace {

constexpr std::string_view reference_start = "<c r=\"";
constexpr std::string_view text_close = "</t></is></c>";
constexpr std::string_view value_close = "</v></c>";
constexpr CellMarkup number_markup{0, false, "\"><v>", value_close};
constexpr CellMarkup boolean_markup{1, false, "\" t=\"b\"><v>", value_close};
constexpr CellMarkup date_markup{2, false, "\" s=\"2\"><v>", value_close};
constexpr CellMarkup timestamp_markup{3, false, "\" s=\"3\"><v>", value_close};
constexpr CellMarkup time_markup{4, false, "\" s=\"4\"><v>", value_close};
constexpr CellMarkup shared_markup{5, false, "\" t=\"s\"><v>", value_close};
constexpr CellMarkup text_markup{6, true, "\" t=\"inlineStr\"><is><t>", text_close};
constexpr CellMarkup code_markup{6, false, "\" t=\"inlineStr\"><is><t>", text_close};  // digits, of which none repeat
constexpr CellMarkup spaced_markup{7, true, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", text_close};
constexpr CellMarkup header_markup{8, true, "\" s=\"1\" t=\"inlineStr\"><is><t>", text_close};
constexpr CellMarkup spaced_header_markup{9, true, "\" s=\"1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">",
                                          text_close};
constexpr CellMarkup shared_header_markup{10, false, "\" s=\"1\" t=\"s\"><v>", value_close};

constexpr std::size_t max_markup = 256;       // bytes from one value to the next
constexpr std::size_t short_text = 1024;      // bytes of text written under one reserve()
constexpr std::uint32_t sampled_rows = 200;   // rows whose lengths set the columns' widths

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

const CellMarkup& number_markup_of(CellKind kind) {
  switch (kind) {
    case CellKind::date:
      return date_markup;
    case CellKind::timestamp:
    case CellKind::timestamptz:
      return timestamp_markup;
    case CellKind::time:
      return time_markup;
    default:
      return number_markup;
  }
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
  held_length_ = 0;
}

void SheetWriter::end_sheet() {
  xml_.append({held_.data(), held_length_});
  held_length_ = 0;
}

void SheetWriter::hold_back(std::string_view markup) {
  if (held_length_ + markup.size() > held_.size()) end_sheet();  // rows without cells
  put(held_.data() + held_length_, markup);
  held_length_ += markup.size();
}

void SheetWriter::start_row() {
  ++rows_;
  std::size_t i = row_digits_length_;
  while (i > 0 && row_digits_[i - 1] == '9') row_digits_[--i] = '0';
  if (i > 0) {
    ++row_digits_[i - 1];
  } else {  // 99 to 100: all digits are zeros now
    row_digits_[row_digits_length_++] = '0';
    row_digits_[0] = '1';
  }
  hold_back("<row r=\"");
  hold_back({row_digits_.data(), row_digits_length_});
  hold_back("\">");
}

// Writes what was held back and a cell's markup up to its value.
char* SheetWriter::start_cell(char* out, const SheetColumn& column, const CellMarkup& markup) {
  const char* const start = out;
  const auto written = [&] { return static_cast<std::uint8_t>(out - start); };
  std::memcpy(out, held_.data(), held_.size());
  out += held_length_;
  CellMark mark;
  mark.start = start;
  mark.digits = static_cast<std::uint8_t>(written() + column.open_length);
  mark.letters = static_cast<std::uint8_t>(written() + reference_start.size());
  std::memcpy(out, column.open.data(), column.open.size());
  out += column.open_length;
  std::memcpy(out, row_digits_.data(), row_digits_.size());
  out += row_digits_length_;
  mark.digits_end = written();
  std::memcpy(out, markup.opening.bytes.data(), markup.opening.bytes.size());
  out += markup.opening.length;
  mark.value = written();
  mark.column = column.index;
  mark.type = markup.type;
  mark.search = markup.search;
  if (deflater_ != nullptr) deflater_->mark(mark);
  std::memcpy(held_.data(), markup.closing.bytes.data(), markup.closing.bytes.size());
  held_length_ = markup.closing.length;
  return out;
}

void SheetWriter::write_header() {
  start_row();
  for (SheetColumn& column : columns_) {
    const std::uint32_t index = hold_if_escaped(column.title);
    if (index != SharedStrings::none) {
      write_shared(column, index, shared_header_markup);
    } else {
      write_inline(column, column.title, has_outer_space(column.title) ? spaced_header_markup : header_markup);
    }
    column.width = std::max(column.width, displayed_width(column.title));
  }
  hold_back("</row>");
}

void SheetWriter::write_row(std::span<const Cell> cells) {
  ++data_rows_;
  start_row();
  for (std::size_t i = 0; i < cells.size(); ++i) write_cell(columns_[i], cells[i]);
  hold_back("</row>");
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
      xml_.commit(out);
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
  if (!column.identifier || !is_quantity(cell.kind)) {
    char value[max_sheet_value];
    const char* const end = write_as_number(value, cell);
    if (end != nullptr) {
      char* out = start_cell(xml_.reserve(max_markup + max_sheet_value), column, number_markup_of(cell.kind));
      std::memcpy(out, value, sizeof value);
      xml_.commit(out + (end - value));
      return;
    }
  }
  write_value_text(column, cell);
}

void SheetWriter::write_value_text(SheetColumn& column, const Cell& cell) {
  char text[max_value_text];
  char* end = text;
  switch (cell.kind) {
    case CellKind::integer:
      end = write_integer(text, cell.integer);
      break;
    case CellKind::float4:
      end = write_float4(text, static_cast<float>(cell.number));
      break;
    case CellKind::float8:
      end = write_float8(text, cell.number);
      break;
    case CellKind::decimal:
      write_text(column, cell.view());
      return;
    case CellKind::uuid:
      end = write_uuid(text, reinterpret_cast<const unsigned char*>(cell.bytes));
      break;
    case CellKind::date:
      end = write_date(text, cell.integer);
      break;
    case CellKind::time:
      end = write_time(text, cell.integer);
      break;
    case CellKind::timestamp:
      end = write_timestamp(text, cell.integer, false);
      break;
    case CellKind::timestamptz:  // shifted to a zone, Z would be wrong; the header names the zone
      end = write_timestamp(text, cell.integer, !zoned_);
      break;
    case CellKind::network: {
      Network network;
      std::memcpy(&network, cell.bytes, sizeof network);
      end = write_network(text, network);
      break;
    }
    default:
      throw Error(ErrorCode::internal, "cell of unknown kind");
  }
  const std::string_view written{text, static_cast<std::size_t>(end - text)};
  const std::uint32_t index = strings_.reference(column.strings, written);
  if (index != SharedStrings::none) {
    write_shared(column, index, shared_markup);
  } else {
    write_inline(column, written, cell.kind == CellKind::network ? text_markup : code_markup);
  }
}

void SheetWriter::write_text(SheetColumn& column, std::string_view text) {
  if (text.size() > max_cell_units) {
    if (const std::size_t units = utf16_length(text); units > max_cell_units) throw_too_long(column, units);
  }
  std::uint32_t index = strings_.reference(column.strings, text);
  if (index == SharedStrings::none) index = hold_if_escaped(text);
  if (index != SharedStrings::none) {
    write_shared(column, index, shared_markup);
  } else {
    write_inline(column, text, has_outer_space(text) ? spaced_markup : text_markup);
  }
}

// ExcelJS leaves escapes as they are in a cell's own string. Past the dictionary's bounds they stand there all the same:
// Excel, LibreOffice and openpyxl undo them in both places.
std::uint32_t SheetWriter::hold_if_escaped(std::string_view text) {
  return has_xstring_escapes(text) ? strings_.hold(text) : SharedStrings::none;
}

void SheetWriter::write_shared(const SheetColumn& column, std::uint32_t index, const CellMarkup& markup) {
  char* out = start_cell(xml_.reserve(max_markup + max_value_text), column, markup);
  xml_.commit(write_integer(out, index));
}

void SheetWriter::write_inline(const SheetColumn& column, std::string_view text, const CellMarkup& markup) {
  const bool whole = text.size() <= short_text;
  char* out = xml_.reserve(max_markup + (whole ? max_escaped_byte * short_text + escape_slack : 0));
  out = start_cell(out, column, markup);
  if (whole) {
    const char* in = text.data();
    out = escape_text(out, in, in + text.size(), in + text.size());
  }
  xml_.commit(out);
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
                  std::to_string(units) + " UTF-16 code units, a cell holds at most " +
                  std::to_string(max_cell_units) + ".",
              "Export this data as CSV or JSON.");
}

std::vector<std::uint16_t> SheetWriter::widths() const {
  std::vector<std::uint16_t> widths;
  widths.reserve(columns_.size());
  for (const SheetColumn& column : columns_) widths.push_back(column.width);
  return widths;
}

}  // namespace pg_takeout
