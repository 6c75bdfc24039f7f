#include "delivery.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "beneath.hpp"
#include "child_process.hpp"
#include "failure.hpp"
#include "output_stream.hpp"
#include "spool.hpp"

namespace pg_takeout {

namespace {

FileDescriptor open_directory(const std::string& directory) {
  FileDescriptor result(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!result.is_open()) throw system_failure(ExitCode::not_delivered, "cannot open directory \"" + directory + "\"");
  return result;
}

// Asks whether the run is still this runner's, at the last moment. A disk may take longer than a lease to have the file.
class ConfirmedOutput final : public Output {
 public:
  ConfirmedOutput(std::unique_ptr<Output> next, std::function<void()> confirm)
      : next_(std::move(next)), confirm_(std::move(confirm)) {}

  void write(std::string_view bytes) override { next_->write(bytes); }
  void finish() override {
    next_->settle();
    confirm_();
    next_->finish();
  }

 private:
  std::unique_ptr<Output> next_;
  std::function<void()> confirm_;
};

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1).substr(0, 500);
}

Failure command_failure(const std::string& program, const ChildResult& result) {
  std::string message = program;
  std::string said = last_line(result.output);
  if (WIFSIGNALED(result.status)) {
    message += " was ended by signal " + std::to_string(WTERMSIG(result.status));
  } else if (WEXITSTATUS(result.status) == 127 && access(program.c_str(), X_OK) != 0) {
    message += " could not be started";
    said = std::strerror(errno);
  } else {
    message += " ended with status " + std::to_string(WEXITSTATUS(result.status));
  }
  return {ExitCode::not_delivered, said.empty() ? message : message + ": " + said};
}

// The finished file, made in the spool directory where it has no name, is the command's standard input.
class CommandOutput final : public Output {
 public:
  CommandOutput(const std::string& spool, std::vector<std::string> command,
                std::map<std::string, std::string> variables, Interrupts& interrupts, std::function<void()> tick)
      : spool_(spool),
        command_(std::move(command)),
        variables_(std::move(variables)),
        interrupts_(interrupts),
        tick_(std::move(tick)) {
    spool_.open();
  }

  void write(std::string_view bytes) override { spool_.write(bytes); }

  void finish() override {
    const ChildResult result = run_child(command_, variables_, spool_.rewound(), interrupts_, tick_);
    if (!result.succeeded()) throw command_failure(command_[0], result);
  }

 private:
  Spool spool_;
  std::vector<std::string> command_;
  std::map<std::string, std::string> variables_;
  Interrupts& interrupts_;
  std::function<void()> tick_;
};

// The finished file goes to standard output in one piece, behind those of the other servers' processes.
class SpooledStream final : public Output {
 public:
  SpooledStream(const std::string& spool, Interrupts& interrupts, std::function<void()> tick)
      : spool_(spool), interrupts_(interrupts), tick_(std::move(tick)) {
    spool_.open();
  }

  void write(std::string_view bytes) override { spool_.write(bytes); }

  void finish() override {
    OutputStream stream(FileDescriptor(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)), "standard output", interrupts_,
                        tick_);
    lock(F_WRLCK);
    spool_.drain([&](std::string_view bytes) { stream.write(bytes); });
    lock(F_UNLCK);
    stream.finish();
  }

 private:
  // The lock is the process's, unlike flock(2)'s of the description that all of them have in common, and would end where the
  // process closes a descriptor of the same file. What cannot be locked is not shared either.
  void lock(short type) {
    struct flock lock {};
    lock.l_type = type;
    while (fcntl(STDOUT_FILENO, F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES)) {
      tick_();
      (void)interrupts_.wait(-1, 0, std::chrono::milliseconds(100));
    }
  }

  Spool spool_;
  Interrupts& interrupts_;
  std::function<void()> tick_;
};

std::vector<std::string> command_for(const Destination& destination, const std::string& file) {
  constexpr std::string_view file_variable = "{file}";
  std::vector<std::string> command = destination.command;
  for (std::string& word : command)
    for (std::size_t at = word.find(file_variable); at != std::string::npos;
         at = word.find(file_variable, at + file.size()))
      word.replace(at, file_variable.size(), file);
  return command;
}

}  // namespace

Delivery::Delivery(const Configuration& configuration, Interrupts& interrupts, std::function<void()> tick,
                   std::function<void()> confirm)
    : configuration_(configuration), interrupts_(interrupts), tick_(std::move(tick)), confirm_(std::move(confirm)) {}

const Destination& Delivery::destination_of(const Run& run) const {
  const auto found = configuration_.destinations.find(run.destination);
  if (found == configuration_.destinations.end())
    throw Failure(ExitCode::not_delivered, "there is no destination \"" + run.destination + "\" in takeout.toml");
  return found->second;
}

std::unique_ptr<Output> Delivery::open(const Run& run) {
  const Destination& destination = destination_of(run);
  std::unique_ptr<Output> output;
  switch (destination.kind) {
    case DestinationKind::directory: {
      FilePlace place = place_beneath(open_directory(destination.directory), run.file, true);
      // Whoever had the run before may have died while it wrote there.
      if (run.token != "1") remove_abandoned(place.directory);
      output = std::make_unique<OutputFile>(
          std::move(place.directory), std::move(place.name), true, [this] { bide(); }, destination.mode);
      break;
    }
    case DestinationKind::command:
      check_path(run.file);
      output = std::make_unique<CommandOutput>(configuration_.spool, command_for(destination, run.file),
                                               run_variables(run), interrupts_, tick_);
      break;
    case DestinationKind::standard_output:
      output = std::make_unique<SpooledStream>(configuration_.spool, interrupts_, tick_);
      break;
  }
  return std::make_unique<ConfirmedOutput>(std::move(output), [this] {
    confirm_();
    is_confirmed_ = true;
  });
}

// Once the file may have its name, nothing takes the delivery back: what is wrong shows when it is put on record.
void Delivery::bide() {
  if (!is_confirmed_) interrupts_.check();
  try {
    tick_();
  } catch (...) {
    if (!is_confirmed_) throw;
  }
}

void Delivery::add_checksum(const Run& run, const std::string& sha256) {
  const Destination& destination = destination_of(run);
  if (destination.kind != DestinationKind::directory) return;
  FilePlace place = place_beneath(open_directory(destination.directory), run.file, false);
  const std::string line = sha256 + "  " + place.name + "\n";
  OutputFile output(
      std::move(place.directory), place.name + ".sha256", true, [this] { bide(); }, destination.mode);
  output.write(line);
  output.finish();
}

bool remove_file(const Destination& destination, const ExpiredFile& file) {
  try {
    const FilePlace place = place_beneath(open_directory(destination.directory), file.file, false);
    if (file.checksum) unlinkat(place.directory.get(), (place.name + ".sha256").c_str(), 0);
    return unlinkat(place.directory.get(), place.name.c_str(), 0) == 0 || errno == ENOENT;
  } catch (const Failure&) {
    return false;  // such as a file system that is not mounted now
  }
}

std::map<std::string, std::string> run_variables(const Run& run) {
  return {{"TAKEOUT_SCHEDULE", run.schedule},       {"TAKEOUT_DUE", run.due},
          {"TAKEOUT_DATASET", run.call.dataset},    {"TAKEOUT_TENANT", run.call.tenant},
          {"TAKEOUT_DESTINATION", run.destination}, {"TAKEOUT_FILE", run.file}};
}

}  // namespace pg_takeout
