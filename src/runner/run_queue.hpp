// The runs of schedules, as the server keeps them: claims, leases and outcomes by the functions of takeout.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "export_statement.hpp"
#include "file_export.hpp"

namespace pg_takeout {

// A run that this runner has, as long as it renews the lease. The times are PostgreSQL's text.
struct Run {
  std::string id;
  std::string token;
  std::string schedule;
  std::string due;
  ExportCall call;
  std::string destination;
  std::string file;
  Compression compression = Compression::none;
  bool checksum = false;
  std::chrono::seconds timeout{0};
  std::string state;  // running; else it cannot be made, and has been put off or ended because of the error
  std::string error;
};

struct ExpiredFile {
  std::string run;
  std::string destination;
  std::string file;
  bool checksum = false;
};

// All of these throw what Connection::query throws.
class RunQueue {
 public:
  // destinations: those that this runner has.
  RunQueue(Connection& connection, std::string runner, const std::vector<std::string>& destinations,
           std::chrono::seconds lease);

  [[nodiscard]] std::optional<Run> claim();
  // These return false where the run is somebody else's by now.
  [[nodiscard]] bool renew(const Run& run);
  bool finish(const Run& run, const ExportedFile& file, std::optional<std::string> row_count);
  bool release(const Run& run);
  // "retrying" or "failed", empty where the run is somebody else's by now.
  std::string fail(const Run& run, const std::string& sqlstate, const std::string& reason);

  // Until something may be there to claim; nullopt where nothing is scheduled.
  [[nodiscard]] std::optional<std::chrono::milliseconds> next_wakeup();

  // destinations: those whose files can be removed.
  [[nodiscard]] std::vector<ExpiredFile> expired_files(const std::vector<std::string>& destinations);
  void forget_file(const ExpiredFile& file);

 private:
  Connection& connection_;
  std::string runner_;
  std::string destinations_;  // an array's text
  std::string lease_;
};

}  // namespace pg_takeout
