#include "postgres.hpp"

#include "column_reader.hpp"

extern "C" {
#include "catalog/pg_enum.h"
#include "common/jsonapi.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/jsonfuncs.h"
}

#include "compat.hpp"
#include "jsonb_text.hpp"
#include "mask_datum.hpp"
#include "numeric_reader.hpp"

namespace pg_takeout {

struct EnumLabels {
  struct Label {
    Oid value;
    int length;
    const char* text;
  };
  int count;
  Label labels[64];
};

namespace {

// A varlena's bytes, detoasted where it must be, in place where it can be.
struct Bytes {
  char* data;
  int length;
};

inline Bytes bytes_of(Datum value) {
  auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
  if (VARATT_IS_EXTERNAL(varlena) || VARATT_IS_COMPRESSED(varlena)) varlena = pg_detoast_datum_packed(varlena);
  if (VARATT_IS_SHORT(varlena))
    return {VARDATA_SHORT(varlena), static_cast<int>(VARSIZE_SHORT(varlena) - VARHDRSZ_SHORT)};
  return {VARDATA(varlena), static_cast<int>(VARSIZE(varlena) - VARHDRSZ)};
}

void set_text(Cell* cell, CellKind kind, const char* text, int length) {
  if (GetDatabaseEncoding() != PG_UTF8) {
    const char* converted = to_utf8(text, length);
    if (converted != text) length = static_cast<int>(strlen(converted));
    text = converted;
  }
  *cell = Cell::of_bytes(kind, text, static_cast<size_t>(length));
}

void read_bool(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::boolean, DatumGetBool(value) ? 1 : 0);
}

void read_int2(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::integer, DatumGetInt16(value));
}

void read_int4(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::integer, DatumGetInt32(value));
}

void read_int8(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::integer, DatumGetInt64(value));
}

void read_oid(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::integer, DatumGetObjectId(value));
}

void read_float4(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_number(CellKind::float4, DatumGetFloat4(value));
}

void read_float8(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_number(CellKind::float8, DatumGetFloat8(value));
}

void read_numeric(ColumnReader* reader, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(value);
  const NumericText text = numeric_text(bytes.data, bytes.length, reader->digits, lengthof(reader->digits),
                                        reader->text, sizeof reader->text);
  *cell = Cell::of_bytes(CellKind::decimal, text.text, text.length);
}

void read_text(ColumnReader*, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(value);
  *cell = Cell::of_bytes(CellKind::text, bytes.data, static_cast<size_t>(bytes.length));
}

void read_text_of_another_encoding(ColumnReader*, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(value);
  set_text(cell, CellKind::text, bytes.data, bytes.length);
}

void read_name(ColumnReader*, Datum value, Cell* cell) {
  const char* text = NameStr(*DatumGetName(value));
  set_text(cell, CellKind::text, text, static_cast<int>(strnlen(text, NAMEDATALEN)));
}

void read_uuid(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_bytes(CellKind::uuid, reinterpret_cast<const char*>(DatumGetUUIDP(value)->data), UUID_LEN);
}

void read_date(ColumnReader*, Datum value, Cell* cell) {
  const DateADT date = DatumGetDateADT(value);
  int64 days = date;
  if (DATE_IS_NOBEGIN(date)) days = -date_infinity;
  if (DATE_IS_NOEND(date)) days = date_infinity;
  *cell = Cell::of_integer(CellKind::date, days);
}

void read_time(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::time, DatumGetTimeADT(value));
}

// PostgreSQL's infinities are the two ends of int64; the core's are symmetric.
int64 timestamp_cell(Timestamp value) { return TIMESTAMP_IS_NOBEGIN(value) ? -timestamp_infinity : value; }

void read_timestamp(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::timestamp, timestamp_cell(DatumGetTimestamp(value)));
}

void read_timestamptz(ColumnReader*, Datum value, Cell* cell) {
  *cell = Cell::of_integer(CellKind::timestamptz, timestamp_cell(DatumGetTimestampTz(value)));
}

