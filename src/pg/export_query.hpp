// The query that reads a dataset's rows: SELECT … FROM its governed view WHERE … ORDER BY time, key.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

inline constexpr int max_parameters = 40;

// Every name and operator in the text is qualified, every value is a parameter.
struct ExportQuery {
  const char* text;
  Oid view;  // one of those it reads; their owner is the same
  int parameter_count;
  Oid types[max_parameters];
  Datum values[max_parameters];
};

// Where a page begins: behind the row with these values of (time, key), as text. time may be null.
struct PageStart {
  const char* time;
  const char** key;
  bool null_times;  // among rows without a time
};

// Rows by their first sort column, the time or else the first key column: behind `after`, up to and with `upto`, both as
// text; null where there is no such end. nulls: instead, those that have no value there, which sort last.
struct SortRange {
  const char* after;
  const char* upto;
  bool nulls;
};

// The first column that an export is ordered by; null where the dataset has neither time nor key.
const char* first_sort_column(const Dataset* dataset);

// The whole dataset, or its rows of the request; of these those of the range, if there is one.
ExportQuery* export_query(const ExportRequest* request, const SortRange* range = nullptr);

// Values of the first sort column, as text, that cut the rows of the request into `parts` parts of about the same size: one
// row with one array, which may have values twice.
ExportQuery* cuts_query(const ExportRequest* request, int parts);

// As above, for reading and not for a file: behind the fields comes, as text, what tells the row from others. That is its
// key, (a,b) for a key of several columns, NULL where the dataset has none.
ExportQuery* keyed_query(const ExportRequest* request);

// Whether a key column may hold NULL, for all that the source's definition tells.
[[nodiscard]] bool has_nullable_key(const Dataset* dataset);

// As above, at most row_limit rows behind `start` (null: from the first row). After the fields come, as text, the time
// column (where there is one) and the key columns of each row. On the first page of a dataset whose key columns may hold
// NULL one more follows, a boolean: whether any row asked for has a NULL there. No later page would reach it.
ExportQuery* page_query(const ExportRequest* request, const PageStart* start, int64 row_limit);

// The rows of a child dataset whose parents are in the request; fields: all of the child's.
ExportQuery* child_query(const ExportRequest* request, const Dataset* child);

}  // namespace pg_takeout
