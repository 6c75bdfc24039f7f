#include "postgres.hpp"

#include "child_sheets.hpp"

namespace pg_takeout {

namespace {

bool is_asked_for(const ExportRequest* request, const char* field) {
  for (int i = 0; i < request->field_count; ++i)
    if (strcmp(request->fields[i]->name, field) == 0) return true;
  return false;
}

bool has_all_fields(const ExportRequest* request) { return request->field_count == request->dataset->field_count; }

bool is_offered(const Dataset* child) {
  for (int i = 0; i < child->format_count; ++i)
    if (strcmp(child->formats[i], format_name(Format::xlsx)) == 0) return true;
  return false;
}

}  // namespace

const Field** fields_of(const Dataset* dataset) {
  auto** fields =
      static_cast<const Field**>(palloc(sizeof(Field*) * static_cast<size_t>(Max(dataset->field_count, 1))));
  for (int i = 0; i < dataset->field_count; ++i) fields[i] = &dataset->fields[i];
  return fields;
}

List* children_of(const ExportRequest* request) {
  List* children = NIL;
  ListCell* cell;
  foreach (cell, load_children(request->dataset)) {
    auto* child = static_cast<Dataset*>(lfirst(cell));
    const bool wanted =
        child->parent_field == nullptr ? has_all_fields(request) : is_asked_for(request, child->parent_field);
    if (wanted && is_offered(child)) children = lappend(children, child);
  }
  return children;
}

ExportRequest* without_nested_fields(const ExportRequest* request, const List* children) {
  auto* copy = static_cast<ExportRequest*>(palloc(sizeof(ExportRequest)));
  *copy = *request;
  copy->fields = static_cast<const Field**>(palloc(sizeof(Field*) * static_cast<size_t>(Max(request->field_count, 1))));
  copy->field_count = 0;
  for (int i = 0; i < request->field_count; ++i) {
    bool nested = false;
    ListCell* cell;
    foreach (cell, children) {
      const auto* child = static_cast<const Dataset*>(lfirst(cell));
      nested |= child->parent_field != nullptr && strcmp(child->parent_field, request->fields[i]->name) == 0;
    }
    if (!nested) copy->fields[copy->field_count++] = request->fields[i];
  }
  return copy;
}

}  // namespace pg_takeout
