#include "runner.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "child_process.hpp"

namespace pg_takeout {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// The connection that keeps the lease is gone: nothing may be delivered, and nobody can be told.
class StateLost : public std::exception {
 public:
  explicit StateLost(std::string message) : message_(std::move(message)) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// Another runner has the run by now.
class RunLost : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "another runner has it"; }
};

std::string runner_name() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return std::string(host) + ":" + std::to_string(getpid());
}

ConnectionParameters parameters_of(const std::string& connection) {
  ConnectionParameters parameters = connection_parameters({.database = connection, .host = "", .port = "", .user = ""});
  parameters["fallback_application_name"] = "takeout run";
  return parameters;
}

// Not known where the connection was cut after the last byte.
std::optional<std::string> exported_rows(Connection& reader) {
  try {
    return reader.query_to_its_end("SELECT takeout.last_export_rows()", {}).text(0, 0);
  } catch (const Failure&) {
    return std::nullopt;
  }
}

}  // namespace

// A run being made: until when it may go on, and when its lease is to be renewed.
struct Runner::Active {
  steady_clock::time_point deadline;
  steady_clock::time_point next_renewal;
};

Runner::Runner(const Configuration& configuration, const ServerEntry& server, Interrupts& interrupts)
    : configuration_(configuration), server_(server), interrupts_(interrupts) {
  interrupts_.set_heartbeat([this] { systemd_.beat(); });
}

Runner::~Runner() {
  interrupts_.set_heartbeat([] {});
}

RunQueue Runner::open_queue(Connection& connection) {
  std::vector<std::string> destinations;
  for (const auto& [name, destination] : configuration_.destinations) destinations.push_back(name);
  connection.query("SET DateStyle = ISO");
  connection.query("SET TimeZone = UTC");
  return {connection, runner_name(), destinations, configuration_.lease};
}

int Runner::run_due() {
  for (;; (void)interrupts_.wait(-1, 0, 1000ms)) {
    std::string error;
    try {
      state_.emplace(parameters_of(server_.connection), interrupts_);
      RunQueue queue = open_queue(*state_);
      if (delivered_) record_late(queue);
      while (run_one(queue)) continue;
      remove_expired(queue);
      return unsuccessful_;
    } catch (const StateLost& lost) {
      error = lost.what();
    } catch (const Failure& failure) {
      if (!delivered_) throw;
      error = failure.what();
    }
    // What was delivered is to be put on record, by another connection.
    if (!delivered_ || steady_clock::now() > delivered_->patience) throw Failure(ExitCode::no_connection, error);
    spdlog::error("{}", error);
  }
}

void Runner::run_forever() {
  for (auto pause = 1s;; pause = std::min(2 * pause, 15s)) {
    try {
      serve();
    } catch (const Failure& failure) {
      if (!has_begun_ && failure.code() != ExitCode::no_connection) throw;
      spdlog::error("{}", failure.what());
    } catch (const StateLost& lost) {
      spdlog::error("{}", lost.what());
    }
    // A connection that did serve may be had again at once.
    if (std::exchange(serves_, false)) pause = 1s;
    state_.reset();
    spdlog::info("connecting again in {} s", pause.count());
    for (const auto until = steady_clock::now() + pause; steady_clock::now() < until;)
      (void)interrupts_.wait(-1, 0, std::min(std::chrono::milliseconds(pause), systemd_.patience()));
  }
}

void Runner::serve() {
  state_.emplace(parameters_of(server_.connection), interrupts_);
  RunQueue queue = open_queue(*state_);
  state_->query("LISTEN takeout");
  // Shows at once whether this role may run schedules here.
  (void)queue.next_wakeup();
  spdlog::info("connected");
  has_begun_ = serves_ = true;
  if (delivered_) record_late(queue);
  systemd_.tell("READY=1\nSTATUS=Waiting for runs");
  for (;;) {
    if (run_one(queue)) continue;
    remove_expired(queue);
    wait(*state_, queue);
  }
}

void Runner::wait(Connection& connection, RunQueue& queue) {
  std::chrono::milliseconds rest = configuration_.poll;
  if (const auto wakeup = queue.next_wakeup()) rest = std::min(rest, *wakeup);
  // A run that another runner plans just now can be claimed a moment later.
  rest = std::max(rest, 50ms);
  for (const auto until = steady_clock::now() + rest; steady_clock::now() < until;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now()) + 1ms;
    if (connection.wait_for_notification(std::min(left, systemd_.patience()))) return;
  }
}

bool Runner::run_one(RunQueue& queue) {
  const std::optional<Run> run = queue.claim();
  if (!run) return false;
  if (run->state != "running") {
    note_failure(*run, run->state, run->error);
    return true;
  }
  try {
    make(queue, *run);
  } catch (const Failure& failure) {
    give_up(queue, *run, failure);
  } catch (const RunLost& lost) {
    spdlog::warn("{} of {}: {}", run->schedule, run->due, lost.what());
  } catch (const Interrupted&) {
    leave(queue, *run);
    throw;
  }
  systemd_.tell("STATUS=Waiting for runs");
  return true;
}

