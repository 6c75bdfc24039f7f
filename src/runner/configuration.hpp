// takeout.toml: which servers a runner serves, and where files may go. docs/runner.md explains it for users.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace pg_takeout {

enum class DestinationKind { directory, command, standard_output };

struct Destination {
  DestinationKind kind = DestinationKind::directory;
  std::string directory;
  unsigned mode = 0600;              // of files in the directory
  std::vector<std::string> command;  // program and arguments, no shell; {file} stands for the file's name
};

struct ServerEntry {
  std::string connection;  // where schedules are and, unless told otherwise, data
  std::string read_from;   // such as a standby; empty: the same
};

struct Configuration {
  std::map<std::string, ServerEntry> servers;
  std::map<std::string, Destination> destinations;
  std::vector<std::string> on_success;  // commands, as those of destinations
  std::vector<std::string> on_failure;
  std::string spool = "/var/tmp";  // where files for commands are made
  std::chrono::seconds lease{60};
  std::chrono::seconds poll{30};
};

// Throws Failure (usage), also where the file holds a password and others may read it.
[[nodiscard]] Configuration read_configuration(const std::string& path);

// The path that is given, else that of the environment variable TAKEOUT_CONFIG, else /etc/takeout/takeout.toml.
[[nodiscard]] std::string configuration_path(const std::string& given);

}  // namespace pg_takeout
