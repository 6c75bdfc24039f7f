#include "postgres.hpp"

#include "file_output.hpp"

extern "C" {
#include "storage/buffile.h"
}

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "../core/chunk_sink.hpp"
#include "../core/csv_writer.hpp"
#include "../core/json_writer.hpp"
#include "../core/xlsx_writer.hpp"
#include "boundary.hpp"
#include "compat.hpp"
#include "memory.hpp"
#include "result_budget.hpp"

namespace pg_takeout {

namespace {

// Small enough that a socket with the kernel's usual 208 kB takes one while its reader is still at the one before.
constexpr std::size_t chunk_bytes = 128 * 1024;
// A value's chunks are moved once into the result, so few and large ones are as good as one.
constexpr std::size_t value_first_chunk = 8 * 1024;
constexpr std::size_t value_largest_chunk = 128 * 1024 * 1024;

ChunkSink::Options sink_options(FileTarget target, uint64 max_bytes) {
  ChunkSink::Options options;
  options.stops = {&QueryCancelPending, &ProcDiePending};
  options.header = VARHDRSZ;
  if (target == FileTarget::stream) {
    options.first_chunk = options.largest_chunk = chunk_bytes;
  } else {
    options.first_chunk = value_first_chunk;
    options.largest_chunk = value_largest_chunk;
    options.max_bytes = max_bytes;
    options.reuses_chunks = false;
    options.page = moved_page;
  }
  return options;
}

// The core's objects of one file. Calls no PostgreSQL function but through ContextMemory.
class FileBuilder {
 public:
  FileBuilder(const FormatOptions& options, FileTarget target, uint64 max_bytes, MemoryContext context)
      : memory_(context), sink_(sink_options(target, max_bytes), &memory_) {
    switch (options.format) {
      case Format::csv:
        csv_.emplace(CsvOptions{options.excel, options.delimiter, options.header, options.continues, options.null_text},
                     sink_, &memory_);
        writer_ = &*csv_;
        break;
      case Format::json:
      case Format::jsonl:
        json_.emplace(JsonOptions{options.format == Format::jsonl, options.pretty}, sink_, &memory_);
        writer_ = &*json_;
        break;
      case Format::xlsx: {
        XlsxOptions xlsx;
        if (options.sheet != nullptr) xlsx.sheet = options.sheet;
        if (options.zone != nullptr) xlsx.zone = options.zone;
        xlsx.about = options.about;
        xlsx_.emplace(std::move(xlsx), sink_, &memory_);
        writer_ = &*xlsx_;
        break;
      }
    }
  }

  static std::vector<Column> columns_of(const ColumnReader* readers, const bool* identifiers, int count) {
    std::vector<Column> columns;
    for (int i = 0; i < count; ++i)
      if (readers[i].read != nullptr)
        columns.push_back({readers[i].name, readers[i].kind, identifiers != nullptr && identifiers[i]});
    return columns;
  }

  void begin(const ColumnReader* readers, const bool* identifiers, int count) {
    writer_->begin(columns_of(readers, identifiers, count));
  }

  void begin_sheet(const char* name, const ColumnReader* readers, const bool* identifiers, int count) {
    xlsx_->begin_sheet(name, columns_of(readers, identifiers, count));
  }

  void row(const Cell* cells, int count) { writer_->row({cells, static_cast<std::size_t>(count)}); }

  void end(const AboutEntry* about, int about_count, std::time_t created) {
    writer_->end();
    if (!xlsx_) return;
    std::vector<AboutLine> lines;
    for (int i = 0; i < about_count; ++i) lines.emplace_back(about[i].name, about[i].value);
    pieces_ = xlsx_->finish(lines, created);
  }

  [[nodiscard]] bool is_xlsx() const { return xlsx_.has_value(); }
  [[nodiscard]] ChunkSink& sink() { return sink_; }
  [[nodiscard]] const std::vector<FilePiece>& pieces() const { return pieces_; }
  [[nodiscard]] uint64 guarded_cells() const { return csv_ ? csv_->guarded_cells() : 0; }

 private:
  ContextMemory memory_;
  ChunkSink sink_;  // CSV and JSON: the file; XLSX: the spool
  std::optional<CsvWriter> csv_;
  std::optional<JsonWriter> json_;
  std::optional<XlsxWriter> xlsx_;
  Writer* writer_ = nullptr;
  std::vector<FilePiece> pieces_;  // XLSX, after end()
};

}  // namespace

struct FileOutput {
  FileBuilder* builder;
  MemoryContext context;
  FileTarget target;
  uint64 max_bytes;
  const char* size_hint;
  bool ended;

