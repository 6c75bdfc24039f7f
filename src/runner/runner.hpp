// Runs what is due on one server: claims a run, exports it, delivers the file, says how it went.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "configuration.hpp"
#include "connection.hpp"
#include "delivery.hpp"
#include "failure.hpp"
#include "run_queue.hpp"
#include "systemd_notifier.hpp"

namespace pg_takeout {

class Runner {
 public:
  Runner(const Configuration& configuration, const ServerEntry& server, Interrupts& interrupts);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  // Runs what is due now and returns how many runs did not succeed. Throws Failure, Interrupted.
  int run_due();
  // Goes on, over lost connections too, until a signal comes: throws Interrupted. Throws Failure if it cannot begin.
  void run_forever();

 private:
  struct Active;
  struct Delivered {
    Run run;
    ExportedFile file;
    std::optional<std::string> row_count;
    std::chrono::steady_clock::time_point begin;
    std::chrono::steady_clock::time_point
        patience;  // how long it may be reported; then another runner may have the run
  };

  // Claims and makes one run; false if there is none.
  bool run_one(RunQueue& queue);
  void make(RunQueue& queue, const Run& run);
  void record(RunQueue& queue);
  void record_late(RunQueue& queue);
  void keep(RunQueue& queue, const Run& run, Active& active);
  void serve();
  void wait(Connection& connection, RunQueue& queue);
  void remove_expired(RunQueue& queue);
  [[nodiscard]] RunQueue open_queue(Connection& connection);
  void await_replay(Connection& reader, Active& active, RunQueue& queue, const Run& run);
  void leave(RunQueue& queue, const Run& run);
  void give_up(RunQueue& queue, const Run& run, const Failure& failure);
  void note_failure(const Run& run, const std::string& state, const std::string& error);
  void tell(const Run& run, const std::string& state, const std::string& error);

  const Configuration& configuration_;
  const ServerEntry& server_;
  Interrupts& interrupts_;
  SystemdNotifier systemd_;
  std::optional<Connection> state_;
  std::optional<Delivered> delivered_;  // not on record yet
  std::chrono::steady_clock::time_point next_removal_{};
  int unsuccessful_ = 0;
  bool has_begun_ = false;  // it has served before: what is wrong now may pass
  bool serves_ = false;
};

}  // namespace pg_takeout
