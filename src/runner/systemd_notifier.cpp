#include "systemd_notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "file_descriptor.hpp"

namespace pg_takeout {

using namespace std::chrono_literals;

SystemdNotifier::SystemdNotifier() : interval_(10s) {
  if (const char* socket = getenv("NOTIFY_SOCKET")) socket_ = socket;
  const char* timeout = getenv("WATCHDOG_USEC");
  const char* process = getenv("WATCHDOG_PID");
  watched_ = timeout != nullptr && (process == nullptr || std::atoll(process) == getpid());
  // Twice as often as the watchdog looks.
  if (watched_) interval_ = std::max(std::chrono::milliseconds(std::atoll(timeout) / 2000), 10ms);
  // Not for the programs that this one starts.
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
}

void SystemdNotifier::tell(const std::string& state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const FileDescriptor descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  if (descriptor.is_open())
    (void)sendto(descriptor.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), length);
}

void SystemdNotifier::beat() {
  const auto now = std::chrono::steady_clock::now();
  if (!watched_ || now < next_) return;
  next_ = now + interval_ / 2;
  tell("WATCHDOG=1");
}

}  // namespace pg_takeout