void read_timestamptz_in_zone(ColumnReader* reader, Datum value, Cell* cell) {
  const TimestampTz timestamp = DatumGetTimestampTz(value);
  if (TIMESTAMP_NOT_FINITE(timestamp)) return read_timestamptz(reader, value, cell);

  // Offsets have changed at whole quarters of an hour only since 1972; before, each value is looked up.
  constexpr pg_time_t quarter = 900;
  constexpr pg_time_t first_aligned = 2 * 365 * 86400;
  const pg_time_t seconds = timestamptz_to_time_t(timestamp);
  const pg_time_t period = seconds / quarter;
  if (seconds < first_aligned || period != reader->zone_period) {
    const struct pg_tm* local = pg_localtime(&seconds, reader->zone);
    if (local == nullptr) return read_timestamptz(reader, value, cell);
    reader->zone_offset = static_cast<int64>(local->tm_gmtoff) * USECS_PER_SEC;
    reader->zone_period = seconds < first_aligned ? -1 : period;
  }
  *cell = Cell::of_integer(CellKind::timestamptz, timestamp + reader->zone_offset);
}

void read_address(ColumnReader* reader, Datum value, Cell* cell) {
  read_network(DatumGetInetPP(value), &reader->network);
  mask_by_settings(&reader->network);
  *cell = Cell::of_bytes(CellKind::network, reinterpret_cast<const char*>(&reader->network), sizeof(Network));
}

// The grammar is checked again: casts without a function and broken restores can leave text in a json column that is
// not JSON, and one bad value would spoil the whole file.
void read_json(ColumnReader*, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(value);
  check_json(bytes.data, bytes.length);
  set_text(cell, CellKind::json, bytes.data, bytes.length);
}

void read_jsonb(ColumnReader*, Datum value, Cell* cell) {
  const StringInfoData text = jsonb_text(DatumGetJsonbP(value));
  set_text(cell, CellKind::json, text.data, text.len);
}

void read_bytea(ColumnReader*, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(value);
  *cell = Cell::of_bytes(CellKind::binary, bytes.data, static_cast<size_t>(bytes.length));
}

Datum masked(ColumnReader* reader, Datum value) {
  return reader->masker == nullptr ? value : mask_addresses(reader->masker, value);
}

void read_array(ColumnReader* reader, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(DirectFunctionCall1(array_to_json, masked(reader, value)));
  set_text(cell, CellKind::json, bytes.data, bytes.length);
}

void read_composite(ColumnReader* reader, Datum value, Cell* cell) {
  const Bytes bytes = bytes_of(DirectFunctionCall1(row_to_json, masked(reader, value)));
  set_text(cell, CellKind::json, bytes.data, bytes.length);
}

void read_by_output_function(ColumnReader* reader, Datum value, Cell* cell) {
  const char* text = OutputFunctionCall(&reader->output, masked(reader, value));
  set_text(cell, CellKind::text, text, static_cast<int>(strlen(text)));
}

// Labels are looked up once; an enum with more labels than there is room for pays a look-up for the others.
void read_enum(ColumnReader* reader, Datum value, Cell* cell) {
  const Oid oid = DatumGetObjectId(value);
  EnumLabels* known = reader->labels;
  for (int i = 0; i < known->count; ++i) {
    if (known->labels[i].value == oid) {
      *cell = Cell::of_bytes(CellKind::text, known->labels[i].text, static_cast<size_t>(known->labels[i].length));
      return;
    }
  }
  read_by_output_function(reader, value, cell);
  if (known->count < static_cast<int>(lengthof(known->labels))) {
    const char* text = MemoryContextStrdup(reader->context, pnstrdup(cell->bytes, cell->length));
    known->labels[known->count++] = {oid, static_cast<int>(cell->length), text};
  }
}

// Types whose value is text bytes behind a varlena header, told by their output function.
bool is_text_like(Oid output_function) {
  return output_function == F_TEXTOUT || output_function == F_VARCHAROUT || output_function == F_BPCHAROUT;
}

