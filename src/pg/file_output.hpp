// One file under construction: cells go in, bytes come out as one bytea or as a stream of chunks of about 128 kB.
// Backend memory and temporary files here, formats in the core.
#pragma once

#include "postgres.hpp"

#include "../core/cell.hpp"
#include "column_reader.hpp"
#include "format_options.hpp"

namespace pg_takeout {

struct FileOutput;

enum class FileTarget {
  value,   // one bytea, held in memory, at most max_bytes
  stream,  // chunks; what an XLSX file must keep back goes to a temporary file
};

// A line of an XLSX file's About sheet, valid UTF-8.
struct AboutEntry {
  const char* name;
  const char* value;
};

// Lives in `context`, and what it holds goes with it. size_hint: the way on when a value would be larger than max_bytes.
FileOutput* open_file(const FormatOptions* options, FileTarget target, uint64 max_bytes, const char* size_hint,
                      MemoryContext context);

// Starts the file with the columns that `readers` read (those without a read function are left out).
void begin_file(FileOutput* file, const ColumnReader* readers, const bool* identifiers, int count);
// XLSX: starts a further sheet.
void begin_sheet(FileOutput* file, const char* name, const ColumnReader* readers, const bool* identifiers, int count);

// As many cells as the columns begun.
void write_row(FileOutput* file, const Cell* cells, int count);

// True when a stream has a chunk to be taken.
bool has_full_chunk(const FileOutput* file);

// A NOTICE says how many cells the excel dialect of CSV guarded against being run as formulas.
void end_file(FileOutput* file, const AboutEntry* about, int about_count, TimestampTz created);

// Stream: the next chunk, or null after the last of an ended file (or when no chunk is full yet). It stays valid until
// the next call.
bytea* next_chunk(FileOutput* file);

// Value: the whole ended file, in CurrentMemoryContext. Once: the file is empty afterwards.
bytea* file_value(FileOutput* file);

// Closes the temporary file. Memory goes with the context; after an error, so does all else.
void close_file(FileOutput* file);

// Stream: whether the file has ended and the chunk that next_chunk() gave last was its last.
bool is_spent(const FileOutput* file);

// Bytes given to the caller so far by next_chunk().
uint64 streamed_bytes(const FileOutput* file);

}  // namespace pg_takeout
