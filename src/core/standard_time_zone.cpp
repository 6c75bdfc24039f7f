#include "standard_time_zone.hpp"

#include "byte_set.hpp"

namespace pg_takeout {

BrokenRule check_time_zone(std::string_view text) {
  constexpr BrokenRule rule = "does not look like a name of the IANA time zone database";
  constexpr ByteSet name_byte = ascii_alphanumeric | ByteSet("._-+");
  for (;;) {
    const std::string_view part = text.substr(0, text.find('/'));
    if (part.empty() || part == "." || part == ".." || part.starts_with('-') || !name_byte.holds_all_of(part))
      return rule;
    text.remove_prefix(part.size());
    if (text.empty()) return nullptr;
    text.remove_prefix(1);
  }
}

}  // namespace pg_takeout
