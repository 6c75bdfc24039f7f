// What every command that talks to a server has on its command line.
#pragma once

#include <CLI/CLI.hpp>

#include "server_address.hpp"

namespace pg_takeout {

// address: gets what is given, when the command line is read.
void add_connection_options(CLI::App& command, ServerAddress& address);

}  // namespace pg_takeout
