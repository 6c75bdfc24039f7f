#include "connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <cstdio>
#include <future>
#include <thread>

#include "beside.hpp"
#include "failure.hpp"
#include "json_object.hpp"

namespace pg_takeout {

namespace {

constexpr std::chrono::milliseconds moment{200};  // between two ticks

using Result = std::unique_ptr<PGresult, CloseResult>;
using Handle = std::unique_ptr<PGconn, CloseConnection>;

bool notices_are_json = false;

std::string trimmed(const char* text) {
  std::string result = text != nullptr ? text : "";
  while (!result.empty() && result.back() == '\n') result.pop_back();
  return result;
}

ExitCode exit_code_of(const std::string& sqlstate) {
  if (sqlstate == "42501" || sqlstate.starts_with("28")) return ExitCode::not_allowed;
  if (sqlstate == "54000" || sqlstate == "53400" || sqlstate == "53200") return ExitCode::over_limit;
  // The server is shutting down, or ended this session.
  if (sqlstate.starts_with("57P") || sqlstate.starts_with("08")) return ExitCode::no_connection;
  return ExitCode::failed;
}

Failure failure_of(const PGresult* result) {
  const auto field = [result](int code) { return trimmed(PQresultErrorField(result, code)); };
  const std::string sqlstate = field(PG_DIAG_SQLSTATE);
  if (sqlstate.empty()) return {ExitCode::no_connection, trimmed(PQresultErrorMessage(result))};
  return {exit_code_of(sqlstate), field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_MESSAGE_DETAIL),
          field(PG_DIAG_MESSAGE_HINT), sqlstate};
}

Failure connection_failure(const PGconn* connection) {
  const char* mode = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfo(const_cast<PGconn*>(connection)), &PQconninfoFree);
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (std::string_view(option->keyword) == "sslmode") mode = option->val;
  const bool verified = mode != nullptr && std::string_view(mode) == "verify-full";
  const bool lacks_password = PQconnectionNeedsPassword(connection) != 0;
  return {lacks_password ? ExitCode::not_allowed : ExitCode::no_connection,
          trimmed(PQerrorMessage(connection)),
          {},
          verified ? "For a host that is not this machine, TLS with its certificate and name checked is the default: "
                     "sslrootcert names "
                     "the certificates to trust, sslmode another way."
                   : ""};
}

// The beginning of what the server said last, empty if it said nothing. In every language the severity has two spaces behind it.
std::string said_by_server(const std::string& message) {
  const std::size_t end = message.rfind(":  ");
  return end != std::string::npos ? message.substr(end + 3, 5) : "";
}

// By libpq in one go, since only so it turns from a host that is silent to the next one. Why a login is refused, it tells as a
// SQLSTATE to those only who have asked before: such a login is tried once more.
Handle connect(const ConnectionParameters& parameters) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  Handle connection(PQconnectdbParams(keywords.data(), values.data(), 0));
  if (connection == nullptr) throw std::bad_alloc();
  if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
  const Failure failure = connection_failure(connection.get());
  if (said_by_server(failure.what()).empty()) throw failure;
  PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
  PQreset(connection.get());
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
  const std::string sqlstate = said_by_server(PQerrorMessage(connection.get()));
  const bool is_refused = exit_code_of(sqlstate) == ExitCode::not_allowed;
  throw Failure(is_refused ? ExitCode::not_allowed : ExitCode::no_connection, failure.what(), failure.detail(),
                failure.hint(), sqlstate);
}

void tell(const PGresult* notice) {
  const std::string message = trimmed(PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY));
  if (notices_are_json) {
    const std::string fields = JsonObject().add("message", message).text();
    std::fprintf(stderr, "%s\n", JsonObject().add_raw("notice", fields).text().c_str());
  } else {
    std::fprintf(stderr, "takeout: %s\n", message.c_str());
  }
}

}  // namespace

void CloseResult::operator()(pg_result* result) const { PQclear(result); }

void CloseConnection::operator()(pg_conn* connection) const { PQfinish(connection); }

void tell_notices_as_json() { notices_are_json = true; }

int Rows::count() const { return PQntuples(result_.get()); }
bool Rows::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
std::string Rows::text(int row, int column) const { return PQgetvalue(result_.get(), row, column); }

// A connection that a signal does not wait for is left to itself.
Connection::Connection(const ConnectionParameters& parameters, Interrupts& interrupts) : interrupts_(interrupts) {
  connection_ = run_beside([parameters] { return connect(parameters); },
                           [&] { (void)interrupts.wait(-1, 0, std::chrono::milliseconds(0)); });
  // NOTICEs, such as that of the formula guard, are for people.
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult* notice) { tell(notice); }, nullptr);
  PQsetnonblocking(connection_.get(), 1);
}

