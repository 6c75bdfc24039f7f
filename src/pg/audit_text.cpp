#include "postgres.hpp"

#include "audit_text.hpp"

#include "../core/audit_json.hpp"

namespace pg_takeout {

namespace {

bool is_utf8_server() { return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII; }

// `text` is UTF-8 and ends in a zero byte.
const char* to_server(char* text, int length) {
  const int encoding = GetDatabaseEncoding();
  const Oid conversion = FindDefaultConversionProc(PG_UTF8, encoding);
  if (!OidIsValid(conversion)) return text;
  const int room = length * MAX_CONVERSION_GROWTH + 1;
  auto* converted = static_cast<char*>(palloc(static_cast<Size>(room)));
  int at = 0, written = 0;
  while (at < length) {
    at += pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, reinterpret_cast<unsigned char*>(text + at), length - at,
                                        reinterpret_cast<unsigned char*>(converted + written), room - written, true);
    written += static_cast<int>(strlen(converted + written));
    if (at >= length) break;
    converted[written++] = '?';
    at += pg_encoding_mblen(PG_UTF8, text + at);
  }
  converted[written] = '\0';
  return converted;
}

}  // namespace

std::string_view audit_text(const char* text) {
  if (text == nullptr) return {};
  if (is_utf8_server()) return text;
  return pg_server_to_any(text, static_cast<int>(strlen(text)), PG_UTF8);
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
  return is_utf8_server() ? plain : to_server(plain, static_cast<int>(length));
}

}  // namespace pg_takeout
