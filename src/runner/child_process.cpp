#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>

#include "failure.hpp"

namespace pg_takeout {

namespace {

using namespace std::chrono_literals;

// The strings of an execve(2) argument.
class StringArray {
 public:
  void add(std::string text) { strings_.push_back(std::move(text)); }

  char* const* get() {
    pointers_.clear();
    for (std::string& text : strings_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    return pointers_.data();
  }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

StringArray environment_with(const std::map<std::string, std::string>& variables) {
  StringArray result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::string name = text.substr(0, text.find('='));
    // A database's password is no business of theirs.
    if (!variables.contains(name) && name != "PGPASSWORD") result.add(text);
  }
  for (const auto& [name, value] : variables) result.add(name + "=" + value);
  return result;
}

// In the child, after fork: only what is safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, pid_t parent, int input, int output) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (input < 0) input = open("/dev/null", O_RDONLY);
  if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
    execve(arguments[0], arguments, environment);
  _exit(127);
}

class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ > 0) end();
  }

  // True when it has ended.
  bool reap(int* status) {
    if (waitpid(process_, status, WNOHANG) != process_) return false;
    process_ = 0;
    return true;
  }

 private:
  void end() {
    int status;
    for (const int number : {SIGTERM, SIGKILL}) {
      kill(-process_, number);
      for (int i = 0; i < 20; ++i) {
        if (reap(&status)) return;
        usleep(100'000);
      }
    }
  }

  pid_t process_;
};

constexpr std::size_t kept_output = 2000;
constexpr int read_size = 4096;

// False at its end.
bool read_some(int descriptor, std::string* output) {
  char bytes[read_size];
  const ssize_t size = read(descriptor, bytes, sizeof bytes);
  if (size == 0) return false;
  if (size > 0) output->append(bytes, static_cast<std::size_t>(size));
  if (output->size() > 2 * kept_output) output->erase(0, output->size() - kept_output);
  return true;
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, const std::map<std::string, std::string>& variables,
                      int input, Interrupts& interrupts, const std::function<void()>& tick) {
  StringArray arguments;
  for (const std::string& word : command) arguments.add(word);
  StringArray environment = environment_with(variables);
  char* const* argument_list = arguments.get();
  char* const* environment_list = environment.get();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw system_failure(ExitCode::not_delivered, "cannot make a pipe");
  FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);

  const pid_t parent = getpid();
  const pid_t process = fork();
  if (process < 0) throw system_failure(ExitCode::not_delivered, "cannot start " + command[0]);
  if (process == 0) become(argument_list, environment_list, parent, input, writer.get());
  Child child(process);
  writer = FileDescriptor();

  ChildResult result;
  bool is_open = true;
  // What it started may hold the pipe open when it has ended itself.
  while (!child.reap(&result.status)) {
    tick();
    if (!is_open) {
      interrupts.check();
      usleep(50'000);
    } else if (interrupts.wait(reader.get(), POLLIN, 100ms)) {
      is_open = read_some(reader.get(), &result.output);
    }
  }
  // What is in the pipe now; who has it open may go on to write.
  int left = 0;
  if (ioctl(reader.get(), FIONREAD, &left) != 0) return result;
  for (; is_open && left > 0; left -= read_size) is_open = read_some(reader.get(), &result.output);
  return result;
}

}  // namespace pg_takeout
