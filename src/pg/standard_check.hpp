// Values of a field against the standard that it declares.
#pragma once

#include "postgres.hpp"

#include "../core/standard.hpp"
#include "dataset.hpp"

namespace pg_takeout {

struct FieldCheck;

// What is wrong with a value. A plain value is its own first element.
struct Fault {
  BrokenRule rule;  // null: nothing is
  int element;      // of an array, from 1; 0 for what is none
};

// For the fields, in their order, each with a standard. Allocated in `context`.
FieldCheck* make_field_checks(const Field* const* fields, int count, MemoryContext context);

// The value, which is not NULL, as an export writes it; of an array each element that is not NULL, up to the first fault.
// Scratch memory comes from CurrentMemoryContext.
Fault check_field(FieldCheck* check, Datum value);

// The check at that place of the array.
FieldCheck* field_check_at(FieldCheck* checks, int index);

}  // namespace pg_takeout
