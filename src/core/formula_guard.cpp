#include "formula_guard.hpp"

namespace pg_takeout {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_number_or_phone(std::string_view text) {
  if (text.front() == '+' || text.front() == '-') text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front())) return false;
  for (const char byte : text) {
    if (!is_digit(byte) && std::string_view(" ().,-").find(byte) == std::string_view::npos) return false;
  }
  return true;
}

// U+FF1D, U+FF0B, U+FF0D and U+FF20: what an East Asian Excel takes for = + - @.
bool starts_with_full_width_sign(std::string_view text) {
  return text.starts_with("\xef\xbc\x9d") || text.starts_with("\xef\xbc\x8b") || text.starts_with("\xef\xbc\x8d") ||
         text.starts_with("\xef\xbc\xa0");
}

}  // namespace

bool is_formula(std::string_view text) {
  if (text.empty()) return false;
  switch (text.front()) {
    case '=':
    case '@':
    case '\t':
    case '\r':
    case '\n':
      return true;
    case '+':
    case '-':
      return !is_number_or_phone(text);
    case '\xef':
      return starts_with_full_width_sign(text);
    default:
      return false;
  }
}

}  // namespace pg_takeout
