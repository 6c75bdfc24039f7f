// How a command ends badly: what is told and the exit code that scripts see.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace pg_takeout {

// docs/runner.md lists them; their numbers are part of the interface.
enum class ExitCode : int {
  done = 0,
  failed = 1,         // the server said no, for a reason that has no code of its own here
  usage = 2,          // the command line or the configuration is wrong
  no_connection = 3,  // there is none, or it was lost
  not_allowed = 4,    // SQLSTATE class 28 and 42501
  over_limit = 5,     // 54000, 53400, 53200: rows, bytes, period, quota, memory
  not_delivered = 6,  // the file could not be written
};

class Failure : public std::exception {
 public:
  // message: lower case, no full stop. detail, hint: whole sentences or empty.
  Failure(ExitCode code, std::string message, std::string detail = {}, std::string hint = {}, std::string sqlstate = {})
      : code_(code),
        message_(std::move(message)),
        detail_(std::move(detail)),
        hint_(std::move(hint)),
        sqlstate_(std::move(sqlstate)) {}

  [[nodiscard]] ExitCode code() const { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] const std::string& sqlstate() const { return sqlstate_; }

 private:
  ExitCode code_;
  std::string message_;
  std::string detail_;
  std::string hint_;
  std::string sqlstate_;
};

// "cannot write "name": No space left on device", from errno.
[[nodiscard]] Failure system_failure(ExitCode code, const std::string& what);

// A signal asked the program to end.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal) : signal_(signal) {}
  [[nodiscard]] int signal() const { return signal_; }
  [[nodiscard]] const char* what() const noexcept override { return "interrupted by a signal"; }

 private:
  int signal_;
};

}  // namespace pg_takeout
