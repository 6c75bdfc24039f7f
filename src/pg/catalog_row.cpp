#include "postgres.hpp"

#include "catalog_row.hpp"

extern "C" {
#include "access/relation.h"
#include "catalog/pg_collation.h"
#include "utils/fmgroids.h"
}

#include "compat.hpp"

namespace pg_takeout {

namespace {

CatalogScan open_table(const char* table) {
  const Oid schema = get_namespace_oid("takeout", false);
  const Oid relation = get_relname_relid(table, schema);
  if (!OidIsValid(relation))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table takeout.%s does not exist", table),
                    errhint("Run CREATE EXTENSION pg_takeout in this database.")));

  CatalogScan scan{};
  scan.table = table_open(relation, AccessShareLock);
  return scan;
}

// The primary key of each table that is looked up this way begins with the column.
void begin_scan(CatalogScan* scan, const char* key_column, Oid collation, RegProcedure equal, Datum key) {
  ScanKeyData condition;
  ScanKeyEntryInitialize(&condition, 0, get_attnum(RelationGetRelid(scan->table), key_column), BTEqualStrategyNumber,
                         InvalidOid, collation, equal, key);
  scan->scan = systable_beginscan(scan->table, primary_key_index(scan->table), true, nullptr, 1, &condition);
}

}  // namespace

CatalogScan open_catalog(const char* table, const char* key_column, const char* key) {
  CatalogScan scan = open_table(table);
  if (key_column == nullptr)
    scan.scan = systable_beginscan(scan.table, InvalidOid, false, nullptr, 0, nullptr);
  else
    begin_scan(&scan, key_column, DEFAULT_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(key));
  return scan;
}

CatalogScan open_catalog_by_oid(const char* table, const char* key_column, Oid key) {
  CatalogScan scan = open_table(table);
  begin_scan(&scan, key_column, InvalidOid, F_OIDEQ, ObjectIdGetDatum(key));
  return scan;
}

bool next_row(CatalogScan* scan) {
  scan->row = systable_getnext(scan->scan);
  return HeapTupleIsValid(scan->row);
}

void close_catalog(CatalogScan* scan) {
  systable_endscan(scan->scan);
  table_close(scan->table, AccessShareLock);
}

Datum row_value(const CatalogScan* scan, const char* column, bool* is_null) {
  const AttrNumber number = get_attnum(RelationGetRelid(scan->table), column);
  if (number == InvalidAttrNumber)
    elog(ERROR, "table takeout.%s has no column \"%s\"", RelationGetRelationName(scan->table), column);
  return heap_getattr(scan->row, number, RelationGetDescr(scan->table), is_null);
}

const char* row_text(const CatalogScan* scan, const char* column) {
  bool is_null;
  const Datum value = row_value(scan, column, &is_null);
  return is_null ? nullptr : TextDatumGetCString(value);
}

const char* row_name(const CatalogScan* scan, const char* column) {
  bool is_null;
  const Datum value = row_value(scan, column, &is_null);
  return is_null ? nullptr : pstrdup(NameStr(*DatumGetName(value)));
}

Oid row_oid(const CatalogScan* scan, const char* column) {
  bool is_null;
  const Datum value = row_value(scan, column, &is_null);
  return is_null ? InvalidOid : DatumGetObjectId(value);
}

const char** row_strings(const CatalogScan* scan, const char* column, int* count) {
  bool is_null;
  const Datum value = row_value(scan, column, &is_null);
  *count = 0;
  return is_null ? nullptr : strings_of(DatumGetArrayTypeP(value), count);
}

const char** strings_of(ArrayType* array, int* count) {
  const Oid type = ARR_ELEMTYPE(array);
  int16 length;
  bool by_value;
  char alignment;
  get_typlenbyvalalign(type, &length, &by_value, &alignment);
  Datum* values;
  bool* nulls;
  deconstruct_array(array, type, length, by_value, alignment, &values, &nulls, count);

  auto** strings = static_cast<const char**>(palloc(sizeof(char*) * static_cast<size_t>(Max(*count, 1))));
  for (int i = 0; i < *count; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a list of names must not hold NULL")));
    strings[i] = type == NAMEOID ? pstrdup(NameStr(*DatumGetName(values[i]))) : TextDatumGetCString(values[i]);
  }
  return strings;
}

}  // namespace pg_takeout
