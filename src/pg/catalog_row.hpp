// Reading rows of the extension's own configuration tables, as the extension and not as the caller.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "access/skey.h"
}

namespace pg_takeout {

// A scan over takeout.<table>, optionally by the value of one column, text or an object's id.
struct CatalogScan {
  Relation table;
  SysScanDesc scan;
  HeapTuple row;
};

CatalogScan open_catalog(const char* table, const char* key_column, const char* key);
CatalogScan open_catalog_by_oid(const char* table, const char* key_column, Oid key);
bool next_row(CatalogScan* scan);
void close_catalog(CatalogScan* scan);

// Values of the current row by column name, copied into CurrentMemoryContext. Null where the value is NULL.
Datum row_value(const CatalogScan* scan, const char* column, bool* is_null);
const char* row_text(const CatalogScan* scan, const char* column);
const char* row_name(const CatalogScan* scan, const char* column);
Oid row_oid(const CatalogScan* scan, const char* column);
// text[] or name[]; an empty list for NULL.
const char** row_strings(const CatalogScan* scan, const char* column, int* count);

// Strings of a text[] or name[] value. Raises 22004 for a NULL element.
const char** strings_of(ArrayType* array, int* count);

}  // namespace pg_takeout
