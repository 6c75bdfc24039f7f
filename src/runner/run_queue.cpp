#include "run_queue.hpp"

#include <algorithm>
#include <cstdlib>

#include "../core/utf8.hpp"
#include "failure.hpp"

namespace pg_takeout {

namespace {

std::optional<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string in_ascii(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return static_cast<signed char>(byte) <= 0; }, '?');
  return text;
}

// An array's text. Names of destinations have letters, digits, _ and - only, or no schedule can name them.
std::string array_of(const std::vector<std::string>& names) {
  std::string array;
  for (const std::string& name : names) array += (array.empty() ? "{\"" : ",\"") + name + "\"";
  return array.empty() ? "{}" : array + "}";
}

}  // namespace

RunQueue::RunQueue(Connection& connection, std::string runner, const std::vector<std::string>& destinations,
                   std::chrono::seconds lease)
    : connection_(connection),
      runner_(std::move(runner)),
      destinations_(array_of(destinations)),
      lease_(std::to_string(lease.count()) + " seconds") {}

std::optional<Run> RunQueue::claim() {
  const Rows rows = connection_.query_to_its_end(
      "SELECT run, token, schedule, due, dataset, format, tenant, options, since, until, destination, file, "
      "compression, checksum, timeout_seconds, state, error, columns FROM takeout.claim_run($1, $2, $3)",
      {runner_, destinations_, lease_});
  if (rows.count() == 0) return std::nullopt;
  int column = 0;
  const auto next = [&] { return rows.text(0, column++); };
  Run run;
  run.id = next();
  run.token = next();
  run.schedule = next();
  run.due = next();
  run.call.dataset = next();
  run.call.format = next();
  run.call.tenant = next();
  run.call.options = next();
  run.call.since = next();
  run.call.until = next();
  run.destination = next();
  run.file = next();
  run.compression = compression_of(next()).value_or(Compression::none);
  run.checksum = next() == "t";
  run.timeout = std::chrono::seconds(std::atoi(next().c_str()));
  run.state = next();
  run.error = next();
  if (!rows.is_null(0, column)) {
    const Rows columns = connection_.query_to_its_end("SELECT unnest($1::text[])", {next()});
    for (int i = 0; i < columns.count(); ++i) run.call.columns.push_back(columns.text(i, 0));
  }
  return run;
}

bool RunQueue::renew(const Run& run) {
  return connection_.query_to_its_end("SELECT takeout.renew_run($1, $2, $3)", {run.id, run.token, lease_}).text(0, 0) ==
         "t";
}

bool RunQueue::finish(const Run& run, const ExportedFile& file, std::optional<std::string> row_count) {
  return connection_
             .query_to_its_end("SELECT takeout.finish_run($1, $2, $3, $4, $5, $6)",
                               {run.id, run.token, std::move(row_count), std::to_string(file.exported_bytes),
                                std::to_string(file.file_bytes), or_null(file.sha256)})
             .text(0, 0) == "t";
}

bool RunQueue::release(const Run& run) {
  return connection_.query_to_its_end("SELECT takeout.release_run($1, $2)", {run.id, run.token}).text(0, 0) == "t";
}

std::string RunQueue::fail(const Run& run, const std::string& sqlstate, const std::string& reason) {
  const auto fail = [&](const std::string& text) {
    return connection_
        .query_to_its_end("SELECT takeout.fail_run($1, $2, $3, $4)", {run.id, run.token, or_null(sqlstate), text})
        .text(0, 0);
  };
  // Commands say what they want, and a database has the characters of its encoding.
  try {
    return fail(valid_utf8(reason));
  } catch (const Failure& failure) {
    if (!failure.sqlstate().starts_with("22")) throw;
    return fail(in_ascii(reason));
  }
}

std::optional<std::chrono::milliseconds> RunQueue::next_wakeup() {
  const Rows rows = connection_.query_to_its_end(
      "SELECT ceil(1000 * extract(epoch FROM takeout.next_wakeup($1)))::bigint", {destinations_});
  if (rows.is_null(0, 0)) return std::nullopt;
  return std::chrono::milliseconds(std::atoll(rows.text(0, 0).c_str()));
}

std::vector<ExpiredFile> RunQueue::expired_files(const std::vector<std::string>& destinations) {
  const Rows rows = connection_.query_to_its_end(
      "SELECT run, destination, file, checksum FROM takeout.expired_files($1)", {array_of(destinations)});
  std::vector<ExpiredFile> files;
  for (int i = 0; i < rows.count(); ++i)
    files.push_back({rows.text(i, 0), rows.text(i, 1), rows.text(i, 2), rows.text(i, 3) == "t"});
  return files;
}

void RunQueue::forget_file(const ExpiredFile& file) {
  connection_.query_to_its_end("SELECT takeout.forget_file($1)", {file.run});
}

}  // namespace pg_takeout
