// The SQL functions that check open standards, for CHECK constraints: is_email(text) and its like, country_codes().
#include "postgres.hpp"

#include <algorithm>
#include <string_view>

#include "../core/byte_set.hpp"
#include "../core/standard_country.hpp"
#include "../core/standard_email.hpp"
#include "../core/standard_language.hpp"
#include "../core/standard_network.hpp"
#include "../core/standard_phone.hpp"
#include "../core/standard_timestamp.hpp"
#include "../core/standard_url.hpp"
#include "../core/standard_uuid.hpp"

namespace pg_takeout {

namespace {

// The core reads UTF-8. In a database of another encoding only what is not ASCII has to be converted; SQL_ASCII says nothing
// about its bytes, so there they are taken for UTF-8, and the checks find out.
std::string_view utf8_of(const text* value) {
  const std::string_view bytes(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return bytes;
  if (std::none_of(bytes.begin(), bytes.end(), [](char byte) { return not_ascii.holds(byte); })) return bytes;
  return pg_server_to_any(bytes.data(), static_cast<int>(bytes.size()), PG_UTF8);
}

Datum follows(FunctionCallInfo fcinfo, BrokenRule (*check)(std::string_view)) {
  PG_RETURN_BOOL(check(utf8_of(PG_GETARG_TEXT_PP(0))) == nullptr);
}

}  // namespace

}  // namespace pg_takeout

extern "C" {

PG_FUNCTION_INFO_V1(takeout_is_email);
PG_FUNCTION_INFO_V1(takeout_is_uuid);
PG_FUNCTION_INFO_V1(takeout_is_country);
PG_FUNCTION_INFO_V1(takeout_is_phone);
PG_FUNCTION_INFO_V1(takeout_is_timestamp);
PG_FUNCTION_INFO_V1(takeout_is_date);
PG_FUNCTION_INFO_V1(takeout_is_url);
PG_FUNCTION_INFO_V1(takeout_is_language);
PG_FUNCTION_INFO_V1(takeout_is_ip_network);
PG_FUNCTION_INFO_V1(takeout_country_codes);

PGDLLEXPORT Datum takeout_is_email(PG_FUNCTION_ARGS) { return pg_takeout::follows(fcinfo, pg_takeout::check_email); }
PGDLLEXPORT Datum takeout_is_uuid(PG_FUNCTION_ARGS) { return pg_takeout::follows(fcinfo, pg_takeout::check_uuid); }
PGDLLEXPORT Datum takeout_is_country(PG_FUNCTION_ARGS) {
  return pg_takeout::follows(fcinfo, pg_takeout::check_country);
}
PGDLLEXPORT Datum takeout_is_phone(PG_FUNCTION_ARGS) { return pg_takeout::follows(fcinfo, pg_takeout::check_phone); }
PGDLLEXPORT Datum takeout_is_timestamp(PG_FUNCTION_ARGS) {
  return pg_takeout::follows(fcinfo, pg_takeout::check_timestamp);
}
PGDLLEXPORT Datum takeout_is_date(PG_FUNCTION_ARGS) { return pg_takeout::follows(fcinfo, pg_takeout::check_date); }
PGDLLEXPORT Datum takeout_is_url(PG_FUNCTION_ARGS) { return pg_takeout::follows(fcinfo, pg_takeout::check_url); }
PGDLLEXPORT Datum takeout_is_language(PG_FUNCTION_ARGS) {
  return pg_takeout::follows(fcinfo, pg_takeout::check_language);
}
PGDLLEXPORT Datum takeout_is_ip_network(PG_FUNCTION_ARGS) {
  return pg_takeout::follows(fcinfo, pg_takeout::check_ip_network);
}

PGDLLEXPORT Datum takeout_country_codes(PG_FUNCTION_ARGS) {
  const std::string_view codes = pg_takeout::assigned_country_codes();
  const auto count = static_cast<int>(codes.size() / 2);
  auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<size_t>(count)));
  for (int i = 0; i < count; ++i) elements[i] = PointerGetDatum(cstring_to_text_with_len(codes.data() + 2 * i, 2));
  PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

}  // extern "C"
