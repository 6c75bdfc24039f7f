// One output whose parts are written by several threads at the same time and go out one behind the other.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "output.hpp"

namespace pg_takeout {

// Thrown at whoever writes a part of an output that is given up.
class Stopped : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "another part has failed"; }
};

class JoinedOutput {
 public:
  // spool_directory: where parts wait for their turn.
  JoinedOutput(std::unique_ptr<Output> output, std::string spool_directory)
      : output_(std::move(output)), spool_directory_(std::move(spool_directory)) {}

  // The part with the number, from 0; finishing it waits until those before it are finished. Once each. What it throws
  // beside Failure is Stopped. Lives shorter than this.
  [[nodiscard]] std::unique_ptr<Output> part(int number);
  // Gives up: whoever waits for a turn is woken.
  void stop();
  [[nodiscard]] bool is_stopped();
  // All parts are finished.
  void finish() { output_->finish(); }

 private:
  friend class PartOutput;

  bool has_turn(int number);
  void wait_for_turn(int number);
  void write(std::string_view bytes);
  void end_turn();

  std::unique_ptr<Output> output_;  // written to by whose turn it is
  std::string spool_directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int turn_ = 0;
  bool stopped_ = false;
};

}  // namespace pg_takeout
