// takeout run: the schedules of a server, as a service or once.
#pragma once

#include <CLI/CLI.hpp>

#include "action.hpp"

namespace pg_takeout {

void add_run_command(CLI::App& program, Action& action);

}  // namespace pg_takeout
