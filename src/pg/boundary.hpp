// The one way from the backend into the core: C++ exceptions end here and become PostgreSQL errors.
//
// A frame that calls PostgreSQL holds only trivially destructible locals, and an error is raised outside every catch
// block, so that no longjmp skips a destructor and no exception meets a C frame.
#pragma once

#include "postgres.hpp"

#include <exception>
#include <type_traits>

namespace pg_takeout {

// An exception after it was caught: plain memory.
struct CaughtError {
  int sqlstate;
  bool too_many_bytes;  // a result's cap: the caller knows the way on
  char message[512];
  char detail[512];
  char hint[512];
};

// Fills `caught` from the exception being handled.
void describe_current_exception(CaughtError* caught) noexcept;

// Raises it. Interruptions by a pending cancel are raised as PostgreSQL does.
[[noreturn]] void raise_caught(const CaughtError* caught);

// Runs a call into the core. The callable must not call PostgreSQL functions that can raise errors; its result must be
// trivially destructible.
template <typename Call>
auto run_core(Call&& call) -> std::invoke_result_t<Call> {
  using Result = std::invoke_result_t<Call>;
  static_assert(std::is_void_v<Result> || std::is_trivially_destructible_v<Result>);
  CaughtError caught;
  try {
    return call();
  } catch (...) {
    describe_current_exception(&caught);
  }
  raise_caught(&caught);
}

}  // namespace pg_takeout
