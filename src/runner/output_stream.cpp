#include "output_stream.hpp"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "failure.hpp"

namespace pg_takeout {

OutputStream::OutputStream(FileDescriptor descriptor, std::string name, Interrupts& interrupts)
    : descriptor_(std::move(descriptor)), name_(std::move(name)), interrupts_(interrupts) {
  struct stat status;
  const bool is_file = fstat(descriptor_.get(), &status) == 0 && S_ISREG(status.st_mode);
  piece_ = is_file ? SIZE_MAX : PIPE_BUF;
}

void OutputStream::write(std::string_view bytes) {
  using namespace std::chrono_literals;
  while (!bytes.empty()) {
    if (piece_ == PIPE_BUF && !interrupts_.wait(descriptor_.get(), POLLOUT, 1000ms)) continue;
    const ssize_t written = ::write(descriptor_.get(), bytes.data(), std::min(bytes.size(), piece_));
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