void Connection::fail() { throw Failure(ExitCode::no_connection, trimmed(PQerrorMessage(connection_.get()))); }

void Connection::flush() {
  for (int left = PQflush(connection_.get()); left != 0; left = PQflush(connection_.get())) {
    if (left < 0) fail();
    if (wait(POLLIN | POLLOUT) && PQconsumeInput(connection_.get()) == 0) fail();
  }
}

bool Connection::wait(short events) {
  if (std::chrono::steady_clock::now() < undisturbed_until_)
    return interrupts_.wait_undisturbed(PQsocket(connection_.get()), events, moment);
  return interrupts_.wait(PQsocket(connection_.get()), events, moment);
}

void Connection::receive() {
  try {
    if (!wait(POLLIN)) return;
  } catch (const Interrupted&) {
    cancel();
    throw;
  }
  if (PQconsumeInput(connection_.get()) == 0) fail();
}

Result Connection::next_result() {
  while (PQisBusy(connection_.get()) != 0) receive();
  return Result(PQgetResult(connection_.get()));
}

Result Connection::finish(Result result) {
  const auto is_error = [](const Result& one) { return PQresultStatus(one.get()) == PGRES_FATAL_ERROR; };
  for (Result more = next_result(); more != nullptr; more = next_result())
    if (!is_error(result)) result = std::move(more);
  if (result == nullptr) fail();
  if (is_error(result)) throw failure_of(result.get());
  return result;
}

Rows Connection::query(const std::string& statement, const std::vector<std::optional<std::string>>& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  if (PQsendQueryParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 0)
    fail();
  flush();
  return Rows(finish(next_result()).release());
}

Rows Connection::query_to_its_end(const std::string& statement,
                                  const std::vector<std::optional<std::string>>& parameters) {
  undisturbed_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  Rows rows = query(statement, parameters);
  undisturbed_until_ = {};
  return rows;
}

void Connection::copy_out(const std::string& statement, const std::function<void(std::string_view)>& take,
                          const std::function<void()>& tick) {
  if (PQsendQuery(connection_.get(), statement.c_str()) == 0) fail();
  flush();
  for (; PQisBusy(connection_.get()) != 0; receive()) tick();
  Result result = next_result();
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT) {
    finish(std::move(result));
    throw Failure(ExitCode::failed, "the server did not begin to copy");
  }
  try {
    receive_copy(take, tick);
  } catch (...) {
    cancel();
    throw;
  }
  finish(next_result());
}

void Connection::receive_copy(const std::function<void(std::string_view)>& take, const std::function<void()>& tick) {
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_.get(), &bytes, 1);
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(bytes, &PQfreemem);
    if (size == -1) return;
    if (size < -1) fail();
    if (size == 0) {
      tick();
      receive();
    } else {
      take({bytes, static_cast<std::size_t>(size)});
    }
  }
}

bool Connection::wait_for_notification(std::chrono::milliseconds timeout) {
  const auto take_all = [this] {
    bool any = false;
    while (PGnotify* notification = PQnotifies(connection_.get())) {
      any = true;
      PQfreemem(notification);
    }
    return any;
  };
  // Some may have come with the answer to a query.
  if (take_all()) return true;
  if (interrupts_.wait(PQsocket(connection_.get()), POLLIN, timeout) && PQconsumeInput(connection_.get()) == 0) fail();
  return take_all();
}

std::string Connection::literal(const std::string& text) const {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(PQescapeLiteral(connection_.get(), text.data(), text.size()),
                                                           &PQfreemem);
  if (quoted == nullptr) throw Failure(ExitCode::usage, trimmed(PQerrorMessage(connection_.get())));
  return quoted.get();
}

void Connection::cancel() noexcept {
  if (std::exchange(cancelled_, true)) return;
  // PQcancel() opens a connection and has no time limit of its own.
  try {
    const std::shared_ptr<PGcancel> handle(PQgetCancel(connection_.get()), &PQfreeCancel);
    if (handle == nullptr) return;
    std::packaged_task<void()> task([handle] {
      char reason[256];
      PQcancel(handle.get(), reason, sizeof reason);
    });
    std::future<void> done = task.get_future();
    std::thread(std::move(task)).detach();
    done.wait_for(std::chrono::seconds(3));
  } catch (...) {
    // The server will notice that the connection is closed.
  }
}

}  // namespace pg_takeout
