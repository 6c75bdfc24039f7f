#include "postgres.hpp"

#include "export_steps.hpp"

#include "child_sheets.hpp"

namespace pg_takeout {

namespace {

ExportSteps room_for(int count) {
  return {static_cast<ExportStep*>(palloc0(sizeof(ExportStep) * static_cast<size_t>(count))), 0};
}

void add_own_rows(ExportSteps* steps, const ExportRequest* request, ExportQuery* query, bool continues,
                  int64 max_rows) {
  steps->items[steps->count++] = {query, request->dataset, request->fields, request->field_count,
                                  false, continues,        max_rows};
}

}  // namespace

ExportSteps steps_of_export(const ExportRequest* request, const Limits* limits, const List* children) {
  ExportSteps steps = room_for(1 + list_length(children));
  add_own_rows(&steps, request, export_query(request), false, limits->max_rows);
  ListCell* cell;
  foreach (cell, children) {
    const auto* child = static_cast<const Dataset*>(lfirst(cell));
    steps.items[steps.count++] = {child_query(request, child),
                                  child,
                                  fields_of(child),
                                  child->field_count,
                                  true,
                                  false,
                                  limits_of(child->name, request->method).max_rows};
  }
  return steps;
}

ExportSteps steps_of_page(const ExportRequest* request, const Limits* limits, const PageStart* start, int64 page_rows) {
  ExportSteps steps = room_for(2);
  add_own_rows(&steps, request, page_query(request, start, page_rows + 1), false, limits->max_rows);
  // Rows without a time sort last and no comparison reaches them; a period leaves them out.
  const bool has_null_times = request->dataset->time_column != nullptr && !request->has_since && !request->has_end;
  if (start != nullptr && start->time != nullptr && has_null_times) {
    auto* rest = static_cast<PageStart*>(palloc0(sizeof(PageStart)));
    rest->null_times = true;
    add_own_rows(&steps, request, page_query(request, rest, page_rows + 1), true, limits->max_rows);
  }
  return steps;
}

ExportSteps steps_of_part(const ExportRequest* request, const GroupPart* part) {
  ExportSteps steps = room_for(2);
  const SortRange range{part->after, part->upto, false};
  // Limits are those of the whole, and its group's to hold.
  add_own_rows(&steps, request, export_query(request, &range), false, no_limits.max_rows);
  // What has no value there sorts last, and no comparison reaches it.
  if (part->after != nullptr && part->upto == nullptr) {
    const SortRange nulls{nullptr, nullptr, true};
    add_own_rows(&steps, request, export_query(request, &nulls), true, no_limits.max_rows);
  }
  return steps;
}

bool* identifiers_of(const ExportStep* step) {
  auto* identifiers = static_cast<bool*>(palloc0(sizeof(bool) * static_cast<size_t>(Max(step->field_count, 1))));
  for (int i = 0; i < step->field_count; ++i)
    for (int key = 0; key < step->dataset->key_count; ++key)
      identifiers[i] |= strcmp(step->fields[i]->name, step->dataset->key_columns[key]) == 0;
  return identifiers;
}

}  // namespace pg_takeout
