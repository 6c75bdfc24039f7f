#include "audit_json.hpp"

#include <charconv>
#include <cstring>

#include "json_string.hpp"
#include "utf8.hpp"

namespace pg_takeout {

namespace {

constexpr std::string_view cut_mark = "\u2026";

// Reads JSON (RFC 8259) from front to back.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] char next() const { return at_ < end_ ? *at_ : '\0'; }

  bool skip(char byte) {
    if (next() != byte) return false;
    ++at_;
    return true;
  }

  void skip_spaces() {
    while (next() == ' ') ++at_;
  }

  // Sets `inside` to what stands between the quotes.
  bool string(std::string_view* inside) {
    if (!skip('"')) return false;
    const char* const start = at_;
    while (at_ < end_ && *at_ != '"') {
      if (*at_ == '\\') {
        if (!escape()) return false;
      } else {
        const std::size_t length = utf8_character({at_, static_cast<std::size_t>(end_ - at_)});
        if (length == 0 || static_cast<unsigned char>(*at_) < 0x20) return false;
        at_ += length;
      }
    }
    *inside = {start, static_cast<std::size_t>(at_ - start)};
    return skip('"');
  }

  bool number(std::string_view* digits) {
    const char* const start = at_;
    skip('-');
    if (!skip('0') && !skip_digits()) return false;
    if (skip('.') && !skip_digits()) return false;
    if (skip('e') || skip('E')) {
      if (!skip('+')) skip('-');
      if (!skip_digits()) return false;
    }
    *digits = {start, static_cast<std::size_t>(at_ - start)};
    return true;
  }

  bool value(int depth = 0) {
    constexpr int deepest = 32;
    if (depth > deepest) return false;
    std::string_view ignored;
    switch (next()) {
      case '{':
        return list('}', depth, true);
      case '[':
        return list(']', depth, false);
      case '"':
        return string(&ignored);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(&ignored);
    }
  }

  [[nodiscard]] const char* position() const { return at_; }

 private:
  bool list(char closing, int depth, bool named) {
    ++at_;
    skip_spaces();
    if (skip(closing)) return true;
    do {
      skip_spaces();
      if (named && !name()) return false;
      if (!value(depth + 1)) return false;
      skip_spaces();
    } while (skip(','));
    return skip(closing);
  }

  bool name() {
    std::string_view ignored;
    if (!string(&ignored)) return false;
    skip_spaces();
    if (!skip(':')) return false;
    skip_spaces();
    return true;
  }

  bool escape() {
    ++at_;
    if (next() == 'u') {
      if (end_ - at_ < 5) return false;
      for (int i = 1; i <= 4; ++i)
        if (std::strchr("0123456789abcdefABCDEF", at_[i]) == nullptr || at_[i] == '\0') return false;
      at_ += 5;
      return true;
    }
    if (next() == '\0' || std::strchr("\"\\/bfnrt", next()) == nullptr) return false;
    ++at_;
    return true;
  }

  bool skip_digits() {
    const char* const start = at_;
    while (next() >= '0' && next() <= '9') ++at_;
    return at_ > start;
  }

  bool word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0)
      return false;
    at_ += word.size();
    return true;
  }

  const char* at_;
  const char* end_;
};

bool is_number(AuditField field) {
  switch (field) {
    case AuditField::sequence:
    case AuditField::export_id:
    case AuditField::process:
    case AuditField::database_oid:
    case AuditField::role_oid:
    case AuditField::part_of:
    case AuditField::rows:
    case AuditField::bytes:
    case AuditField::suppressed:
    case AuditField::version:
      return true;
    default:
      return false;
  }
}

// Reads the value of a known member.
bool read_value(JsonReader* reader, AuditField field, std::string_view* value) {
  if (field == AuditField::filter) {
    const char* const start = reader->position();
    if (reader->next() != '{' || !reader->value()) return false;
    *value = {start, static_cast<std::size_t>(reader->position() - start)};
    return true;
  }
  return is_number(field) ? reader->number(value) : reader->string(value);
}

bool read_member(JsonReader* reader, AuditMembers* members) {
  std::string_view name;
  if (!reader->string(&name) || !reader->skip(':')) return false;
  for (std::size_t i = 0; i < audit_field_count; ++i) {
    const auto field = static_cast<AuditField>(i);
    if (audit_field_rule(field).name != name) continue;
    return members->values[i].data() == nullptr && read_value(reader, field, &members->values[i]);
  }
  return reader->value();
}

bool take_number(std::string_view* text, std::size_t digits, std::int64_t* number) {
  if (text->size() < digits) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + digits, *number);
  if (error != std::errc{} || end != text->data() + digits || *number < 0) return false;
  text->remove_prefix(digits);
  return true;
}

bool take_byte(std::string_view* text, char byte) {
  if (text->empty() || text->front() != byte) return false;
  text->remove_prefix(1);
  return true;
}

// Days from 2000-01-01 to the first of March of a year counted from March (see value_text_time.cpp).
std::int64_t days_since_2000(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t march_year = month > 2 ? year : year - 1;
  const std::int64_t month_from_march = month > 2 ? month - 3 : month + 9;
  return 365 * march_year + march_year / 4 - march_year / 100 + march_year / 400 + (153 * month_from_march + 2) / 5 +
         day - 1 - 730'425;
}

