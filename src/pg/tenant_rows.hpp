// Whether a tenant has rows in a dataset.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

// Of the request's tenant in its dataset, whatever else narrows the request. Reads at most one row, by the same rules as an
// export.
[[nodiscard]] bool tenant_has_rows(const ExportRequest* request);

}  // namespace pg_takeout
