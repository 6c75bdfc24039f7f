// The program takeout: reads its command line, runs one command, ends with an exit code.
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "export_command.hpp"
#include "failure.hpp"
#include "interrupts.hpp"
#include "json_object.hpp"
#include "run_command.hpp"
#include "schedule_commands.hpp"

namespace pg_takeout {

namespace {

std::string version_text() {
  const int libpq = PQlibVersion();
  return std::string("takeout ") + TAKEOUT_VERSION + " (libpq " + std::to_string(libpq / 10000) + "." +
         std::to_string(libpq % 10000) + ")";
}

void tell(const Failure& failure) {
  std::fprintf(stderr, "takeout: %s\n", failure.what());
  if (!failure.detail().empty()) std::fprintf(stderr, "DETAIL: %s\n", failure.detail().c_str());
  if (!failure.hint().empty()) std::fprintf(stderr, "HINT: %s\n", failure.hint().c_str());
}

void tell_as_json(const Failure& failure) {
  JsonObject error;
  error.add("message", failure.what());
  if (!failure.sqlstate().empty()) error.add("sqlstate", failure.sqlstate());
  if (!failure.detail().empty()) error.add("detail", failure.detail());
  if (!failure.hint().empty()) error.add("hint", failure.hint());
  JsonObject object;
  object.add_raw("error", error.text()).add("exit_code", static_cast<int>(failure.code()));
  std::fprintf(stderr, "%s\n", object.text().c_str());
}

int run(const Action& action, bool json) {
  try {
    return action();
  } catch (const Interrupted& interrupted) {
    end_by_signal(interrupted.signal());
  } catch (const Failure& failure) {
    json ? tell_as_json(failure) : tell(failure);
    return static_cast<int>(failure.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "takeout: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}

int run_program(int count, char** arguments) {
  CLI::App program("Exports of PostgreSQL datasets that pg_takeout governs", "takeout");
  program.set_help_flag("--help", "Say how to use it");
  program.set_version_flag("--version", version_text());
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  Action action;
  add_export_command(program, action);
  add_schedule_commands(program, action);
  add_run_command(program, action);
  program.add_subcommand("version", "Say which version this is")->callback([&] {
    action = [] { return std::puts(version_text().c_str()) < 0 ? 1 : 0; };
  });
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error);
    return code == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  const bool json =
      std::any_of(arguments, arguments + count, [](const char* word) { return std::string_view(word) == "--json"; });
  return run(action, json);
}

}  // namespace

}  // namespace pg_takeout

int main(int count, char** arguments) { return pg_takeout::run_program(count, arguments); }
