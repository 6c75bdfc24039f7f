#include "postgres.hpp"

#include "audit_text.hpp"

#include "../core/audit_json.hpp"

namespace pg_takeout {

namespace {

bool is_utf8_server() { return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII; }

// Never raises for what cannot be converted: a question mark stands for it.
char* convert(const char* text, int length, int from, int to) {
  auto* source = reinterpret_cast<unsigned char*>(const_cast<char*>(text));
  const int room = length * MAX_CONVERSION_GROWTH + 1;
  auto* converted = static_cast<char*>(palloc(static_cast<Size>(room)));
  const Oid conversion = FindDefaultConversionProc(from, to);
  int at = 0, written = 0;
  while (at < length) {
    if (OidIsValid(conversion))
      at += pg_do_encoding_conversion_buf(conversion, from, to, source + at, length - at,
                                          reinterpret_cast<unsigned char*>(converted + written), room - written, true);
    else
      converted[written] = '\0';
    written += static_cast<int>(strlen(converted + written));
    if (at >= length) break;
    converted[written++] = '?';
    at += Min(pg_encoding_mblen(from, text + at), length - at);
  }
  converted[written] = '\0';
  return converted;
}

}  // namespace

std::string_view audit_text(const char* text) {
  if (text == nullptr) return {};
  if (is_utf8_server()) return text;
  return convert(text, static_cast<int>(strlen(text)), GetDatabaseEncoding(), PG_UTF8);
}

const char* audit_member_text(std::string_view text, bool escaped) {
  auto* plain = static_cast<char*>(palloc(text.size() + 1));
  std::size_t length = text.size();
  if (escaped) {
    length = unescape_json(plain, text);
  } else {
    memcpy(plain, text.data(), length);
  }
  plain[length] = '\0';
  return is_utf8_server() ? plain : convert(plain, static_cast<int>(length), PG_UTF8, GetDatabaseEncoding());
}

}  // namespace pg_takeout
