#include "schedule_commands.hpp"

#include <cstdio>

#include "../core/cron.hpp"
#include "../core/error.hpp"
#include "connection_options.hpp"
#include "failure.hpp"
#include "table_text.hpp"

namespace pg_takeout {

namespace {

using Parameters = std::vector<std::optional<std::string>>;

struct ScheduleOptions {
  ServerAddress address;
  std::string name;
  std::string cron;
  std::string dataset;
  std::string format;
  std::string destination;
  std::string columns;
  // Arguments of takeout.schedule() that are handed on as they are, by their names in SQL.
  std::map<std::string, std::string> more;
  bool checksum = false;
  bool disabled = false;
};

struct ListOptions {
  ServerAddress address;
  std::string name;
  std::string cron;
  std::string zone = "UTC";
  int count = 0;
  bool json = false;
};

constexpr const char* add_examples = R"(Examples:
  takeout schedule add nightly '30 2 * * *' leads --to reports --zone Europe/Helsinki --period yesterday
  takeout schedule add invoices @monthly invoices --to archive --format xlsx --period last_month \
    --file-name 'invoices-{since}.{extension}' --keep '2 years')";

// Before the server is asked: the character that is wrong, shown.
void check_cron(const std::string& cron) {
  try {
    (void)parse_cron(cron);
  } catch (const Error& error) {
    std::string detail = error.detail();
    constexpr std::string_view beginning = "At character ";
    if (detail.starts_with(beginning)) {
      const int position = std::atoi(detail.c_str() + beginning.size());
      detail += "\n  " + cron + "\n  " + std::string(static_cast<std::size_t>(position) - 1, ' ') + "^";
    }
    throw Failure(ExitCode::usage, error.what(), detail, error.hint());
  }
}

class Session {
 public:
  explicit Session(const ServerAddress& address) : connection_(checked(address), interrupts_) {
    connection_.query("SET DateStyle = ISO");
  }

  Rows query(const std::string& statement, const Parameters& parameters = {}) {
    return connection_.query(statement, parameters);
  }

 private:
  static ConnectionParameters checked(const ServerAddress& address) {
    refuse_password(address);
    return connection_parameters(address);
  }

