// takeout schedule add, list, remove; takeout next; takeout history: what takeout.schedule() and its tables are in SQL.
#pragma once

#include <CLI/CLI.hpp>

#include "action.hpp"

namespace pg_takeout {

void add_schedule_commands(CLI::App& program, Action& action);

}  // namespace pg_takeout
