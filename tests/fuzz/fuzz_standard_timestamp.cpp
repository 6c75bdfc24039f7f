// check_timestamp() and check_date() against their forms as regular expressions and the calendar of the standard library.
#include <chrono>
#include <cstdlib>

#include "fuzz_target.hpp"
#include "pattern.hpp"
#include "standard_timestamp.hpp"

using namespace pg_takeout;
using namespace std::chrono;

namespace {

// The digits of the text without its signs.
std::string digits_of(const std::string& text) {
  std::string digits;
  for (const char byte : text)
    if (byte >= '0' && byte <= '9') digits += byte;
  return digits;
}

year_month_day date_of(const std::string& digits) {
  return year{std::stoi(digits.substr(0, 4))} / month{static_cast<unsigned>(std::stoi(digits.substr(4, 2)))} /
         day{static_cast<unsigned>(std::stoi(digits.substr(6, 2)))};
}

bool is_date(const std::string& text) {
  static const Pattern form("[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}");
  return form.matches(text) && date_of(digits_of(text)).ok();
}

bool is_timestamp(const std::string& text) {
  static const Pattern form(
      "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([Zz]|[+-][0-9]{2}(:[0-9]{2})?)?|"
      "[0-9]{8}[Tt][0-9]{6}([.,][0-9]+)?([Zz]|[+-][0-9]{2}([0-9]{2})?)?");
  static const Pattern end_of_day(".*[Tt]24:?00:?00([.,]0+)?([Zz]|[+-].*)?");
  if (!form.matches(text)) return false;

  const std::size_t t = text.find_first_of("Tt");
  const year_month_day date = date_of(digits_of(text.substr(0, t)));
  if (!date.ok()) return false;
  const std::string time = digits_of(text.substr(t, text.find_first_of(".,+-Zz", t) - t));
  const int hour = std::stoi(time.substr(0, 2));
  const int minute = std::stoi(time.substr(2, 2));
  const int second = std::stoi(time.substr(4, 2));

  minutes east{0};
  if (const std::size_t sign = text.find_first_of("+-", t); sign != std::string::npos) {
    const std::string zone = digits_of(text.substr(sign)) + "00";
    const int hours_east = std::stoi(zone.substr(0, 2));
    const int minutes_east = std::stoi(zone.substr(2, 2));
    if (hours_east > 23 || minutes_east > 59) return false;
    east = (text[sign] == '-' ? -1 : 1) * (hours{hours_east} + minutes{minutes_east});
  }
  if (hour == 24) return end_of_day.matches(text);
  if (hour > 24 || minute > 59 || second > 60) return false;
  if (second < 60) return true;
  // The second after a leap second begins a month of UTC.
  const auto after = sys_days{date} + hours{hour} + minutes{minute + 1} - east;
  const auto day_after = floor<days>(after);
  return after == day_after && year_month_day{day_after}.day() == day{1};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::string plain = without_zero_bytes(text);
  expect(text, check_date(text), is_date(plain));
  expect(text, check_timestamp(text), is_timestamp(plain));
  return 0;
}
