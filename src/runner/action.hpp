// How a subcommand is run: read from the command line first, then called.
#pragma once

#include <functional>

namespace pg_takeout {

// Returns the exit code. Throws Failure, Interrupted.
using Action = std::function<int()>;

}  // namespace pg_takeout
