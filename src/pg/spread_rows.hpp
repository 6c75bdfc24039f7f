// Gives the columns of csv_file(t) and its sisters one by one, so that the executor forms no row value for each row of t.
//
// The planner rewrites csv_file(t) over a table, subquery or CTE to csv_file(names, options, column, column, …): the same
// aggregate with other arguments. Where that cannot be said of t as it is (the nullable side of an outer join, DISTINCT,
// many columns), the row value stays.
#pragma once

#include "postgres.hpp"

extern "C" {
#include "nodes/primnodes.h"
}

namespace pg_takeout {

// The first column among the arguments; 0 is the aggregate's state, 2 are the options as ever.
inline constexpr int first_spread_argument = 3;

void install_row_spreading();

// Whether the call of the aggregate's transition or final function has spread arguments.
bool is_spread(FunctionCallInfo fcinfo);

// The row type of the columns in a spread call. Allocated in CurrentMemoryContext.
TupleDesc spread_row_type(const Aggref* call);

}  // namespace pg_takeout
