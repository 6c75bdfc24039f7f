// Where an export is cut into parts.
#pragma once

#include "postgres.hpp"

#include "export_group.hpp"
#include "export_request.hpp"

namespace pg_takeout {

// Cuts the rows of the request, by the first column they are ordered by, into at most `parts` parts of about the same size:
// as the statistics of the source say, or where there are none as the rows are. Parts are fewer where values repeat so
// much; it is one where the dataset has no order. They are uneven where the statistics are old, or other tenants' rows
// lie differently. However uneven, each row of whatever snapshot is in one part.
GroupCuts* cut_export(const ExportRequest* request, int parts);

}  // namespace pg_takeout
