// Where a page ends, and whether the next one can begin behind it.
#pragma once

#include "postgres.hpp"

#include "dataset.hpp"

namespace pg_takeout {

// A page's end: the sort values of the last row written, as text, and whether there are rows behind it.
struct PageEnd {
  int64 row_count;
  bool complete;
  const char* time;  // null: the last row has none
  const char** key;
};

// Rows are those of page_query(): the sort values, as text, stand from `sort_column` on. These raise 55000 where a next page
// would miss rows.

// Of the first page's first row: no comparison reaches a row whose key is NULL, so no later page would.
void check_null_keys(const Dataset* dataset, const TupleTableSlot* slot, int sort_column);
// Of the last row of a page, in CurrentMemoryContext.
void remember_page_end(const Dataset* dataset, const TupleTableSlot* slot, int sort_column, PageEnd* end);
// Of the row behind it: the next page begins behind all rows with the sort values of this one's last.
void check_next_row(const Dataset* dataset, const TupleTableSlot* slot, int sort_column, const PageEnd* end);

}  // namespace pg_takeout
