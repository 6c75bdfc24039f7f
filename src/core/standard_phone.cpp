#include "standard_phone.hpp"

#include "byte_set.hpp"

namespace pg_takeout {

BrokenRule check_phone(std::string_view text) {
  if (!text.starts_with('+')) return "does not begin with + and a country code (E.164 section 6)";
  text.remove_prefix(1);
  if (!ascii_digit.holds_all_of(text)) return "has more than + and digits (E.164 section 6)";
  if (text.starts_with('0')) return "no country code begins with 0 (E.164, assigned country codes)";
  if (text.size() > 15) return "has more than 15 digits (E.164 section 6.1)";
  return text.size() < 7 ? "has less than 7 digits, too few for a country code and a subscriber number" : nullptr;
}

}  // namespace pg_takeout
