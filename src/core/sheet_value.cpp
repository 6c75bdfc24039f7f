#include "sheet_value.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "cell.hpp"
#include "value_text.hpp"

namespace pg_takeout {

namespace {

constexpr int max_digits = 15;
constexpr std::int64_t max_integer = 999'999'999'999'999;
constexpr double max_number = 9.99999999999999e307;

constexpr std::int64_t serial_of_2000 = 36526;  // 2000-01-01
constexpr std::int64_t first_serial = 61;       // 1900-03-01
constexpr std::int64_t last_serial = 2958465;   // 9999-12-31
constexpr std::int64_t day_microseconds = 86'400'000'000;

// A fraction given as an integer of `digits` decimal digits, without zeros at its end.
char* write_fraction(char* out, std::int64_t fraction, int digits) {
  if (fraction == 0) return out;
  *out++ = '.';
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  while (out[digits - 1] == '0') --digits;
  return out + digits;
}

}  // namespace

char* write_sheet_integer(char* out, std::int64_t value) {
  if (value < -max_integer || value > max_integer) return nullptr;
  return write_integer(out, value);
}

char* write_sheet_decimal(char* out, std::string_view text) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  if (text.size() > max_sheet_value || text.size() == sign) return nullptr;
  int digits = 0;
  for (std::size_t i = sign; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') continue;
    if (c < '0' || c > '9') return nullptr;  // NaN, Infinity
    if (digits > 0 || c != '0') ++digits;
    if (digits > max_digits) return nullptr;
  }
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* write_sheet_float8(char* out, double value) {
  const double size = std::fabs(value);
  // NaN fails the first comparison.
  if (!(size <= max_number) || (size < std::numeric_limits<double>::min() && size != 0)) return nullptr;
  return write_float8(out, value);
}

char* write_sheet_float4(char* out, float value) {
  if (!std::isfinite(value)) return nullptr;
  return write_float4(out, value);
}

char* write_sheet_date(char* out, std::int64_t days) {
  if (days < first_serial - serial_of_2000 || days > last_serial - serial_of_2000) return nullptr;
  return write_integer(out, days + serial_of_2000);
}

char* write_sheet_timestamp(char* out, std::int64_t microseconds) {
  constexpr std::int64_t first = (first_serial - serial_of_2000) * day_microseconds;
  constexpr std::int64_t last = (last_serial + 1 - serial_of_2000) * day_microseconds;
  if (microseconds < first || microseconds >= last) return nullptr;
  const std::int64_t from_zero = microseconds + serial_of_2000 * day_microseconds;
  const std::int64_t serial = from_zero / day_microseconds;
  const std::int64_t of_day = from_zero % day_microseconds;
  out = write_integer(out, serial);
  // Days have five digits up to the year 2173, so ten are left for the fraction; 10^10 / 86,400,000,000 = 25 / 216.
  const std::int64_t day_parts = serial < 100'000 ? 10'000'000'000 : serial < 1'000'000 ? 1'000'000'000 : 100'000'000;
  const int digits = serial < 100'000 ? 10 : serial < 1'000'000 ? 9 : 8;
  const std::int64_t scale = 216 * (10'000'000'000 / day_parts);
  std::int64_t fraction = (of_day * 25 + scale / 2) / scale;
  if (fraction >= day_parts) fraction = day_parts - 1;
  return write_fraction(out, fraction, digits);
}

char* write_sheet_time(char* out, std::int64_t microseconds) {
  if (microseconds < 0 || microseconds >= day_microseconds) return nullptr;
  *out++ = '0';
  // Twelve digits tell microseconds apart; 10^12 / 86,400,000,000 = 625 / 54.
  return write_fraction(out, (microseconds * 625 + 27) / 54, 12);
}

}  // namespace pg_takeout
