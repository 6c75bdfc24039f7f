// One process for each of several servers, so that none waits for another.
#pragma once

#include <string>
#include <vector>

namespace pg_takeout {

struct Supervised {
  std::string server;  // in a process that is to serve one
  int status = 0;      // in the first process, whose server is empty, when all have ended: the exit code
};

// Starts the processes and returns in each of them. In the first it returns when all have ended: once, their work being
// done, or else told by a signal; one that ends otherwise is started again after a while. Throws Interrupted if a signal
// came and they were to end by themselves.
[[nodiscard]] Supervised supervise(const std::vector<std::string>& servers, bool once);

}  // namespace pg_takeout
