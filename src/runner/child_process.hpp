// A program that is run without a shell: a delivery, a notice.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "interrupts.hpp"

namespace pg_takeout {

struct ChildResult {
  int status = 0;      // as waitpid(2) has it
  std::string output;  // the end of what it said on standard output and standard error
  [[nodiscard]] bool succeeded() const { return status == 0; }
};

// Runs command[0] with the rest as arguments, `input` as its standard input (-1: nothing to read) and the variables added to
// its environment; `tick` is called while it runs. What throws ends it first: a signal, or the tick. If this program dies,
// so does it.
ChildResult run_child(const std::vector<std::string>& command, const std::map<std::string, std::string>& variables,
                      int input, Interrupts& interrupts, const std::function<void()>& tick);

}  // namespace pg_takeout
