#include "standard_country.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "byte_set.hpp"
#include "country_codes.hpp"  // made when the library is built, by country_codes.awk

namespace pg_takeout {

namespace {

constexpr ByteSet upper_case = ByteSet::range('A', 'Z');

// For each first letter a bit for each second one.
constexpr auto second_letters = [] {
  std::array<std::uint32_t, 26> bits{};
  for (std::size_t i = 0; i < country_codes.size(); i += 2)
    bits[static_cast<std::size_t>(country_codes[i] - 'A')] |= 1U << (country_codes[i + 1] - 'A');
  return bits;
}();

}  // namespace

BrokenRule check_country(std::string_view text) {
  if (text.size() != 2 || !upper_case.holds_all_of(text)) return "is not two upper case letters (ISO 3166-1 alpha-2)";
  const bool assigned = (second_letters[static_cast<std::size_t>(text[0] - 'A')] >> (text[1] - 'A') & 1U) != 0;
  return assigned ? nullptr : "is no assigned code (ISO 3166-1 alpha-2)";
}

std::string_view assigned_country_codes() { return country_codes; }

}  // namespace pg_takeout
