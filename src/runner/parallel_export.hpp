// One export into one file, by several connections at the same time.
#pragma once

#include "file_export.hpp"
#include "server_address.hpp"

namespace pg_takeout {

struct ParallelExport {
  int jobs;                                // connections, the leader among them
  const ConnectionParameters& parameters;  // of the other ones
  Interrupts& interrupts;
  std::string spool_directory;  // where parts wait for those before them
};

// The file is that of export_file(), byte for byte; compressed, each part is compressed by itself, one behind the other.
// Runs under one snapshot, as one request. A failure of one part, or a signal, ends them all. Throws also Failure (usage) for
// a format that is not made in parts.
ExportedFile export_file_in_parts(const ExportCall& call, Connection& leader, const ParallelExport& how,
                                  const FileFrame& frame, std::unique_ptr<Output> output,
                                  const std::function<void(std::uint64_t)>& tick);

}  // namespace pg_takeout
