// How a file is to be written: the format and its options, as read from SQL.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace pg_takeout {

enum class Format { csv, json, jsonl, xlsx };

// Strings are valid UTF-8, in the memory context they were read in.
struct FormatOptions {
  Format format;
  bool excel;             // CSV dialect
  char delimiter;         // CSV
  bool header;            // CSV
  bool continues;         // CSV, not read from SQL: a part behind another
  const char* null_text;  // CSV
  bool pretty;            // JSON
  const char* sheet;      // XLSX; null where the caller is to name it
  const char* zone;       // XLSX; null is UTC
  bool about;             // XLSX
};

const char* format_name(Format format);

// Raises 22023 with the known formats.
Format format_of(const char* name);

// Defaults where `options` is null or silent. Raises 22023 for what the format does not know.
FormatOptions read_format_options(Format format, const Jsonb* options);

}  // namespace pg_takeout
