// takeout export: one dataset into one file.
#pragma once

#include <CLI/CLI.hpp>

#include "action.hpp"

namespace pg_takeout {

// action: is set if the command line has this command.
void add_export_command(CLI::App& program, Action& action);

}  // namespace pg_takeout
