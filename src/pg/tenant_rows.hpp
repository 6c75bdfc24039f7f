// Whether a tenant has rows in a dataset, and how they spell it.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

// The request's tenant as a row of its dataset has it, whatever else narrows the request; null where it has none. The dataset
// has a tenant column. Reads at most one row, by the same rules as an export. Allocated in CurrentMemoryContext.
[[nodiscard]] const char* tenant_of_a_row(const ExportRequest* request);

}  // namespace pg_takeout
