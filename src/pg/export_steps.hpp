// The queries that an export runs one after the other, each a step.
#pragma once

#include "postgres.hpp"

#include "column_reader.hpp"
#include "export_group.hpp"
#include "export_query.hpp"
#include "export_request.hpp"
#include "limits.hpp"

namespace pg_takeout {

struct ExportStep {
  ExportQuery* query;
  const Dataset* dataset;
  const Field** fields;
  int field_count;
  bool begins_sheet;  // a child's sheet of an XLSX file
  bool continues;     // rows that no comparison reaches, behind those that one does
  int64 max_rows;     // -1: no limit
};

struct ExportSteps {
  ExportStep* items;
  int count;
};

// The dataset, then its child datasets (of type Dataset) that get a sheet. All of these allocate in CurrentMemoryContext.
ExportSteps steps_of_export(const ExportRequest* request, const Limits* limits, const List* children);
// One row more than the page, which tells whether there is a next one.
ExportSteps steps_of_page(const ExportRequest* request, const Limits* limits, const PageStart* start, int64 page_rows);
ExportSteps steps_of_part(const ExportRequest* request, const GroupPart* part);

// For each column whether it is part of the dataset's key.
bool* identifiers_of(const ExportStep* step);

}  // namespace pg_takeout