void choose(ColumnReader* reader, Oid declared_type, const ReaderOptions& options, MemoryContext context) {
  const Oid type = getBaseType(declared_type);
  const auto use = [reader](ReadFunction read, CellKind kind) {
    reader->read = read;
    reader->kind = kind;
  };

  switch (type) {
    case BOOLOID:
      return use(read_bool, CellKind::boolean);
    case INT2OID:
      return use(read_int2, CellKind::integer);
    case INT4OID:
      return use(read_int4, CellKind::integer);
    case INT8OID:
      return use(read_int8, CellKind::integer);
    case OIDOID:
      return use(read_oid, CellKind::integer);
    case FLOAT4OID:
      return use(read_float4, CellKind::float4);
    case FLOAT8OID:
      return use(read_float8, CellKind::float8);
    case NUMERICOID:
      return use(read_numeric, CellKind::decimal);
    case NAMEOID:
      return use(read_name, CellKind::text);
    case UUIDOID:
      return use(read_uuid, CellKind::uuid);
    case DATEOID:
      return use(read_date, CellKind::date);
    case TIMEOID:
      return use(read_time, CellKind::time);
    case TIMESTAMPOID:
      return use(read_timestamp, CellKind::timestamp);
    case TIMESTAMPTZOID:
      reader->zone = options.zone;
      reader->zone_period = -1;
      return use(options.zone == nullptr ? read_timestamptz : read_timestamptz_in_zone, CellKind::timestamptz);
    case INETOID:
    case CIDROID:
      return use(read_address, CellKind::network);
    case JSONOID:
      return use(read_json, CellKind::json);
    case JSONBOID:
      return use(read_jsonb, CellKind::json);
    case BYTEAOID:
      return use(read_bytea, CellKind::binary);
    default:
      break;
  }

  Oid output_function;
  bool is_varlena;
  getTypeOutputInfo(type, &output_function, &is_varlena);
  if (is_text_like(output_function))
    return use(GetDatabaseEncoding() == PG_UTF8 ? read_text : read_text_of_another_encoding, CellKind::text);

  fmgr_info_cxt(output_function, &reader->output, context);
  if (type_holds_addresses(type)) reader->masker = make_address_masker(type, context);
  if (OidIsValid(get_element_type(type))) {
    reader->needs_settings = true;
    return use(read_array, CellKind::json);
  }
  if (type_is_rowtype(type)) {
    reader->needs_settings = true;
    return use(read_composite, CellKind::json);
  }
  if (get_typtype(type) == TYPTYPE_ENUM) {
    reader->labels = static_cast<EnumLabels*>(MemoryContextAllocZero(context, sizeof(EnumLabels)));
    return use(read_enum, CellKind::text);
  }
  reader->needs_settings = true;
  use(read_by_output_function, CellKind::text);
}

}  // namespace

ColumnReader* make_column_readers(TupleDesc row_type, int count, ReaderOptions options, MemoryContext context) {
  auto* readers = static_cast<ColumnReader*>(
      MemoryContextAllocZero(context, sizeof(ColumnReader) * static_cast<size_t>(Max(count, 1))));
  const MemoryContext previous = MemoryContextSwitchTo(context);
  for (int i = 0; i < count; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(row_type, i);
    if (attribute->attisdropped) continue;
    readers[i].context = context;
    readers[i].name = to_utf8(NameStr(attribute->attname), static_cast<int>(strlen(NameStr(attribute->attname))));
    readers[i].name = pstrdup(readers[i].name);
    choose(&readers[i], attribute->atttypid, options, context);
  }
  MemoryContextSwitchTo(previous);
  return readers;
}

char* to_utf8(const char* text, int length) { return pg_server_to_any(text, length, PG_UTF8); }

int pin_settings() {
  static constexpr const char* pinned[][2] = {{"DateStyle", "ISO, YMD"},
                                              {"IntervalStyle", "iso_8601"},
                                              {"TimeZone", "UTC"},
                                              {"extra_float_digits", "1"},
                                              {"bytea_output", "hex"}};
  const int nest_level = NewGUCNestLevel();
  for (const auto& setting : pinned)
    (void)set_config_option(setting[0], setting[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  return nest_level;
}

void unpin_settings(int nest_level) { AtEOXact_GUC(true, nest_level); }

}  // namespace pg_takeout
