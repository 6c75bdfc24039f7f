#include "failure.hpp"

#include <cerrno>
#include <system_error>

namespace pg_takeout {

Failure system_failure(ExitCode code, const std::string& what) {
  return {code, what + ": " + std::generic_category().message(errno)};
}

}  // namespace pg_takeout
