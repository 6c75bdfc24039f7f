// Which child datasets an XLSX file shows on sheets of their own.
#pragma once

#include "postgres.hpp"

#include "export_request.hpp"

namespace pg_takeout {

// Child datasets that get a sheet: those offered as XLSX; of a nested field where the caller asked for the field, others
// where the caller asked for no columns in particular.
List* children_of(const ExportRequest* request);

// The request without the fields that hold a child's rows nested: the children's sheets carry them.
ExportRequest* without_nested_fields(const ExportRequest* request, const List* children);

// All fields of a child dataset.
const Field** fields_of(const Dataset* dataset);

}  // namespace pg_takeout
