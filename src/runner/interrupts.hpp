// SIGINT, SIGTERM and SIGHUP as something to wait for.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "file_descriptor.hpp"

namespace pg_takeout {

class Interrupts {
 public:
  // From now on these signals do not end the program by themselves. Of SIGINT and SIGHUP those are left out that the program
  // was started to ignore, as by nohup. Once in a program, before it makes threads.
  Interrupts();

  // Throws Interrupted if a signal came. The program ends some seconds later at the latest.
  void check();

  // Waits until the descriptor is ready for `events` of poll(2); false when the time is over. Throws Interrupted.
  [[nodiscard]] bool wait(int descriptor, short events, std::chrono::milliseconds timeout);
  // The same, but a signal stays for the next who looks.
  [[nodiscard]] bool wait_undisturbed(int descriptor, short events, std::chrono::milliseconds timeout);

  // Called before each wait, to show that the program lives; by one thread.
  void set_heartbeat(std::function<void()> heartbeat) { heartbeat_ = std::move(heartbeat); }

 private:
  FileDescriptor signals_;
  std::function<void()> heartbeat_ = [] {};
  std::atomic_flag ending_;
};

// Ends the program as the signal would have, so that a shell sees it.
[[noreturn]] void end_by_signal(int signal);

}  // namespace pg_takeout
