// One export into one file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "compression.hpp"
#include "export_statement.hpp"
#include "output.hpp"

namespace pg_takeout {

struct ExportedFile {
  std::uint64_t exported_bytes = 0;  // as the server sent them
  std::uint64_t file_bytes = 0;      // after compression
  std::string sha256;                // of the file; empty unless asked for
};

struct FileFrame {
  Compression compression = Compression::none;
  bool sha256 = false;
};

// Runs the export and finishes the output. `tick` gets the bytes that the server has sent so far.
ExportedFile export_file(const ExportCall& call, Connection& connection, const FileFrame& frame,
                         std::unique_ptr<Output> output, const std::function<void(std::uint64_t)>& tick);

}  // namespace pg_takeout