  Interrupts interrupts_;
  Connection connection_;
};

int add_schedule(const ScheduleOptions& options) {
  check_cron(options.cron);
  Parameters parameters{options.name, options.cron, options.dataset,
                        options.format.empty() ? std::nullopt : std::optional(options.format), options.destination};
  std::string call = "SELECT takeout.schedule($1, $2, $3, $4, $5";
  const auto add = [&](const std::string& name, const std::string& value, const char* before = "",
                       const char* after = "") {
    parameters.emplace_back(value);
    call += ", " + name + " => " + before + "$" + std::to_string(parameters.size()) + after;
  };
  for (const auto& [name, value] : options.more)
    if (!value.empty()) add(name, value);
  if (!options.columns.empty()) add("columns", options.columns, "string_to_array(", ", ',')");
  if (options.checksum) call += ", checksum => true";
  if (options.disabled) call += ", enabled => false";
  Session session(options.address);
  session.query(call + ")", parameters);
  const Rows next = session.query(
      "SELECT s.next_due AT TIME ZONE s.zone, s.zone FROM takeout.schedules s WHERE s.name = $1", {options.name});
  if (next.count() == 1)
    std::printf("%s is due next at %s (%s)\n", options.name.c_str(), next.text(0, 0).c_str(), next.text(0, 1).c_str());
  return 0;
}

int remove_schedule(const ListOptions& options) {
  Session(options.address).query("SELECT takeout.unschedule($1)", {options.name});
  return 0;
}

// Each row as a JSON object on a line of its own, or all of them as a table.
int show(const ListOptions& options, const std::vector<std::string>& titles, const std::string& query,
         const Parameters& parameters) {
  Session session(options.address);
  if (options.json) {
    const Rows rows = session.query("SELECT to_json(r) FROM (" + query + ") r", parameters);
    for (int i = 0; i < rows.count(); ++i) std::printf("%s\n", rows.text(i, 0).c_str());
  } else {
    std::fputs(table_text(titles, session.query(query, parameters)).c_str(), stdout);
  }
  return 0;
}

int list_schedules(const ListOptions& options) {
  return show(
      options,
      {"name", "enabled", "cron", "zone", "dataset", "format", "tenant", "period", "destination", "next due",
       "last state"},
      "SELECT s.name, s.enabled, s.cron, s.zone, s.dataset, s.format, s.tenant, s.period, s.destination, s.next_due, "
      "(SELECT r.state FROM takeout.runs r WHERE r.schedule = s.id ORDER BY r.due DESC LIMIT 1) AS last_state "
      "FROM takeout.schedules s ORDER BY s.name",
      {});
}

int show_history(const ListOptions& options) {
  return show(options, {"schedule", "due", "state", "attempts", "rows", "bytes", "seconds", "file", "error"},
              "SELECT r.name AS schedule, r.due, r.state, r.attempts, r.row_count AS rows, r.file_bytes AS bytes, "
              "round(extract(epoch FROM r.finished_at - r.started_at), 1) AS seconds, "
              "r.destination || ':' || r.file AS file, r.error "
              "FROM takeout.runs r WHERE $1 = '' OR r.name = $1 ORDER BY r.due DESC, r.id DESC LIMIT $2::int",
              {options.name, std::to_string(options.count)});
}

int show_next(const ListOptions& options) {
  check_cron(options.cron);
  return show(
      options, {"due"},
      "SELECT to_char(n AT TIME ZONE $2, 'YYYY-MM-DD HH24:MI Dy') AS due FROM takeout.next_runs($1, $2, $3::int) n",
      {options.cron, options.zone, std::to_string(options.count)});
}

template <typename Options>
void run_by(CLI::App& command, Action& action, std::shared_ptr<Options> options, int (*run)(const Options&)) {
  add_connection_options(command, options->address);
  command.callback([options, &action, run] { action = [options, run] { return run(*options); }; });
}

void add_add_command(CLI::App& schedule, Action& action) {
  auto options = std::make_shared<ScheduleOptions>();
  CLI::App& command = *schedule.add_subcommand("add", "Make a schedule, or change the one of that name");
  command.footer(add_examples);
  command.add_option("name", options->name, "Name of the schedule")->required();
  command
      .add_option("cron", options->cron, "When: five fields in quotes, or @hourly, @daily, @weekly, @monthly, @yearly")
      ->required();
  command.add_option("dataset", options->dataset, "What to export")->required();
  command.add_option("--to", options->destination, "Destination, as takeout.toml names it")->required();
  command.add_option("-f,--format", options->format, "csv, json, jsonl or xlsx; else the dataset's default");
  command.add_option("--columns", options->columns, "Columns in the order wanted, with commas");
  const auto add = [&](const char* option, const char* argument, const char* help) {
    command.add_option(option, options->more[argument], help);
  };
  add("--zone", "zone", "IANA time zone (UTC)");
  add("--period", "period",
      "all, yesterday, last_week, last_month, last_year, or new: what the last success did not have (all)");
  add("--tenant", "tenant", "Whose rows");
  add("--options", "options", "Options of the format as a JSON object");
  add("--file-name", "file_name", "With {schedule} {dataset} {tenant} {date} {time} {due} {since} {until} {extension}");
  add("--compress", "compression", "none, gzip or zstd (none)");
  add("--catch-up", "catch_up", "Runs that were missed: skip, once or all (once)");
  add("--overlap", "overlap", "Due while the run before goes on: skip or queue (skip)");
  add("--max-attempts", "max_attempts", "How often a run is tried (5)");
  add("--retry-delay", "retry_delay", "Wait after the first failure, doubled by each more (1 minute)");
  add("--timeout", "timeout", "How long one attempt may take (1 hour)");
  add("--keep", "keep", "How long files stay (for ever)");
  command.add_flag("--sha256", options->checksum, "Write a file with the SHA-256 beside");
  command.add_flag("--disabled", options->disabled, "It does not run until it is added again without this");
  run_by(command, action, options, add_schedule);
}

}  // namespace

void add_schedule_commands(CLI::App& program, Action& action) {
  CLI::App& schedule = *program.add_subcommand("schedule", "Make, list and remove schedules");
  schedule.require_subcommand(1);
  add_add_command(schedule, action);

  auto list = std::make_shared<ListOptions>();
  CLI::App& list_command = *schedule.add_subcommand("list", "Show your schedules");
  list_command.add_flag("--json", list->json, "One JSON object a line");
  run_by(list_command, action, list, list_schedules);

  auto removed = std::make_shared<ListOptions>();
  CLI::App& remove_command = *schedule.add_subcommand("remove", "Remove a schedule; its history stays");
  remove_command.add_option("name", removed->name, "Name of the schedule")->required();
  run_by(remove_command, action, removed, remove_schedule);

  auto next = std::make_shared<ListOptions>();
  next->count = 10;
  CLI::App& next_command = *program.add_subcommand("next", "Show when a cron expression is due");
  next_command.add_option("cron", next->cron, "Five fields in quotes, or @daily and the like")->required();
  next_command.add_option("--zone", next->zone, "IANA time zone (UTC)");
  next_command.add_option("-n", next->count, "How many times (10)")->check(CLI::Range(1, 100000));
  next_command.add_flag("--json", next->json, "One JSON object a line");
  run_by(next_command, action, next, show_next);

  auto history = std::make_shared<ListOptions>();
  history->count = 20;
  CLI::App& history_command = *program.add_subcommand("history", "Show the runs of your schedules, the latest first");
  history_command.add_option("schedule", history->name, "Of this schedule only");
  history_command.add_option("-n", history->count, "How many (20)")->check(CLI::Range(1, 1000000));
  history_command.add_flag("--json", history->json, "One JSON object a line");
  run_by(history_command, action, history, show_history);
}

}  // namespace pg_takeout
