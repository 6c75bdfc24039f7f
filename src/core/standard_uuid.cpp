#include "standard_uuid.hpp"

#include <cstddef>

#include "byte_set.hpp"

namespace pg_takeout {

BrokenRule check_uuid(std::string_view text) {
  constexpr BrokenRule rule = "is not 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4)";
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != form.size()) return rule;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == '-' ? text[i] != '-' : !hex_digit.holds(text[i])) return rule;
  return nullptr;
}

}  // namespace pg_takeout
