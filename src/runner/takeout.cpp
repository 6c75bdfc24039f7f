// The program takeout: reads its command line, runs one command, ends with an exit code.
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "connection.hpp"
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

int end_with(const Failure& failure, bool json) {
  json ? tell_as_json(failure) : tell(failure);
  return static_cast<int>(failure.code());
}

void flush_standard_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  if (errno == EPIPE) throw Interrupted(SIGPIPE);
  throw system_failure(ExitCode::not_delivered, "cannot write to standard output");
}

int run(const Action& action, bool json) {
  try {
    const int code = action();
    flush_standard_output();
    return code;
  } catch (const Interrupted& interrupted) {
    end_by_signal(interrupted.signal());
  } catch (const Failure& failure) {
    return end_with(failure, json);
  } catch (const std::exception& error) {
    return end_with({ExitCode::failed, error.what()}, json);
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
    action = [] {
      std::puts(version_text().c_str());
      return 0;
    };
  });
  const bool json =
      std::any_of(arguments, arguments + count, [](const char* word) { return std::string_view(word) == "--json"; });
  if (json) tell_notices_as_json();
  try {
    program.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (json && error.get_exit_code() != 0) return end_with({ExitCode::usage, error.what()}, json);
    const int code = program.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    action = [code] { return code; };
  }
  return run(action, json);
}

// Where standard output or standard error is closed, the next file would have its number, and what is said there written into
// it. Writing to this one fails, as to one that is closed.
void open_standard_descriptors() {
  int number = 0;
  while (number >= 0 && number <= STDERR_FILENO) number = open("/dev/null", O_RDONLY);
  if (number > STDERR_FILENO) close(number);
}

}  // namespace

}  // namespace pg_takeout

int main(int count, char** arguments) {
  pg_takeout::open_standard_descriptors();
  const int code = pg_takeout::run_program(count, arguments);
  std::fflush(nullptr);
  // Without the destructors of what a thread may still use that waits for a server.
  std::quick_exit(code);
}