void Runner::make(RunQueue& queue, const Run& run) {
  systemd_.tell("STATUS=Exporting " + run.schedule);
  const auto begin = steady_clock::now();
  Active active{begin + run.timeout, begin + configuration_.lease / 3};
  const auto tick = [&] { keep(queue, run, active); };
  Delivery delivery(configuration_, interrupts_, tick, [&] {
    active.next_renewal = {};
    tick();
  });
  std::unique_ptr<Output> output = delivery.open(run);
  Connection reader(parameters_of(server_.read_from.empty() ? server_.connection : server_.read_from), interrupts_);
  if (!server_.read_from.empty()) await_replay(reader, active, queue, run);

  const ExportedFile file =
      export_file(run.call, reader, {run.compression, true}, std::move(output), [&](std::uint64_t) { tick(); });
  if (run.checksum) delivery.add_checksum(run, file.sha256);
  delivered_ = {run, file, std::nullopt, begin, steady_clock::now() + configuration_.lease};
  delivered_->row_count = exported_rows(reader);
  record(queue);
}

// What is delivered is not to be delivered again: a signal waits until it is on record, and whatever the server answers, it is
// asked again.
void Runner::record(RunQueue& queue) {
  bool is_ours = false;
  try {
    is_ours = queue.finish(delivered_->run, delivered_->file, delivered_->row_count);
  } catch (const Failure& failure) {
    if (failure.code() != ExitCode::no_connection && steady_clock::now() > delivered_->patience) delivered_.reset();
    throw StateLost(failure.what());
  }
  const auto [run, file, row_count, begin, patience] = *std::exchange(delivered_, std::nullopt);
  if (!is_ours) throw RunLost();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  spdlog::info("{} of {}: {} rows, {} bytes in {}:{}, {:.1f} s", run.schedule, run.due, row_count.value_or("?"),
               file.file_bytes, run.destination, run.file, seconds);
  tell(run, "succeeded", "");
}

void Runner::record_late(RunQueue& queue) {
  const std::string schedule = delivered_->run.schedule;
  try {
    record(queue);
  } catch (const RunLost& lost) {
    spdlog::warn("{} was delivered, but {}", schedule, lost.what());
  }
}

void Runner::keep(RunQueue& queue, const Run& run, Active& active) {
  systemd_.beat();
  const auto now = steady_clock::now();
  if (now > active.deadline)
    throw Failure(ExitCode::failed, "it took longer than its timeout of " + std::to_string(run.timeout.count()) + " s");
  if (now < active.next_renewal) return;
  active.next_renewal = now + configuration_.lease / 3;
  bool is_ours = false;
  try {
    is_ours = queue.renew(run);
  } catch (const Failure& failure) {
    throw StateLost(failure.what());
  }
  if (!is_ours) throw RunLost();
}

// A standby that is to be read from must have what the run's period ends with.
void Runner::await_replay(Connection& reader, Active& active, RunQueue& queue, const Run& run) {
  const std::string position = state_->query("SELECT pg_current_wal_insert_lsn()").text(0, 0);
  const auto is_there = [&] {
    return reader.query("SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::pg_lsn", {position})
               .text(0, 0) == "t";
  };
  while (!is_there()) {
    keep(queue, run, active);
    (void)interrupts_.wait(-1, 0, 200ms);
  }
}

// A signal ends the program.
void Runner::leave(RunQueue& queue, const Run& run) {
  try {
    delivered_ ? record_late(queue) : static_cast<void>(queue.release(run));
  } catch (const std::exception& error) {
    // Its lease will end.
    spdlog::warn("{} of {}{}: {}", run.schedule, run.due, delivered_ ? " was delivered" : " could not be given back",
                 error.what());
  }
}

void Runner::give_up(RunQueue& queue, const Run& run, const Failure& failure) {
  std::string reason = failure.what();
  if (!failure.detail().empty()) reason += ": " + failure.detail();
  note_failure(run, queue.fail(run, failure.sqlstate(), reason), reason);
}

void Runner::note_failure(const Run& run, const std::string& state, const std::string& error) {
  ++unsuccessful_;
  spdlog::error("{} of {}: {}{}", run.schedule, run.due, error, state == "retrying" ? " (will be tried again)" : "");
  if (state == "failed") tell(run, state, error);
}

void Runner::tell(const Run& run, const std::string& state, const std::string& error) {
  const std::vector<std::string>& command =
      state == "succeeded" ? configuration_.on_success : configuration_.on_failure;
  if (command.empty()) return;
  std::map<std::string, std::string> variables = run_variables(run);
  variables["TAKEOUT_STATE"] = state;
  variables["TAKEOUT_ERROR"] = error;
  const auto deadline = steady_clock::now() + 60s;
  try {
    const ChildResult result = run_child(command, variables, -1, interrupts_, [&] {
      systemd_.beat();
      if (steady_clock::now() > deadline) throw Failure(ExitCode::failed, "it took longer than a minute");
    });
    if (!result.succeeded()) spdlog::warn("{} failed: {}", command[0], result.output);
  } catch (const Failure& failure) {
    spdlog::warn("{}: {}", command[0], failure.what());
  }
}

void Runner::remove_expired(RunQueue& queue) {
  if (steady_clock::now() < next_removal_) return;
  next_removal_ = steady_clock::now() + 10min;
  std::vector<std::string> directories;
  for (const auto& [name, destination] : configuration_.destinations)
    if (destination.kind == DestinationKind::directory) directories.push_back(name);
  for (const ExpiredFile& file : queue.expired_files(directories)) {
    if (remove_file(configuration_.destinations.at(file.destination), file)) {
      queue.forget_file(file);
      spdlog::info("removed {}:{}", file.destination, file.file);
    } else {
      spdlog::warn("cannot remove {}:{}", file.destination, file.file);
    }
  }
}

}  // namespace pg_takeout
