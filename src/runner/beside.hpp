// Work that takes as long as a disk does.
#pragma once

#include <functional>

namespace pg_takeout {

// Runs the work in a thread of its own and returns what it returns; calls `meanwhile` ten times a second. What that throws
// leaves the work alone, which must own all that it works on and not throw.
int run_beside(std::function<int()> work, const std::function<void()>& meanwhile);

}  // namespace pg_takeout
