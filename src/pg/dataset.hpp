// Datasets as the tables of schema `takeout` define them, read from there at each export.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

struct Field {
  const char* name;
  Oid type;
  const char* source_column;  // null: an expression of the view
  bool masked;                // said to be: addresses in it do not leave whole
  const char* standard;       // one of takeout.known_standards(), or null
};

struct Dataset {
  const char* name;
  Oid view;
  Oid source;
  const char* view_name;  // qualified and quoted
  const char** key_columns;
  int key_count;
  const char* time_column;    // or null
  const char* tenant_column;  // or null
  const char* fixed_tenant;   // or null
  const char** formats;
  int format_count;
  const char* default_format;
  const char* title;   // or null
  const char* parent;  // or null
  const char** parent_key;
  int parent_key_count;
  const char* parent_field;  // or null
  Field* fields;             // in the order of the view
  int field_count;
};

// Raises 42704 with the known names where there is none, 55000 where the view or the source is not what it was when the
// dataset was made. Allocated in CurrentMemoryContext.
Dataset* load_dataset(const char* name);

// Datasets whose parent this one is, by name.
List* load_children(const Dataset* parent);

const Field* find_field(const Dataset* dataset, const char* name);

// The type of the view's column; InvalidOid if there is none.
Oid view_column_type(const Dataset* dataset, const char* column);

}  // namespace pg_takeout
