#include "xlsx_writer.hpp"

#include <algorithm>

#include "deflater.hpp"
#include "error.hpp"
#include "shared_strings.hpp"
#include "sheet_deflater.hpp"
#include "sheet_name.hpp"
#include "sheet_writer.hpp"
#include "xlsx_frame.hpp"
#include "zip_layout.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t chunk = 64 * 1024;

// Small compressed parts, kept as a string.
class StringSink final : public Sink {
 public:
  [[nodiscard]] std::string take() {
    bytes_.resize(used());
    position_ = nullptr;
    limit_ = nullptr;
    return std::move(bytes_);
  }

 private:
  [[nodiscard]] std::size_t used() const {
    return position_ == nullptr ? 0 : static_cast<std::size_t>(position_ - bytes_.data());
  }

  void make_room(std::size_t size) override {
    const std::size_t written = used();
    bytes_.resize(std::max(written + size, std::max(2 * bytes_.size(), chunk)));
    position_ = bytes_.data() + written;
    limit_ = bytes_.data() + bytes_.size();
  }

  std::string bytes_;
};

// What is kept of a sheet once its rows are compressed.
struct FinishedSheet {
  FrameSheet frame;
  DeflatedPart rows;
  std::vector<FilePiece> data;
};

}  // namespace

struct XlsxWriter::State {
  State(XlsxOptions given, Sink& spool_sink, std::pmr::memory_resource* given_memory)
      : options(std::move(given)),
        spool(spool_sink),
        memory(given_memory),
        strings(given_memory),
        rows(given_memory),
        sheet(rows, &rows, strings, given_memory) {}

  void start_table(std::string_view name, std::span<const Column> columns);
  void start_sheet();
  void end_sheet();
  void write_about(std::span<const AboutLine> lines);
  void add_entry(ZipLayout& zip, Deflater& deflater, const FramePart& part);
  void add_shared_strings(ZipLayout& zip, Deflater& deflater);
  [[nodiscard]] std::vector<std::string> names() const;

  XlsxOptions options;
  Sink& spool;
  std::pmr::memory_resource* memory;
  SharedStrings strings;
  SheetDeflater rows;
  SheetWriter sheet;
  std::vector<FinishedSheet> sheets;
  std::uint64_t spooled = 0;  // bytes
  bool open = false;          // a sheet is being written
  std::string table_name;     // as the caller gave it
  std::uint32_t table_sheets = 0;
  std::string sheet_name;
};

std::vector<std::string> XlsxWriter::State::names() const {
  std::vector<std::string> names;
  for (const FinishedSheet& sheet : sheets) names.push_back(sheet.frame.name);
  return names;
}

void XlsxWriter::State::start_table(std::string_view name, std::span<const Column> columns) {
  if (open) end_sheet();
  sheet.set_columns(columns, options.zone);
  table_name = name;
  table_sheets = 0;
  start_sheet();
}

void XlsxWriter::State::start_sheet() {
  ++table_sheets;
  sheet_name = make_sheet_name(table_name, table_sheets, names());
  rows.start(spool, sheet.columns());
  sheet.start_sheet();
  sheet.write_header();
  open = true;
}

void XlsxWriter::State::end_sheet() {
  FinishedSheet finished;
  finished.frame = {sheet_name, sheet.rows(), sheet.widths(), true};
  sheet.end_sheet();
  finished.rows = rows.finish();
  finished.data.push_back({{}, spooled, finished.rows.compressed_size});
  spooled += finished.rows.compressed_size;
  sheets.push_back(std::move(finished));
  open = false;
}

void XlsxWriter::State::write_about(std::span<const AboutLine> lines) {
  const Column columns[] = {{"Name"}, {"Value"}};
  sheet.set_columns(columns, {});
  StringSink bytes;
  rows.start(bytes, sheet.columns());
  sheet.start_sheet();
  for (const auto& [name, value] : lines) {
    const Cell cells[] = {Cell::of_bytes(CellKind::text, name.data(), name.size()),
                          Cell::of_bytes(CellKind::text, value.data(), value.size())};
    sheet.write_row(cells);
  }
  FinishedSheet finished;
  finished.frame = {make_sheet_name("About", 1, names()), sheet.rows(), sheet.widths(), false};
  sheet.end_sheet();
  finished.rows = rows.finish();
  finished.data.push_back({bytes.take()});
  sheets.push_back(std::move(finished));
}

void XlsxWriter::State::add_entry(ZipLayout& zip, Deflater& deflater, const FramePart& part) {
  const auto compress = [&deflater](std::string_view bytes, Deflater::Ending ending, FilePiece& piece) {
    StringSink sink;
    deflater.start(sink);
    deflater.append(bytes);
    const DeflatedPart deflated = deflater.finish(ending);
    piece.bytes = sink.take();
    return deflated;
  };
  if (part.sheet == no_sheet) {
    FilePiece piece;
    const DeflatedPart deflated = compress(part.content, Deflater::Ending::final, piece);
    zip.add(part.name, deflated, {std::move(piece)});
    return;
  }
  FinishedSheet& finished = sheets[part.sheet];
  FilePiece before;
  FilePiece after;
  DeflatedPart whole = compress(part.content, Deflater::Ending::open, before);
  whole = join_parts(whole, finished.rows);
  whole = join_parts(whole, compress(part.rest, Deflater::Ending::final, after));
  std::vector<FilePiece> data;
  data.push_back(std::move(before));
  for (FilePiece& piece : finished.data) data.push_back(std::move(piece));
  data.push_back(std::move(after));
  zip.add(part.name, whole, std::move(data));
}

void XlsxWriter::State::add_shared_strings(ZipLayout& zip, Deflater& deflater) {
  StringSink sink;
  deflater.start(sink);
  strings.write_part(deflater);
  const DeflatedPart deflated = deflater.finish(Deflater::Ending::final);
  zip.add("xl/sharedStrings.xml", deflated, {FilePiece{sink.take()}});
}

XlsxWriter::XlsxWriter(XlsxOptions options, Sink& spool, std::pmr::memory_resource* memory)
    : state_(std::make_unique<State>(std::move(options), spool, memory)) {}

XlsxWriter::~XlsxWriter() = default;

void XlsxWriter::begin(std::span<const Column> columns) { state_->start_table(state_->options.sheet, columns); }

void XlsxWriter::begin_sheet(std::string_view name, std::span<const Column> columns) {
  state_->start_table(name, columns);
}

void XlsxWriter::row(std::span<const Cell> cells) {
  if (state_->sheet.rows() >= state_->options.sheet_rows) {
    state_->end_sheet();
    state_->start_sheet();
  }
  state_->sheet.write_row(cells);
}

void XlsxWriter::end() {
  if (state_->open) state_->end_sheet();
}

std::vector<FilePiece> XlsxWriter::finish(std::span<const AboutLine> about, std::time_t created) {
  State& state = *state_;
  if (state.sheets.empty() || state.open) throw Error(ErrorCode::internal, "workbook finished before its sheets");
  if (state.options.about) state.write_about(about);
  std::vector<FrameSheet> frames;
  for (const FinishedSheet& sheet : state.sheets) frames.push_back(sheet.frame);
  const bool shared = state.strings.size() > 0;
  ZipLayout zip(created);
  Deflater deflater(state.memory);
  for (const FramePart& part : build_frame(frames, created, shared)) state.add_entry(zip, deflater, part);
  if (shared) state.add_shared_strings(zip, deflater);
  return zip.finish();
}

}  // namespace pg_takeout
