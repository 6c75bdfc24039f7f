// What the core throws. The backend side turns each code into one SQLSTATE (src/pg/boundary.cpp).
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace pg_takeout {

enum class ErrorCode {
  too_many_bytes,    // a result would grow past its cap
  too_many_columns,  // more than the format can hold
  cell_too_long,     // a value the format cannot hold
  invalid_utf8,
  invalid_option,
  interrupted,  // the caller's stop flag was raised
  internal,     // a library said no, or a promise inside the core was broken
};

class Error : public std::exception {
 public:
  // message: lower case, no full stop. detail, hint: whole sentences or empty.
  Error(ErrorCode code, std::string message, std::string detail = {}, std::string hint = {})
      : code_(code), message_(std::move(message)), detail_(std::move(detail)), hint_(std::move(hint)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string detail_;
  std::string hint_;
};

}  // namespace pg_takeout
