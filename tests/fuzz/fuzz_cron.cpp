// parse_cron() against its fields read by regular expressions, and next_minute() against going minute by minute.
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "cron.hpp"
#include "error.hpp"
#include "fuzz_target.hpp"
#include "pattern.hpp"

using namespace pg_takeout;

namespace {

struct FieldRule {
  unsigned first, last;
  const char* names;  // separated by blanks, the first stands for `first`
};
constexpr FieldRule rules[] = {{0, 59, ""},
                               {0, 23, ""},
                               {1, 31, ""},
                               {1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
                               {0, 7, "sun mon tue wed thu fri sat"}};

using Values = std::array<bool, 60>;
struct Reference {
  Values fields[5] = {};
  bool either_day = false;
};

std::vector<std::string> parts(const std::string& text, char separator) {
  std::vector<std::string> found;
  std::istringstream stream(text + separator);
  for (std::string part; std::getline(stream, part, separator);) found.push_back(part);
  return found;
}

std::optional<unsigned> value_of(const std::string& text, const FieldRule& rule) {
  static const Pattern number("0*[0-9]{1,4}");
  std::istringstream names(rule.names);
  unsigned value = rule.first;
  for (std::string name; names >> name; ++value)
    if (text == name) return value;
  if (!number.matches(text)) return std::nullopt;
  value = static_cast<unsigned>(std::stoul(text));
  return value >= rule.first && value <= rule.last ? std::optional(value) : std::nullopt;
}

// a, *, a-b, each with or without /n. The weekday field's * and a/n end on Saturday.
bool read_range(const std::string& text, const FieldRule& rule, Values* values) {
  static const Pattern step_form("0*[1-9][0-9]{0,3}");
  const bool weekday = rule.last == 7;
  const std::size_t slash = text.find('/');
  const std::string range = text.substr(0, slash);
  unsigned step = 1;
  if (slash != std::string::npos) {
    const std::string step_text = text.substr(slash + 1);
    if (!step_form.matches(step_text)) return false;
    step = static_cast<unsigned>(std::stoul(step_text));
    if (step > rule.last) return false;
  }
  unsigned first = rule.first, last = weekday ? 6 : rule.last;
  if (range != "*") {
    const std::size_t dash = range.find('-');
    const auto from = value_of(range.substr(0, dash), rule);
    if (!from) return false;
    first = *from;
    if (dash != std::string::npos) {
      const auto to = value_of(range.substr(dash + 1), rule);
      if (!to) return false;
      last = weekday && *to == 0 && first > 0 ? 7 : *to;
      if (last < first) return false;
    } else if (slash == std::string::npos || last < first) {
      last = first;
    }
  }
  for (unsigned value = first; value <= last; value += step) (*values)[weekday ? value % 7 : value] = true;
  return true;
}

std::optional<Reference> read_expression(std::string text) {
  static const std::map<std::string, std::string> named = {
      {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
      {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};
  if (text.size() > 300) return std::nullopt;
  for (char& byte : text) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte - 'A' + 'a');
    if (byte == '\t') byte = ' ';
  }
  std::vector<std::string> fields;
  for (const std::string& field : parts(text, ' '))
    if (!field.empty()) fields.push_back(field);
  if (fields.size() == 1 && named.contains(fields[0])) return read_expression(named.at(fields[0]));
  if (fields.size() != 5) return std::nullopt;

  Reference reference;
  for (std::size_t i = 0; i < 5; ++i)
    for (const std::string& range : parts(fields[i], ','))
      if (!read_range(range, rules[i], &reference.fields[i])) return std::nullopt;
  reference.either_day = fields[2][0] != '*' && fields[4][0] != '*';
  if (reference.either_day) return reference;
  constexpr unsigned lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned month = 1; month <= 12; ++month)
    for (unsigned day = 1; day <= lengths[month - 1]; ++day)
      if (reference.fields[3][month] && reference.fields[2][day]) return reference;
  return std::nullopt;
}

bool is_due(const Reference& reference, std::int64_t minute) {
  const std::chrono::sys_seconds instant{std::chrono::minutes(minute)};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const auto minute_of_day = static_cast<std::size_t>((instant - day).count() / 60);
  const auto& [minutes, hours, days, months, weekdays] = reference.fields;
  const bool by_day = days[static_cast<unsigned>(date.day())];
  const bool by_weekday = weekdays[std::chrono::weekday(day).c_encoding()];
  return minutes[minute_of_day % 60] && hours[minute_of_day / 60] && months[static_cast<unsigned>(date.month())] &&
         (reference.either_day ? by_day || by_weekday : by_day && by_weekday);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const std::string plain = without_zero_bytes(text);
  const auto reference = read_expression(plain);
  Cron cron{};
  try {
    cron = parse_cron(text);
  } catch (const Error& error) {
    expect(text, error.detail().c_str(), reference.has_value());
    return 0;
  }
  expect(text, nullptr, reference.has_value());

  // From a minute of its own, in the years 1940 to 2070, for three days.
  const std::int64_t start = static_cast<std::int64_t>(std::hash<std::string_view>{}(text) % 68'000'000) - 15'000'000;
  const auto found = next_minute(cron, start);
  expect(text, found && (*found < start || !is_due(*reference, *found)) ? "next is not due" : nullptr, true);
  for (std::int64_t minute = start; minute < start + 4320; ++minute) {
    if (!is_due(*reference, minute)) continue;
    expect(text, found == minute ? nullptr : "next is not the first that is due", true);
    break;
  }
  return 0;
}