  ResultBudget* budget;  // value
  uint64 reserved;       // bytes of it

  bool chunk_is_out;  // CSV and JSON: the sink's first chunk was given to the caller
  uint64 streamed;    // bytes

  BufFile* spool;  // XLSX stream: temporary file of compressed sheets
  char* chunk;     // XLSX stream: room for the chunk to give
  size_t piece;    // XLSX: the piece that comes next, and how much of it is done
  uint64 piece_done;
};

namespace {

// As run_core(), and names the way on when a result gets too large.
template <typename Call>
void run_for(FileOutput* file, Call&& call) {
  CaughtError caught;
  try {
    call();
    return;
  } catch (...) {
    describe_current_exception(&caught);
  }
  if (caught.too_many_bytes && file->size_hint != nullptr) strlcpy(caught.hint, file->size_hint, sizeof caught.hint);
  raise_caught(&caught);
}

// Moves full chunks of compressed sheets, or all of them, to the temporary file.
void spool_chunks(FileOutput* file, bool all) {
  ChunkSink* sink = &file->builder->sink();
  while (all ? sink->size() > 0 : sink->has_full_chunk()) {
    const ChunkSink::Chunk chunk = sink->first_chunk();
    BufFileWrite(file->spool, chunk.data, chunk.size);
    sink->release_first();
  }
}

// Bytes of the spool. The core lays sheets out in the order they were written, so the temporary file is read on.
void read_spool(FileOutput* file, uint64 offset, char* target, size_t size) {
  if (file->spool == nullptr) {
    file->builder->sink().copy_range(offset, size, target);
  } else if (BufFileRead(file->spool, target, size) != size) {
    ereport(ERROR, (errcode_for_file_access(), errmsg("could not read from temporary file of an export: %m")));
  }
}

// Takes a value's memory from the budget that all results share, ahead of its growth, so that few rows have to.
void reserve_memory(FileOutput* file, uint64 size) {
  if (file->budget == nullptr || size <= file->reserved) return;
  const uint64 ahead = std::clamp<uint64>(size / 4, value_first_chunk, chunk_bytes);
  reserve(file->budget, size + ahead);
  file->reserved = size + ahead;
}

uint64 length_of(const FilePiece& piece) { return piece.spool_length > 0 ? piece.spool_length : piece.bytes.size(); }

// Fills `target` with up to `size` bytes of an XLSX file, from where the last call stopped.
size_t take_pieces(FileOutput* file, char* target, size_t size) {
  size_t filled = 0;
  while (filled < size && file->piece < file->builder->pieces().size()) {
    const FilePiece* piece = &file->builder->pieces()[file->piece];
    const auto part = static_cast<size_t>(std::min<uint64>(size - filled, length_of(*piece) - file->piece_done));
    if (piece->spool_length > 0)
      read_spool(file, piece->spool_offset + file->piece_done, target + filled, part);
    else
      memcpy(target + filled, piece->bytes.data() + file->piece_done, part);
    filled += part;
    file->piece_done += part;
    if (file->piece_done == length_of(*piece)) {
      ++file->piece;
      file->piece_done = 0;
    }
    CHECK_FOR_INTERRUPTS();
  }
  return filled;
}

bytea* next_xlsx_chunk(FileOutput* file) {
  if (!file->ended) return nullptr;
  if (file->chunk == nullptr) file->chunk = static_cast<char*>(MemoryContextAlloc(file->context, chunk_bytes));
  const size_t size = take_pieces(file, file->chunk + VARHDRSZ, chunk_bytes - VARHDRSZ);
  if (size == 0) return nullptr;
  file->streamed += size;
  SET_VARSIZE(file->chunk, size + VARHDRSZ);
  return reinterpret_cast<bytea*>(file->chunk);
}

uint64 file_size(const FileOutput* file) {
  if (!file->builder->is_xlsx()) return file->builder->sink().size();
  uint64 size = 0;
  for (const FilePiece& piece : file->builder->pieces()) size += length_of(piece);
  return size;
}

// Moves all chunks to `target`.
void take_chunks(FileOutput* file, char* target) {
  ChunkSink* sink = &file->builder->sink();
  while (sink->size() > 0) {
    const ChunkSink::Chunk chunk = sink->first_chunk();
    move_bytes(target, chunk.data, chunk.size);
    target += chunk.size;
    sink->release_first();
    CHECK_FOR_INTERRUPTS();
  }
}

void check_value_size(const FileOutput* file, uint64 size) {
  if (size > file->max_bytes)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("result of " UINT64_FORMAT " bytes is larger than the limit of " UINT64_FORMAT " bytes",
                           size, file->max_bytes),
                    file->size_hint != nullptr ? errhint("%s", file->size_hint) : 0));
}

}  // namespace

