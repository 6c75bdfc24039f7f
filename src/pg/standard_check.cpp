#include "postgres.hpp"

#include "standard_check.hpp"

extern "C" {
#include "utils/hsearch.h"
}

#include <string_view>

#include "../core/cell_text.hpp"
#include "boundary.hpp"
#include "column_reader.hpp"

namespace pg_takeout {

// The reader is that of the elements where the field is an array.
struct FieldCheck {
  StandardCheck check;
  ColumnReader* reader;
  HTAB* time_zones;  // for the standard of that name, else null
  bool is_array;
  int16 element_length;
  bool element_by_value;
  char element_alignment;
};

namespace {

constexpr int longest_time_zone = 255;

// The names that the server's time zone database has. Its folder may hold copies of all of it with other leap seconds,
// posix/ and right/, which are no names of their own.
HTAB* read_time_zones(MemoryContext context) {
  HASHCTL control{};
  control.keysize = longest_time_zone + 1;
  control.entrysize = control.keysize;
  control.hcxt = context;
  HTAB* names = hash_create("takeout time zones", 1024, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
  pg_tzenum* folder = pg_tzenumerate_start();
  while (pg_tz* zone = pg_tzenumerate_next(folder)) {
    const char* name = pg_get_timezone_name(zone);
    const bool is_copy = strncmp(name, "posix/", 6) == 0 || strncmp(name, "right/", 6) == 0;
    if (!is_copy && strlen(name) <= longest_time_zone) (void)hash_search(names, name, HASH_ENTER, nullptr);
  }
  pg_tzenumerate_end(folder);
  return names;
}

BrokenRule check_time_zone_name(HTAB* time_zones, std::string_view text) {
  char name[longest_time_zone + 1];
  bool found = false;
  if (text.size() <= longest_time_zone) {
    memcpy(name, text.data(), text.size());
    name[text.size()] = '\0';
    (void)hash_search(time_zones, name, HASH_FIND, &found);
  }
  return found ? nullptr : "is no name in the server's time zone database (IANA)";
}

BrokenRule check_datum(FieldCheck* check, Datum value) {
  Cell cell;
  CellScratch scratch;
  check->reader->read(check->reader, value, &cell);
  const std::string_view text = cell_text(cell, scratch);
  const BrokenRule rule = check->check(text);
  return rule != nullptr || check->time_zones == nullptr ? rule : check_time_zone_name(check->time_zones, text);
}

}  // namespace

FieldCheck* make_field_checks(const Field* const* fields, int count, MemoryContext context) {
  const MemoryContext previous = MemoryContextSwitchTo(context);
  auto* checks = static_cast<FieldCheck*>(palloc0(sizeof(FieldCheck) * static_cast<size_t>(Max(count, 1))));
  HTAB* time_zones = nullptr;
  TupleDesc elements = CreateTemplateTupleDesc(count);
  for (int i = 0; i < count; ++i) {
    FieldCheck* check = &checks[i];
    check->check = find_standard(fields[i]->standard);
    if (check->check == nullptr)
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("field \"%s\" has the unknown standard \"%s\"", fields[i]->name, fields[i]->standard)));
    if (strcmp(fields[i]->standard, "time_zone") == 0) {
      if (time_zones == nullptr) time_zones = read_time_zones(context);
      check->time_zones = time_zones;
    }
    Oid type = getBaseType(fields[i]->type);
    if (const Oid element = get_element_type(type); OidIsValid(element)) {
      check->is_array = true;
      type = element;
      get_typlenbyvalalign(type, &check->element_length, &check->element_by_value, &check->element_alignment);
    }
    TupleDescInitEntry(elements, static_cast<AttrNumber>(i + 1), fields[i]->name, type, -1, 0);
  }
  ColumnReader* readers = make_column_readers(elements, count, ReaderOptions{nullptr}, context);
  for (int i = 0; i < count; ++i) checks[i].reader = &readers[i];
  MemoryContextSwitchTo(previous);
  return checks;
}

Fault check_field(FieldCheck* check, Datum value) {
  if (!check->is_array) return {check_datum(check, value), 0};
  ArrayType* array = DatumGetArrayTypeP(value);
  Datum* elements;
  bool* nulls;
  int count;
  deconstruct_array(array, ARR_ELEMTYPE(array), check->element_length, check->element_by_value,
                    check->element_alignment, &elements, &nulls, &count);
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) continue;
    if (const BrokenRule rule = check_datum(check, elements[i])) return {rule, i + 1};
  }
  return {nullptr, 0};
}

FieldCheck* field_check_at(FieldCheck* checks, int index) { return &checks[index]; }

}  // namespace pg_takeout
