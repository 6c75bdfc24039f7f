#include "supervisor.hpp"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "failure.hpp"
#include "interrupts.hpp"
#include "systemd_notifier.hpp"

namespace pg_takeout {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto pause_before_restart = 15s;

struct Process {
  std::string server;
  pid_t id = 0;  // 0: it has ended
  steady_clock::time_point begins{};
};

int exit_code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

class Supervisor {
 public:
  Supervisor(const std::vector<std::string>& servers, bool once) : once_(once) {
    for (const std::string& server : servers) processes_.push_back({server});
  }

  Supervised run() {
    try {
      do {
        if (const Process* self = start_those_due()) return {self->server, 0};
        systemd_.beat();
        (void)interrupts_.wait(-1, 0, std::min<std::chrono::milliseconds>(200ms, systemd_.patience()));
        reap(WNOHANG);
      } while (!once_ || any_alive());
    } catch (const Interrupted&) {
      end_all();
      if (once_) throw;
    }
    return {"", status_};
  }

 private:
  // In a process that was started it returns its own.
  const Process* start_those_due() {
    bool any = false;
    for (Process& process : processes_) {
      if (process.id != 0 || process.begins > steady_clock::now()) continue;
      const pid_t id = fork();
      if (id < 0) throw system_failure(ExitCode::failed, "cannot start a process");
      if (id == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        return &process;
      }
      process.id = id;
      any = true;
    }
    if (any) systemd_.tell("READY=1\nSTATUS=Serving " + std::to_string(processes_.size()) + " servers");
    return nullptr;
  }

  void reap(int options) {
    for (Process& process : processes_) {
      int status = 0;
      if (process.id <= 0 || waitpid(process.id, &status, options) != process.id) continue;
      const int code = exit_code_of(status);
      status_ = std::max(status_, code);
      process.id = 0;
      process.begins = once_ ? steady_clock::time_point::max() : steady_clock::now() + pause_before_restart;
      if (!once_)
        spdlog::error("{}: ended with status {}, starts again in {} s", process.server, code,
                      pause_before_restart.count());
    }
  }

  [[nodiscard]] bool any_alive() const {
    return std::any_of(processes_.begin(), processes_.end(), [](const Process& process) { return process.id != 0; });
  }

  void end_all() {
    for (const Process& process : processes_)
      if (process.id > 0) kill(process.id, SIGTERM);
    for (const Process& process : processes_)
      while (process.id > 0 && waitpid(process.id, nullptr, 0) < 0 && errno == EINTR) continue;
    status_ = 0;
  }

  bool once_;
  Interrupts interrupts_;
  SystemdNotifier systemd_;
  std::vector<Process> processes_;
  int status_ = 0;
};

}  // namespace

Supervised supervise(const std::vector<std::string>& servers, bool once) { return Supervisor(servers, once).run(); }

}  // namespace pg_takeout
