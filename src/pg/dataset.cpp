#include "postgres.hpp"

#include "dataset.hpp"

#include <algorithm>

#include "catalog_row.hpp"
#include "governed_view.hpp"

namespace pg_takeout {

namespace {

Dataset* dataset_of(const CatalogScan* row) {
  auto* dataset = static_cast<Dataset*>(palloc0(sizeof(Dataset)));
  dataset->name = row_text(row, "name");
  dataset->view = row_oid(row, "view");
  dataset->source = row_oid(row, "source");
  dataset->key_columns = row_strings(row, "key_columns", &dataset->key_count);
  dataset->time_column = row_name(row, "time_column");
  dataset->tenant_column = row_name(row, "tenant_column");
  dataset->fixed_tenant = row_text(row, "fixed_tenant");
  dataset->formats = row_strings(row, "formats", &dataset->format_count);
  dataset->default_format = row_text(row, "default_format");
  dataset->title = row_text(row, "title");
  dataset->parent = row_text(row, "parent");
  dataset->parent_key = row_strings(row, "parent_key", &dataset->parent_key_count);
  dataset->parent_field = row_name(row, "parent_field");
  return dataset;
}

[[noreturn]] void raise_unknown(const char* name) {
  StringInfoData known;
  initStringInfo(&known);
  CatalogScan scan = open_catalog("datasets", nullptr, nullptr);
  while (next_row(&scan)) appendStringInfo(&known, "%s%s", known.len > 0 ? ", " : "", row_text(&scan, "name"));
  close_catalog(&scan);

  ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("dataset \"%s\" does not exist", name),
                  known.len > 0 ? errdetail("Known datasets: %s.", known.data) : errdetail("There is no dataset yet."),
                  errhint("Use takeout.create_dataset() for a table of your own, or CALL takeout.create_model().")));
  pg_unreachable();
}

[[noreturn]] void raise_drifted(const Dataset* dataset, const char* finding) {
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("dataset \"%s\" no longer matches its source", dataset->name), errdetail("%s", finding),
           errhint("Its owner can run takeout.create_dataset() again, or takeout.drop_dataset('%s').", dataset->name)));
  pg_unreachable();
}

void load_fields(Dataset* dataset) {
  int room = 32;
  auto* positions = static_cast<int32*>(palloc(sizeof(int32) * static_cast<size_t>(room)));
  dataset->fields = static_cast<Field*>(palloc(sizeof(Field) * static_cast<size_t>(room)));

  CatalogScan scan = open_catalog("fields", "dataset", dataset->name);
  while (next_row(&scan)) {
    if (dataset->field_count == room) {
      room *= 2;
      positions = static_cast<int32*>(repalloc(positions, sizeof(int32) * static_cast<size_t>(room)));
      dataset->fields = static_cast<Field*>(repalloc(dataset->fields, sizeof(Field) * static_cast<size_t>(room)));
    }
    bool is_null;
    const int32 position = DatumGetInt32(row_value(&scan, "position", &is_null));
    const Field field = {row_name(&scan, "name"), row_oid(&scan, "type"), row_name(&scan, "source_column"),
                         DatumGetBool(row_value(&scan, "masked", &is_null)), row_text(&scan, "standard")};

    int at = dataset->field_count++;
    for (; at > 0 && positions[at - 1] > position; --at) {
      positions[at] = positions[at - 1];
      dataset->fields[at] = dataset->fields[at - 1];
    }
    positions[at] = position;
    dataset->fields[at] = field;
  }
  close_catalog(&scan);
}

// A view that was changed by hand, or whose source lost or changed a column, is refused: what it would give is not what
// was registered.
void check_drift(const Dataset* dataset) {
  if (get_rel_relkind(dataset->view) != RELKIND_VIEW) raise_drifted(dataset, "Its governed view does not exist.");
  if (get_rel_relkind(dataset->source) == '\0') raise_drifted(dataset, "Its source does not exist.");

  for (int i = 0; i < dataset->field_count; ++i) {
    const Field* field = &dataset->fields[i];
    const Oid type = view_column_type(dataset, field->name);
    if (!OidIsValid(type))
      raise_drifted(dataset, psprintf("Field \"%s\" is missing in the governed view.", field->name));
    if (type != field->type)
      raise_drifted(dataset, psprintf("Field \"%s\" was of type %s and is of type %s.", field->name,
                                      format_type_be(field->type), format_type_be(type)));
    if (field->source_column != nullptr && get_attnum(dataset->source, field->source_column) == InvalidAttrNumber)
      raise_drifted(dataset, psprintf("Column \"%s\" of the source was dropped or renamed.", field->source_column));
  }
  const char* flaw = flaw_of_view(dataset);
  if (flaw != nullptr) raise_drifted(dataset, flaw);
}

}  // namespace

Dataset* load_dataset(const char* name) {
  CatalogScan scan = open_catalog("datasets", "name", name);
  Dataset* dataset = next_row(&scan) ? dataset_of(&scan) : nullptr;
  close_catalog(&scan);
  if (dataset == nullptr) raise_unknown(name);

  load_fields(dataset);
  check_drift(dataset);
  dataset->view_name =
      quote_qualified_identifier(get_namespace_name(get_rel_namespace(dataset->view)), get_rel_name(dataset->view));
  return dataset;
}

List* load_children(const Dataset* parent) {
  List* names = NIL;
  CatalogScan scan = open_catalog("datasets", nullptr, nullptr);
  while (next_row(&scan)) {
    const char* of = row_text(&scan, "parent");
    if (of != nullptr && strcmp(of, parent->name) == 0)
      names = lappend(names, const_cast<char*>(row_text(&scan, "name")));
  }
  close_catalog(&scan);
  list_sort(names, [](const ListCell* left, const ListCell* right) {
    return strcmp(static_cast<const char*>(lfirst(left)), static_cast<const char*>(lfirst(right)));
  });

  List* children = NIL;
  ListCell* cell;
  foreach (cell, names) children = lappend(children, load_dataset(static_cast<const char*>(lfirst(cell))));
  return children;
}

const Field* find_field(const Dataset* dataset, const char* name) {
  for (int i = 0; i < dataset->field_count; ++i)
    if (strcmp(dataset->fields[i].name, name) == 0) return &dataset->fields[i];
  return nullptr;
}

Oid view_column_type(const Dataset* dataset, const char* column) {
  const AttrNumber number = get_attnum(dataset->view, column);
  return number == InvalidAttrNumber ? InvalidOid : get_atttype(dataset->view, number);
}

}  // namespace pg_takeout
