#include "parallel_export.hpp"

#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "beside.hpp"
#include "failure.hpp"
#include "joined_output.hpp"
#include "measured_output.hpp"

namespace pg_takeout {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr const char* begin_statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

// What the leader has begun.
struct BegunExport {
  ExportCall call;
  std::string snapshot;
  std::vector<std::string> parts;
};

// "yesterday" would be read by each session anew, and in the DateStyle and zone of each.
ExportCall with_fixed_times(ExportCall call, Connection& leader) {
  if (call.since.empty() && call.until.empty()) return call;
  leader.query("SET DateStyle TO ISO");
  for (std::string* time : {&call.since, &call.until})
    if (!time->empty()) *time = leader.query("SELECT $1::timestamptz::text", {*time}).text(0, 0);
  return call;
}

BegunExport begin_export(const ExportCall& call, Connection& leader, int jobs) {
  BegunExport begun;
  begun.call = with_fixed_times(call, leader);
  // It may wait for other parts, within its transaction.
  leader.query("SET idle_in_transaction_session_timeout TO 0");
  leader.query(begin_statement);
  try {
    const Rows parts = leader.query(parts_statement(begun.call, jobs, leader));
    for (int i = 0; i < parts.count(); ++i) begun.parts.push_back(parts.text(i, 0));
  } catch (const Failure& failure) {
    if (failure.sqlstate() != "0A000") throw;
    throw Failure(ExitCode::usage, failure.what(), failure.detail(), "Use csv or jsonl, or leave --jobs out.",
                  failure.sqlstate());
  }
  begun.snapshot = leader.query("SELECT pg_catalog.pg_export_snapshot()").text(0, 0);
  return begun;
}

// What the server says of a part whose export has ended: while it runs, and when it begins. Its arguments are right, or the
// export would not have begun.
bool is_consequence(const Failure& failure) { return failure.sqlstate() == "55000" || failure.sqlstate() == "22023"; }

// The threads that export parts, one each.
class Workers {
 public:
  Workers(const BegunExport& begun, Connection& leader, const ParallelExport& how, Compression compression,
          JoinedOutput& joined)
      : begun_(begun),
        leader_(leader),
        how_(how),
        compression_(compression),
        joined_(joined),
        left_(begun.parts.size()) {
    try {
      for (std::size_t i = 0; i < begun.parts.size(); ++i)
        threads_.push_back(start_thread([this, i] { work(static_cast<int>(i)); }));
    } catch (...) {
      joined_.stop();
      join();
      throw;
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() {
    joined_.stop();
    join();
  }

  [[nodiscard]] std::uint64_t exported_bytes() const { return bytes_; }
  [[nodiscard]] bool are_done() const { return left_ == 0; }

  // Gives up where a part has failed: at once, or, where the server says only that another one has, after a moment, so that
  // the one that knows why can say it. A signal is seen by one thread only: it is sent again, for those that write to a reader
  // who takes nothing.
  void watch() {
    try {
      how_.interrupts.check();
    } catch (const Interrupted& interrupted) {
      note(cause_, interrupted.signal());
    }
    const std::lock_guard lock(mutex_);
    if (signal_ != 0 && signal_ != SIGPIPE) kill(getpid(), signal_);
    if (cause_ != nullptr || (consequence_ != nullptr && Clock::now() > patience_)) joined_.stop();
  }

  // Throws what went wrong first.
  void end() {
    join();
    if (cause_ == nullptr) cause_ = consequence_;
    if (cause_ != nullptr) std::rethrow_exception(cause_);
  }

 private:
  void join() {
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }

  void work(int number) {
    try {
      export_part(number);
    } catch (const Stopped&) {
      // Whoever stopped it knows why.
    } catch (const Failure& failure) {
      note(is_consequence(failure) ? consequence_ : cause_);
    } catch (const Interrupted& interrupted) {
      note(cause_, interrupted.signal());
    } catch (...) {
      note(cause_);
    }
    --left_;
  }

  void note(std::exception_ptr& place, int signal = 0) {
    const std::lock_guard lock(mutex_);
    if (signal != 0) signal_ = signal;
    if (consequence_ == nullptr) patience_ = Clock::now() + 2s;
    if (place == nullptr) place = std::current_exception();
  }

  // The first part goes by the leader's own connection, whose transaction lasts longer than all of them.
  void export_part(int number) {
    if (number == 0) return copy_part(number, leader_);
    Connection connection(how_.parameters, how_.interrupts);
    connection.query(begin_statement);
    connection.query("SET TRANSACTION SNAPSHOT " + connection.literal(begun_.snapshot));
    copy_part(number, connection);
  }

  void copy_part(int number, Connection& connection) {
    const std::unique_ptr<Output> output = make_compressor(compression_, joined_.part(number));
    const auto check = [this] {
      if (joined_.is_stopped()) throw Stopped();
    };
    connection.copy_out(
        part_statement(begun_.call, begun_.parts[static_cast<std::size_t>(number)], connection),
        [&](std::string_view bytes) {
          output->write(bytes);
          bytes_ += bytes.size();
        },
        check);
    output->finish();
  }

  const BegunExport& begun_;
  Connection& leader_;
  const ParallelExport& how_;
  Compression compression_;
  JoinedOutput& joined_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::size_t> left_;
  std::mutex mutex_;
  std::exception_ptr cause_;
  std::exception_ptr consequence_;  // of another part's failure
  Clock::time_point patience_;
  int signal_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

ExportedFile export_file_in_parts(const ExportCall& call, Connection& leader, const ParallelExport& how,
                                  const FileFrame& frame, std::unique_ptr<Output> output,
                                  const std::function<void(std::uint64_t)>& tick) {
  const BegunExport begun = begin_export(call, leader, how.jobs);
  ExportedFile file;
  output = std::make_unique<CountingOutput>(std::move(output), &file.file_bytes);
  if (frame.sha256) output = std::make_unique<HashingOutput>(std::move(output), &file.sha256);
  JoinedOutput joined(std::move(output), how.spool_directory);
  {
    Workers workers(begun, leader, how, frame.compression, joined);
    while (!workers.are_done()) {
      std::this_thread::sleep_for(20ms);
      workers.watch();
      tick(workers.exported_bytes());
    }
    workers.end();
    file.exported_bytes = workers.exported_bytes();
  }
  leader.query("COMMIT");
  joined.finish();
  return file;
}

}  // namespace pg_takeout
