// takeout export: one dataset into one file.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace pg_takeout {

// A command is read from the command line first and run afterwards.
using Action = std::function<void()>;

// action: is set if the command line has this command. Running it throws Failure, Interrupted.
void add_export_command(CLI::App& program, Action& action);

}  // namespace pg_takeout