char* write_utf8(char* out, std::uint32_t code) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | (code >> 6));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    if (code < 0x10000) {
      *out++ = static_cast<char>(0xE0 | (code >> 12));
    } else {
      *out++ = static_cast<char>(0xF0 | (code >> 18));
      *out++ = static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    }
    *out++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

// Takes four bytes that are there: hexadecimal digits, else 0.
std::uint32_t take_code(std::string_view* text) {
  std::uint32_t code = 0;
  const char* const behind = text->data() + 4;
  const auto [end, error] = std::from_chars(text->data(), behind, code, 16);
  text->remove_prefix(4);
  return error == std::errc{} && end == behind ? code : 0;
}

// What is behind \u, and the other half of a pair of surrogates (RFC 8259 section 7). Half a pair alone and the zero byte,
// which no text of PostgreSQL's has, become U+FFFD.
std::uint32_t take_escaped_character(std::string_view* text) {
  const std::uint32_t code = take_code(text);
  if (code == 0 || (code >= 0xDC00 && code < 0xE000)) return 0xFFFD;
  if (code < 0xD800 || code >= 0xE000) return code;
  if (text->size() < 6 || !text->starts_with("\\u")) return 0xFFFD;
  std::string_view rest = text->substr(2);
  const std::uint32_t low = take_code(&rest);
  if (low < 0xDC00 || low >= 0xE000) return 0xFFFD;
  *text = rest;
  return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

std::size_t write_cut_json_string(char* out, std::size_t room, std::string_view text) noexcept {
  char* at = out;
  char* cut = out;  // the last border that leaves room for the mark
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    char character[longest_json_escape];
    char* const end = write_json_escaped(character, length == 0 ? utf8_replacement : text.substr(0, length));
    const auto size = static_cast<std::size_t>(end - character);
    if (static_cast<std::size_t>(at - out) + size > room) {
      std::memcpy(cut, cut_mark.data(), cut_mark.size());
      return static_cast<std::size_t>(cut - out) + cut_mark.size();
    }
    std::memcpy(at, character, size);
    at += size;
    if (static_cast<std::size_t>(at - out) + cut_mark.size() <= room) cut = at;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return static_cast<std::size_t>(at - out);
}

bool is_json_object(std::string_view text) noexcept {
  JsonReader reader(text);
  return reader.next() == '{' && reader.value() && reader.at_end();
}

std::int64_t AuditMembers::number(AuditField field) const noexcept {
  const std::string_view digits = (*this)[field];
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() ? number : -1;
}

bool AuditMembers::time(std::int64_t* microseconds) const noexcept {
  std::string_view text = (*this)[AuditField::time];
  std::int64_t year, month, day, hour, minute, second;
  if (!take_number(&text, 4, &year) || !take_byte(&text, '-') || !take_number(&text, 2, &month) ||
      !take_byte(&text, '-') || !take_number(&text, 2, &day) || !take_byte(&text, 'T') ||
      !take_number(&text, 2, &hour) || !take_byte(&text, ':') || !take_number(&text, 2, &minute) ||
      !take_byte(&text, ':') || !take_number(&text, 2, &second))
    return false;
  std::int64_t fraction = 0;
  if (take_byte(&text, '.')) {
    const std::size_t digits = text.empty() ? 0 : text.size() - 1;
    if (digits < 1 || digits > 6 || !take_number(&text, digits, &fraction)) return false;
    for (std::size_t i = digits; i < 6; ++i) fraction *= 10;
  }
  if (text != "Z" || month < 1 || month > 12) return false;
  *microseconds =
      (((days_since_2000(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000 + fraction;
  return true;
}

bool read_audit_line(std::string_view line, AuditMembers* members) noexcept {
  *members = {};
  JsonReader reader(line);
  if (!reader.skip('{')) return false;
  do {
    if (!read_member(&reader, members)) return false;
  } while (reader.skip(','));
  if (!reader.skip('}') || !reader.at_end()) return false;

  std::int64_t ignored;
  return members->number(AuditField::sequence) > 0 && members->time(&ignored) &&
         !(*members)[AuditField::event].empty() &&
         (*members)[AuditField::previous].size() == 2 * Sha256Digest{}.size() &&
         (*members)[AuditField::hash].size() == 2 * Sha256Digest{}.size();
}

std::size_t unescape_json(char* out, std::string_view text) noexcept {
  char* at = out;
  while (!text.empty()) {
    const char byte = text.front();
    text.remove_prefix(1);
    if (byte != '\\' || text.empty()) {
      *at++ = byte;
      continue;
    }
    const char escape = text.front();
    text.remove_prefix(1);
    constexpr std::string_view letters = "bfnrt", controls = "\b\f\n\r\t";
    const std::size_t letter = letters.find(escape);
    if (letter != std::string_view::npos) {
      *at++ = controls[letter];
    } else if (escape != 'u') {
      *at++ = escape;
    } else {
      if (text.size() < 4) break;
      at = write_utf8(at, take_escaped_character(&text));
    }
  }
  return static_cast<std::size_t>(at - out);
}

}  // namespace pg_takeout
