// How the file of a run gets where the schedule wants it.
#pragma once

#include <functional>
#include <memory>

#include "configuration.hpp"
#include "interrupts.hpp"
#include "output.hpp"
#include "run_queue.hpp"

namespace pg_takeout {

class Delivery {
 public:
  // tick: called while a command runs or the disk is waited for. confirm: called when the file is whole and before it is
  // delivered. What they throw keeps the file from being delivered.
  Delivery(const Configuration& configuration, Interrupts& interrupts, std::function<void()> tick,
           std::function<void()> confirm);

  // Where the bytes of the run's file go; finishing it delivers. Throws Failure (not_delivered).
  [[nodiscard]] std::unique_ptr<Output> open(const Run& run);
  // Puts the file with the checksum beside the file, at a destination that is a directory.
  void add_checksum(const Run& run, const std::string& sha256);

 private:
  [[nodiscard]] const Destination& destination_of(const Run& run) const;
  // While the disk is waited for.
  void bide();

  const Configuration& configuration_;
  Interrupts& interrupts_;
  std::function<void()> tick_;
  std::function<void()> confirm_;
  bool is_confirmed_ = false;
};

// Removes a file of a directory that has been kept long enough; true also where it is gone already.
[[nodiscard]] bool remove_file(const Destination& destination, const ExpiredFile& file);

// What commands learn of a run, beside standard input.
[[nodiscard]] std::map<std::string, std::string> run_variables(const Run& run);

}  // namespace pg_takeout
