// Work that takes as long as a disk or another machine does.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include "failure.hpp"

namespace pg_takeout {

// Throws Failure where the system has no room for another thread.
template <typename Work>
std::thread start_thread(Work work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw Failure(ExitCode::failed, "cannot start a thread: " + error.code().message());
  }
}

// Runs the work in a thread of its own and returns what it returns, or throws what it throws; calls `meanwhile` ten times a
// second. What that throws leaves the work alone, which must own all that it works on.
template <typename Work>
std::invoke_result_t<Work> run_beside(Work work, const std::function<void()>& meanwhile) {
  std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
  auto done = task.get_future();
  start_thread(std::move(task)).detach();
  while (done.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) meanwhile();
  return done.get();
}

}  // namespace pg_takeout
