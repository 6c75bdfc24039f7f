// One connection to a server, whose every wait ends at once when a signal comes.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interrupts.hpp"
#include "server_address.hpp"

struct pg_conn;
struct pg_result;

namespace pg_takeout {

struct CloseResult {
  void operator()(pg_result* result) const;
};

struct CloseConnection {
  void operator()(pg_conn* connection) const;
};

// The NOTICEs of all connections, which go to standard error, are JSON objects. Before the first connection.
void tell_notices_as_json();

// Rows of text.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  [[nodiscard]] int count() const;
  [[nodiscard]] bool is_null(int row, int column) const;
  [[nodiscard]] std::string text(int row, int column) const;

 private:
  std::unique_ptr<pg_result, CloseResult> result_;
};

class Connection {
 public:
  // Tries one host behind the other, each as long as connect_timeout says. Throws Failure (no_connection, not_allowed), Interrupted.
  Connection(const ConnectionParameters& parameters, Interrupts& interrupts);

  // Runs one statement with text parameters, nullopt for NULL. Throws Failure with the server's SQLSTATE, Interrupted after
  // the statement was cancelled.
  Rows query(const std::string& statement, const std::vector<std::optional<std::string>>& parameters = {});

  // The same, but a signal waits for the answer, some seconds at most: whoever is told to end knows what became of it.
  Rows query_to_its_end(const std::string& statement, const std::vector<std::optional<std::string>>& parameters);

  // Runs a COPY … TO STDOUT and hands over its bytes as they come; `tick` is called now and then, also while none come.
  // Returns only when the server says that all went well.
  void copy_out(const std::string& statement, const std::function<void(std::string_view)>& take,
                const std::function<void()>& tick);

  // Waits for a notification on a channel that this connection listens to; false when the time is over.
  bool wait_for_notification(std::chrono::milliseconds timeout);

  // As a literal of SQL, quotes included.
  [[nodiscard]] std::string literal(const std::string& text) const;

  // Asks the server, once, to stop what it does for this connection; gives up after a few seconds. The connection is of no
  // use afterwards.
  void cancel() noexcept;

 private:
  void flush();
  bool wait(short events);
  // Takes in the input that comes within a moment. Cancels the statement if a signal comes.
  void receive();
  // The next result of the statement that was sent, null when there is no more.
  std::unique_ptr<pg_result, CloseResult> next_result();
  // Reads the rest of what the statement gives. Throws Failure if any of it is an error.
  std::unique_ptr<pg_result, CloseResult> finish(std::unique_ptr<pg_result, CloseResult> result);
  void receive_copy(const std::function<void(std::string_view)>& take, const std::function<void()>& tick);
  [[noreturn]] void fail();

  Interrupts& interrupts_;
  std::unique_ptr<pg_conn, CloseConnection> connection_;
  bool cancelled_ = false;
  std::chrono::steady_clock::time_point undisturbed_until_{};
};

}  // namespace pg_takeout
