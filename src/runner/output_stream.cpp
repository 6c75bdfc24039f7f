#include "output_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "failure.hpp"

namespace pg_takeout {

OutputStream::OutputStream(FileDescriptor descriptor, std::string name, Interrupts& interrupts,
                           std::function<void()> meanwhile)
    : descriptor_(std::move(descriptor)),
      name_(std::move(name)),
      interrupts_(interrupts),
      meanwhile_(std::move(meanwhile)) {
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0) throw system_failure(ExitCode::not_delivered, "cannot write to " + name_);
  if (S_ISREG(status.st_mode) || (S_ISFIFO(status.st_mode) && reopen())) piece_ = SIZE_MAX;
}

// A write into a pipe waits for its reader, beyond the reach of a signal, and O_NONBLOCK would be a surprise to the other
// programs that write into it: opened anew it is ours alone. /proc may be missing, or the pipe be another user's.
bool OutputStream::reopen() {
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor_.get());
  FileDescriptor own(open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!own.is_open()) return false;
  descriptor_ = std::move(own);
  return true;
}

void OutputStream::write(std::string_view bytes) {
  using namespace std::chrono_literals;
  bool must_wait = piece_ == PIPE_BUF;
  while (!bytes.empty()) {
    if (must_wait && !interrupts_.wait(descriptor_.get(), POLLOUT, 1000ms)) {
      meanwhile_();
      continue;
    }
    const ssize_t written = ::write(descriptor_.get(), bytes.data(), std::min(bytes.size(), piece_));
    must_wait = piece_ == PIPE_BUF || written < 0;
    // As for any program whose reader has had enough.
    if (written < 0 && errno == EPIPE) throw Interrupted(SIGPIPE);
    if (written < 0 && errno != EINTR && errno != EAGAIN)
      throw system_failure(ExitCode::not_delivered, "cannot write to " + name_);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputStream::finish() {
  if (!descriptor_.close()) throw system_failure(ExitCode::not_delivered, "cannot write to " + name_);
}

}  // namespace pg_takeout
