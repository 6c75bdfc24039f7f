#include "beside.hpp"

#include <chrono>
#include <future>
#include <thread>

namespace pg_takeout {

int run_beside(std::function<int()> work, const std::function<void()>& meanwhile) {
  std::packaged_task<int()> task(std::move(work));
  std::future<int> done = task.get_future();
  std::thread(std::move(task)).detach();
  while (done.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) meanwhile();
  return done.get();
}

}  // namespace pg_takeout
