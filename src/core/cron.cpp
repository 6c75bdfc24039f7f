#include "cron.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <string>

#include "error.hpp"

namespace pg_takeout {

namespace {

struct Field {
  const char* name;
  unsigned first;
  unsigned last;
  std::string_view names;  // three letters each, the first stands for `first`
};

constexpr Field minute_field{"minute", 0, 59, ""};
constexpr Field hour_field{"hour", 0, 23, ""};
constexpr Field day_field{"day of the month", 1, 31, ""};
constexpr Field month_field{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"};
constexpr Field weekday_field{"day of the week", 0, 7, "sunmontuewedthufrisat"};

struct NamedExpression {
  std::string_view name;
  std::string_view meaning;
};

constexpr NamedExpression named_expressions[] = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};

constexpr std::string_view blanks = " \t";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

class Parser {
 public:
  explicit Parser(std::string_view expression) : expression_(expression) {}

  Cron parse() {
    skip_blanks();
    if (at_end()) fail(position_, "the expression is empty");
    if (peek() == '@') return parse_named();
    Cron cron{};
    cron.minutes = parse_field(minute_field);
    cron.hours = parse_field(hour_field);
    const std::size_t days_at = begin_field(day_field);
    cron.days = parse_list(day_field);
    cron.months = parse_field(month_field);
    const std::size_t weekdays_at = begin_field(weekday_field);
    cron.weekdays = parse_list(weekday_field);
    skip_blanks();
    if (!at_end()) fail(position_, "there are more than five fields");

    cron.weekdays = (cron.weekdays | cron.weekdays >> 7) & 0x7F;
    cron.either_day = expression_[days_at] != '*' && expression_[weekdays_at] != '*';
    check_days(cron, days_at);
    return cron;
  }

 private:
  [[nodiscard]] bool at_end() const { return position_ == expression_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : expression_[position_]; }
  [[nodiscard]] bool at_blank() const { return blanks.find(peek()) != std::string_view::npos; }

  void skip_blanks() { position_ = std::min(expression_.find_first_not_of(blanks, position_), expression_.size()); }

  bool take(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }

  [[noreturn]] void fail(std::size_t position, const std::string& what) const {
    // Characters of UTF-8: all bytes but those that continue one.
    const auto before = expression_.substr(0, position);
    const auto character = 1 + std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
    throw Error(ErrorCode::invalid_option, "invalid cron expression: \"" + std::string(expression_) + "\"",
                "At character " + std::to_string(character) + ": " + what + ".",
                "The fields are minute, hour, day of the month, month and day of the week, as in '30 6 * * mon-fri'.");
  }

  Cron parse_named() {
    const std::string_view rest = expression_.substr(position_);
    const std::string_view name = rest.substr(0, rest.find_last_not_of(blanks) + 1);
    for (const NamedExpression& known : named_expressions)
      if (same_letters(name, known.name)) return Parser(known.meaning).parse();
    fail(position_, "the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually");
  }

  std::size_t begin_field(const Field& field) {
    skip_blanks();
    if (at_end()) fail(position_, std::string("the ") + field.name + " is missing");
    return position_;
  }

  std::uint64_t parse_field(const Field& field) {
    begin_field(field);
    return parse_list(field);
  }

  std::uint64_t parse_list(const Field& field) {
    std::uint64_t values = 0;
    do values |= parse_range(field);
    while (take(','));
    if (!at_end() && !at_blank()) fail(position_, unexpected());
    return values;
  }

  std::uint64_t parse_range(const Field& field) {
    unsigned first = field.first;
    // The second name of Sunday, 7, does not make a step of its own.
    const unsigned last_of_any = field.first == 0 && field.last == 7 ? 6 : field.last;
    unsigned last = last_of_any;
    if (!take('*')) {
      const std::size_t start = position_;
      first = last = parse_value(field);
      if (take('-')) {
        last = parse_value(field);
        if (&field == &weekday_field && last == 0 && first > 0) last = 7;  // fri-sun
        if (last < first) fail(start, "the range ends before it begins");
      } else if (peek() == '/') {
        last = std::max(first, last_of_any);
      }
    }
    const unsigned step = take('/') ? parse_step(field) : 1;
    std::uint64_t values = 0;
    for (unsigned value = first; value <= last; value += step) values |= std::uint64_t{1} << value;
    return values;
  }

  unsigned parse_value(const Field& field) {
    const std::size_t start = position_;
    if (is_letter(peek())) return parse_name(field);
    const unsigned value = parse_number(field);
    if (value < field.first || value > field.last)
      fail(start, std::string(field.name) + " " + std::string(expression_.substr(start, position_ - start)) +
                      " is not between " + std::to_string(field.first) + " and " + std::to_string(field.last));
    return value;
  }