FileOutput* open_file(const FormatOptions* options, FileTarget target, uint64 max_bytes, const char* size_hint,
                      MemoryContext context) {
  auto* file = static_cast<FileOutput*>(MemoryContextAllocZero(context, sizeof(FileOutput)));
  file->context = context;
  file->target = target;
  file->max_bytes = max_bytes;
  file->size_hint = size_hint;
  if (target == FileTarget::value) file->budget = open_budget(context);

  auto* slot = make_slot<FileBuilder>(context);
  run_core([&] { file->builder = slot->construct(*options, target, max_bytes, context); });
  if (options->format == Format::xlsx && target == FileTarget::stream) {
    const MemoryContext previous = MemoryContextSwitchTo(context);
    file->spool = BufFileCreateTemp(false);
    MemoryContextSwitchTo(previous);
  }
  return file;
}

void begin_file(FileOutput* file, const ColumnReader* readers, const bool* identifiers, int count) {
  run_for(file, [=] { file->builder->begin(readers, identifiers, count); });
}

void begin_sheet(FileOutput* file, const char* name, const ColumnReader* readers, const bool* identifiers, int count) {
  run_for(file, [=] { file->builder->begin_sheet(name, readers, identifiers, count); });
}

void write_row(FileOutput* file, const Cell* cells, int count) {
  run_for(file, [=] { file->builder->row(cells, count); });
  reserve_memory(file, file->builder->sink().size());
  if (file->spool != nullptr && file->builder->sink().has_full_chunk()) spool_chunks(file, false);
}

bool has_full_chunk(const FileOutput* file) {
  return file->target == FileTarget::stream && !file->builder->is_xlsx() && file->builder->sink().has_full_chunk();
}

void end_file(FileOutput* file, const AboutEntry* about, int about_count, TimestampTz created) {
  run_for(file, [=] { file->builder->end(about, about_count, timestamptz_to_time_t(created)); });
  file->ended = true;
  const uint64 guarded = file->builder->guarded_cells();
  if (guarded > 0)
    ereport(NOTICE,
            (errmsg_plural(UINT64_FORMAT " cell was guarded against being run as a formula",
                           UINT64_FORMAT " cells were guarded against being run as formulas", guarded, guarded)));
  if (file->spool == nullptr) return;
  spool_chunks(file, true);
  if (BufFileSeek(file->spool, 0, 0, SEEK_SET) != 0)
    ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind temporary file of an export: %m")));
}

bytea* next_chunk(FileOutput* file) {
  if (file->builder->is_xlsx()) return next_xlsx_chunk(file);

  ChunkSink* sink = &file->builder->sink();
  if (file->chunk_is_out) sink->release_first();
  file->chunk_is_out = file->ended ? sink->size() > 0 : sink->has_full_chunk();
  if (!file->chunk_is_out) return nullptr;
  const ChunkSink::Chunk chunk = sink->first_chunk();
  file->streamed += chunk.size;
  SET_VARSIZE(chunk.memory, chunk.size + VARHDRSZ);
  return reinterpret_cast<bytea*>(chunk.memory);
}

bool is_spent(const FileOutput* file) {
  if (!file->ended) return false;
  if (file->builder->is_xlsx()) return file->piece == file->builder->pieces().size();
  const ChunkSink& sink = file->builder->sink();
  return sink.size() == (file->chunk_is_out ? sink.first_chunk().size : 0);
}

bytea* file_value(FileOutput* file) {
  const uint64 size = file_size(file);
  check_value_size(file, size);
  // An XLSX file is put together beside its sheets; of the others no byte is there twice.
  reserve_memory(file, file->builder->is_xlsx() ? file->builder->sink().size() + size : size);
  auto* value = static_cast<bytea*>(allocate_large(CurrentMemoryContext, size + VARHDRSZ, 0));
  SET_VARSIZE(value, size + VARHDRSZ);
  if (file->builder->is_xlsx())
    take_pieces(file, VARDATA(value), size);
  else
    take_chunks(file, VARDATA(value));
  hand_over(file->budget, size, CurrentMemoryContext);
  return value;
}

void close_file(FileOutput* file) {
  if (file->spool != nullptr) BufFileClose(file->spool);
  file->spool = nullptr;
}

uint64 streamed_bytes(const FileOutput* file) { return file->streamed; }

}  // namespace pg_takeout
