#include "interrupts.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstdlib>

#include "failure.hpp"

namespace pg_takeout {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  for (const int signal : {SIGINT, SIGHUP}) {
    struct sigaction present {};
    if (sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t set = ending_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  // A reader that went away and a file that grew too large are errors of write(), not the end of the program.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  // Whoever started this program may have ignored it: then the end of a command could not be told.
  ::signal(SIGCHLD, SIG_DFL);
  signals_ = FileDescriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.is_open()) throw system_failure(ExitCode::failed, "cannot wait for signals");
}

void Interrupts::check() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != sizeof info) return;
  // What is left to do may wait for a server that does not answer: not for long.
  if (!ending_.test_and_set()) alarm(8);
  throw Interrupted(static_cast<int>(info.ssi_signo));
}

bool Interrupts::wait(int descriptor, short events, std::chrono::milliseconds timeout) {
  heartbeat_();
  pollfd waited[] = {{signals_.get(), POLLIN, 0}, {descriptor, events, 0}};
  const int ready = poll(waited, 2, static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) throw system_failure(ExitCode::failed, "cannot wait");
  if (waited[0].revents != 0) check();
  return ready > 0 && waited[1].revents != 0;
}

bool Interrupts::wait_undisturbed(int descriptor, short events, std::chrono::milliseconds timeout) {
  heartbeat_();
  pollfd waited{descriptor, events, 0};
  return poll(&waited, 1, static_cast<int>(timeout.count())) > 0;
}

void end_by_signal(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  raise(signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  std::_Exit(128 + signal);
}

}  // namespace pg_takeout
