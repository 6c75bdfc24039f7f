// What the definition of a view or materialized view reads.
#pragma once

#include "postgres.hpp"

namespace pg_takeout {

// A relation that a definition names, and the columns that are read of it: numbers less FirstLowInvalidHeapAttributeNumber,
// as in PostgreSQL's selectedCols. Column 0 is the whole row.
struct Reference {
  Oid relation;
  Bitmapset* columns;
};

// List of Reference* in CurrentMemoryContext, one for each time that a relation is named; NIL for what is no view.
List* references_of(Oid view);

}  // namespace pg_takeout