  unsigned parse_name(const Field& field) {
    const std::size_t start = position_;
    while (is_letter(peek())) ++position_;
    const std::string_view name = expression_.substr(start, position_ - start);
    for (std::size_t i = 0; i * 3 < field.names.size(); ++i)
      if (same_letters(name, field.names.substr(3 * i, 3))) return field.first + static_cast<unsigned>(i);
    fail(start, "\"" + std::string(name) + "\" is not a " + field.name +
                    (field.names.empty() ? "" : ", whose names have three letters"));
  }

  // A number too long for the type is out of every range.
  unsigned parse_number(const Field& field) {
    const std::size_t start = position_;
    while (is_digit(peek())) ++position_;
    if (position_ == start)
      fail(start, at_end() || at_blank() ? std::string("the ") + field.name + " is cut short" : unexpected());
    unsigned value = 0;
    const auto [end, error] = std::from_chars(expression_.data() + start, expression_.data() + position_, value);
    return error == std::errc() ? value : ~0U;
  }

  unsigned parse_step(const Field& field) {
    const std::size_t start = position_;
    const unsigned step = parse_number(field);
    if (step == 0) fail(start, "a step is at least 1");
    if (step > field.last)
      fail(start, "a step of " + std::string(expression_.substr(start, position_ - start)) + " leaves the " +
                      field.name + "s, which end at " + std::to_string(field.last));
    return step;
  }

  [[nodiscard]] std::string unexpected() const {
    std::size_t length = 1;
    while (position_ + length < expression_.size() && (expression_[position_ + length] & 0xC0) == 0x80) ++length;
    return "unexpected \"" + std::string(expression_.substr(position_, length)) + "\"";
  }

  // No 30th of February, unless a weekday may do instead.
  void check_days(const Cron& cron, std::size_t days_at) const {
    if (cron.either_day) return;
    constexpr unsigned lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const auto first_day = static_cast<unsigned>(std::countr_zero(cron.days));
    for (unsigned month = 1; month <= 12; ++month)
      if ((cron.months >> month & 1) != 0 && first_day <= lengths[month - 1]) return;
    fail(days_at, "no month of these has a day " + std::to_string(first_day));
  }

  std::string_view expression_;
  std::size_t position_ = 0;
};

bool has(std::uint64_t values, unsigned value) { return (values >> value & 1) != 0; }

bool is_day(const Cron& cron, std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  if (!has(cron.months, static_cast<unsigned>(date.month()))) return false;
  const bool day_matches = has(cron.days, static_cast<unsigned>(date.day()));
  const bool weekday_matches = has(cron.weekdays, std::chrono::weekday(day).c_encoding());
  return cron.either_day ? day_matches || weekday_matches : day_matches && weekday_matches;
}

// The first minute of the day from `minute` on, or none.
std::optional<unsigned> minute_of_day(const Cron& cron, unsigned minute) {
  for (unsigned hour = minute / 60; hour < 24; ++hour) {
    if (!has(cron.hours, hour)) continue;
    const unsigned from = hour == minute / 60 ? minute % 60 : 0;
    const std::uint64_t rest = cron.minutes >> from << from;
    if (rest != 0) return hour * 60 + static_cast<unsigned>(std::countr_zero(rest));
  }
  return std::nullopt;
}

}  // namespace

Cron parse_cron(std::string_view expression) {
  constexpr std::size_t max_length = 300;  // bytes: room for long lists, and for all of it in an error
  if (expression.size() > max_length)
    throw Error(ErrorCode::invalid_option, "cron expression is too long",
                "It has " + std::to_string(expression.size()) + " bytes; at most " + std::to_string(max_length) +
                    " are allowed.");
  return Parser(expression).parse();
}

std::optional<std::int64_t> next_minute(const Cron& cron, std::int64_t minute) {
  using std::chrono::days;
  constexpr std::int64_t minutes_per_day = 1440;
  // A 29 February on a given weekday comes every 28 years, 40 where a century without a leap day lies between.
  constexpr std::int64_t longest_wait = 41 * 366;
  constexpr std::chrono::sys_days end_of_calendar = std::chrono::year(9999) / 12 / 31;

  auto day = minute / minutes_per_day - (minute % minutes_per_day < 0 ? 1 : 0);
  auto rest = static_cast<unsigned>(minute - day * minutes_per_day);
  for (const std::int64_t end = day + longest_wait; day < end; ++day, rest = 0) {
    const std::chrono::sys_days date{days(day)};
    if (date > end_of_calendar) break;
    if (!is_day(cron, date)) continue;
    if (const auto found = minute_of_day(cron, rest)) return day * minutes_per_day + *found;
  }
  return std::nullopt;
}

}  // namespace pg_takeout
