// Grammars as POSIX regular expressions, for references.
#pragma once

#include <regex.h>

#include <cstdlib>
#include <string>

namespace pg_takeout {

// The whole text must match. Texts hold no zero bytes.
class Pattern {
 public:
  explicit Pattern(const std::string& pattern, int flags = 0) {
    if (regcomp(&compiled_, ("^(" + pattern + ")$").c_str(), REG_EXTENDED | REG_NOSUB | flags) != 0) std::abort();
  }
  ~Pattern() { regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] bool matches(const std::string& text) const {
    return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_;
};

}  // namespace pg_takeout
