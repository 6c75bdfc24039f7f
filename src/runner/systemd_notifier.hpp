// What systemd wants to know of a service (sd_notify(3)), without its library.
#pragma once

#include <chrono>
#include <string>

namespace pg_takeout {

class SystemdNotifier {
 public:
  SystemdNotifier();

  // state: such as "READY=1". Nothing where no service manager listens.
  void tell(const std::string& state) const;
  // Tells the watchdog that the service lives, when it is time to.
  void beat();
  // How long it may be until the next beat().
  [[nodiscard]] std::chrono::milliseconds patience() const { return interval_; }

 private:
  std::string socket_;
  std::chrono::milliseconds interval_;
  std::chrono::steady_clock::time_point next_{};
  bool watched_ = false;
};

}  // namespace pg_takeout
