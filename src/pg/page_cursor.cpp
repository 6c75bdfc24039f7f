#include "postgres.hpp"

#include "page_cursor.hpp"

extern "C" {
#include "common/hmac.h"
#include "common/sha2.h"
#include "libpq/pqformat.h"
}

#include "catalog_row.hpp"
#include "compat.hpp"

namespace pg_takeout {

void append_value(StringInfo bytes, const char* text) {
  pq_sendint32(bytes, text == nullptr ? PG_UINT32_MAX : static_cast<uint32>(strlen(text)));
  if (text != nullptr) appendStringInfoString(bytes, text);
}

namespace {

constexpr int mac_length = PG_SHA256_DIGEST_LENGTH;

// The columns that the cursor's values are of. After an alter_dataset() they can be others, and the values' count too.
void append_order(StringInfo bytes, const Dataset* dataset) {
  append_value(bytes, dataset->time_column);
  pq_sendint32(bytes, static_cast<uint32>(dataset->key_count));
  for (int i = 0; i < dataset->key_count; ++i) append_value(bytes, dataset->key_columns[i]);
}

}  // namespace

void append_binding(StringInfo bytes, const ExportRequest* request) {
  const auto append_bound = [bytes](bool given, TimestampTz bound) {
    pq_sendbyte(bytes, given ? 1 : 0);
    pq_sendint64(bytes, static_cast<uint64>(given ? bound : 0));
  };
  pq_sendint32(bytes, GetSessionUserId());
  append_value(bytes, request->dataset->name);
  append_order(bytes, request->dataset);
  append_value(bytes, request->tenant);
  append_bound(request->has_since, request->since);
  append_bound(request->has_until, request->until);
  pq_sendint32(bytes, request->ids == nullptr ? PG_UINT32_MAX : static_cast<uint32>(request->id_count));
  for (int i = 0; i < request->id_count; ++i) append_value(bytes, request->ids[i]);
}

namespace {

bytea* secret_key() {
  CatalogScan scan = open_catalog("secret", nullptr, nullptr);
  bytea* key = nullptr;
  if (next_row(&scan)) {
    bool is_null;
    key = DatumGetByteaPCopy(row_value(&scan, "key", &is_null));
  }
  close_catalog(&scan);
  if (key == nullptr)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("table takeout.secret has no row"),
                    errhint("Create the extension anew.")));
  return key;
}

void sign(const ExportRequest* request, const char* values, int length, uint8* mac) {
  StringInfoData bytes;
  initStringInfo(&bytes);
  append_binding(&bytes, request);
  appendBinaryStringInfo(&bytes, values, length);

  const bytea* key = secret_key();
  pg_hmac_ctx* context = pg_hmac_create(PG_SHA256);
  const bool signed_all =
      context != nullptr &&
      pg_hmac_init(context, reinterpret_cast<const uint8*>(VARDATA_ANY(key)), VARSIZE_ANY_EXHDR(key)) == 0 &&
      pg_hmac_update(context, reinterpret_cast<const uint8*>(bytes.data), static_cast<size_t>(bytes.len)) == 0 &&
      pg_hmac_final(context, mac, mac_length) == 0;
  if (context != nullptr) pg_hmac_free(context);
  if (!signed_all) elog(ERROR, "could not sign the cursor of a page");
}

// Both are of mac_length; takes the same time wherever they differ.
bool same_mac(const uint8* left, const uint8* right) {
  uint8 difference = 0;
  for (int i = 0; i < mac_length; ++i) difference |= static_cast<uint8>(left[i] ^ right[i]);
  return difference == 0;
}

[[noreturn]] void raise_bad_cursor() {
  ereport(
      ERROR,
      (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("cursor is not valid for this export"),
       errdetail("A cursor goes with the role, dataset, its order, tenant, ids and period of the page that gave it."),
       errhint("Pass \"next\" of the page before, or leave \"after\" out to begin anew.")));
  pg_unreachable();
}

const char* read_value(StringInfo bytes) {
  const auto length = static_cast<uint32>(pq_getmsgint(bytes, 4));
  if (length == PG_UINT32_MAX) return nullptr;
  return pnstrdup(pq_getmsgbytes(bytes, static_cast<int>(length)), length);
}

}  // namespace

const char* write_cursor(const ExportRequest* request, const char* time, const char* const* key) {
  StringInfoData values;
  initStringInfo(&values);
  append_value(&values, time);
  for (int i = 0; i < request->dataset->key_count; ++i) append_value(&values, key[i]);

  StringInfoData cursor;
  initStringInfo(&cursor);
  uint8 mac[mac_length];
  sign(request, values.data, values.len, mac);
  appendBinaryStringInfo(&cursor, reinterpret_cast<const char*>(mac), mac_length);
  appendBinaryStringInfo(&cursor, values.data, values.len);

  const int room = pg_b64_enc_len(cursor.len);
  auto* text = static_cast<char*>(palloc(static_cast<Size>(room) + 1));
  const int length = encode_base64(cursor.data, cursor.len, text, room);
  if (length < 0) elog(ERROR, "could not encode the cursor of a page");
  text[length] = '\0';
  for (char* at = text; *at != '\0'; ++at) {
    if (*at == '+') *at = '-';
    if (*at == '/') *at = '_';
  }
  return text;
}

PageStart* read_cursor(const ExportRequest* request, const char* cursor) {
  char* text = pstrdup(cursor);
  for (char* at = text; *at != '\0'; ++at) {
    if (*at == '-') *at = '+';
    if (*at == '_') *at = '/';
  }
  const auto text_length = static_cast<int>(strlen(text));
  const int room = pg_b64_dec_len(text_length);
  StringInfoData bytes;
  bytes.data = static_cast<char*>(palloc(static_cast<Size>(room) + 1));
  bytes.len = decode_base64(text, text_length, bytes.data, room);
  bytes.maxlen = room;
  bytes.cursor = mac_length;
  if (bytes.len <= mac_length) raise_bad_cursor();

  uint8 mac[mac_length];
  sign(request, bytes.data + mac_length, bytes.len - mac_length, mac);
  if (!same_mac(mac, reinterpret_cast<const uint8*>(bytes.data))) raise_bad_cursor();

  auto* start = static_cast<PageStart*>(palloc0(sizeof(PageStart)));
  start->time = read_value(&bytes);
  start->null_times = start->time == nullptr && request->dataset->time_column != nullptr;
  start->key = static_cast<const char**>(palloc(sizeof(char*) * static_cast<size_t>(request->dataset->key_count)));
  for (int i = 0; i < request->dataset->key_count; ++i) start->key[i] = read_value(&bytes);
  pq_getmsgend(&bytes);
  return start;
}

}  // namespace pg_takeout
