#include "run_command.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>

#include "configuration.hpp"
#include "failure.hpp"
#include "runner.hpp"
#include "supervisor.hpp"

namespace pg_takeout {

namespace {

struct RunOptions {
  std::string configuration;
  std::string server;
  bool once = false;
};

constexpr const char* examples = R"(takeout.toml says which servers there are and where files may go:
  [server.crm]
  connection = "service=crm"
  [destination.reports]
  directory = "/srv/reports"

Examples:
  takeout run                      goes on until SIGTERM
  takeout run --once               what is due now, for cron and CI; exit code 1 if a run did not succeed
  takeout run --server crm         one of several servers in takeout.toml; without it, all of them)";

std::vector<std::string> names_of(const Configuration& configuration) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : configuration.servers) names.push_back(name);
  return names;
}

const ServerEntry& chosen_server(const Configuration& configuration, const std::string& name) {
  static const ServerEntry by_environment;
  if (configuration.servers.empty() && name.empty()) return by_environment;
  if (name.empty()) return configuration.servers.begin()->second;
  const auto found = configuration.servers.find(name);
  if (found != configuration.servers.end()) return found->second;
  std::string names;
  for (const std::string& known : names_of(configuration)) names += (names.empty() ? "" : ", ") + known;
  throw Failure(ExitCode::usage, "takeout.toml has no server \"" + name + "\"",
                names.empty() ? "It has none." : "Its servers are: " + names + ".");
}

// The journal has times of its own.
void set_up_log(const std::string& server) {
  std::string pattern = getenv("JOURNAL_STREAM") != nullptr ? "%l: " : "%Y-%m-%d %H:%M:%S %l: ";
  for (const char letter : server) pattern += letter == '%' ? "%%" : std::string(1, letter);
  spdlog::set_default_logger(spdlog::stderr_color_mt("takeout " + server));
  spdlog::set_pattern(pattern + (server.empty() ? "%v" : ": %v"));
}

int run(const RunOptions& options) {
  const Configuration configuration = read_configuration(configuration_path(options.configuration));
  std::string name = options.server;
  set_up_log("");
  if (name.empty() && configuration.servers.size() > 1) {
    const Supervised supervised = supervise(names_of(configuration), options.once);
    if (supervised.server.empty()) return supervised.status;
    name = supervised.server;
    set_up_log(name);
  }
  const ServerEntry& server = chosen_server(configuration, name);
  Interrupts interrupts;
  Runner runner(configuration, server, interrupts);
  if (options.once) return runner.run_due() == 0 ? 0 : static_cast<int>(ExitCode::failed);
  try {
    runner.run_forever();
  } catch (const Interrupted& interrupted) {
    if (interrupted.signal() == SIGPIPE)
      throw Failure(ExitCode::not_delivered, "nobody reads standard output any more");
    spdlog::info("ended by a signal");
  }
  return 0;
}

}  // namespace

void add_run_command(CLI::App& program, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App& command = *program.add_subcommand("run", "Run schedules when they are due");
  command.footer(examples);
  command.add_option("-c,--config", options->configuration,
                     "takeout.toml; else $TAKEOUT_CONFIG, else /etc/takeout/takeout.toml");
  command.add_option("--server", options->server, "Which of its servers (all)");
  command.add_flag("--once", options->once, "Run what is due now, and end");
  command.callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace pg_takeout
