#include "postgres.hpp"

#include "export_query.hpp"

extern "C" {
#include "catalog/pg_operator.h"
}

namespace pg_takeout {

namespace {

// Told that the type has no length, format_type_extended() says bpchar and not character, which would be character(1).
const char* type_name(Oid type) {
  return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

// A new parameter's place in the text: "$3".
const char* add_parameter(ExportQuery* query, Oid type, Datum value) {
  if (query->parameter_count == max_parameters)
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("key of the dataset has too many columns to page by"),
             errdetail("A page's query takes at most %d values.", max_parameters),
             errhint("Use takeout.export_stream(), which reaches every row.")));
  query->types[query->parameter_count] = type;
  query->values[query->parameter_count] = value;
  return psprintf("$%d", ++query->parameter_count);
}

const char* add_text(ExportQuery* query, const char* value) {
  return add_parameter(query, TEXTOID, CStringGetTextDatum(value));
}

enum class Comparison { equal, greater };

// "OPERATOR(schema.=)" of the type's default btree or hash operator class.
const char* operator_of(Oid type, Comparison comparison) {
  const TypeCacheEntry* entry =
      lookup_type_cache(getBaseType(type), comparison == Comparison::equal ? TYPECACHE_EQ_OPR : TYPECACHE_GT_OPR);
  const Oid found = comparison == Comparison::equal ? entry->eq_opr : entry->gt_opr;
  if (!OidIsValid(found))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                    errmsg("values of type %s cannot be compared", format_type_be(type))));
  HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(found));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for operator %u", found);
  const auto form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
  const char* text =
      psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
  ReleaseSysCache(tuple);
  return text;
}

const char* column(const char* alias, const char* name) { return psprintf("%s.%s", alias, quote_identifier(name)); }

Oid key_type(const Dataset* dataset, const char* name) {
  const Oid type = view_column_type(dataset, name);
  if (!OidIsValid(type))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("governed view of dataset \"%s\" has no column \"%s\"", dataset->name, name)));
  return type;
}

// A timestamptz bound as the time column's kind of time: columns without a zone are taken to be in UTC.
const char* bound_of(const Dataset* dataset, const char* parameter) {
  return getBaseType(key_type(dataset, dataset->time_column)) == TIMESTAMPTZOID
             ? parameter
             : psprintf("pg_catalog.timezone('UTC', %s)", parameter);
}

// " WHERE …" of what the request asks for; every condition is on columns of the view.
void append_filter(StringInfo text, ExportQuery* query, const ExportRequest* request, const char* alias) {
  const Dataset* dataset = request->dataset;
  const char* separator = " WHERE ";
  if (request->ids != nullptr) {
    const Oid type = key_type(dataset, dataset->key_columns[0]);
    auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<size_t>(Max(request->id_count, 1))));
    for (int i = 0; i < request->id_count; ++i) elements[i] = CStringGetTextDatum(request->ids[i]);
    ArrayType* array = construct_array(elements, request->id_count, TEXTOID, -1, false, TYPALIGN_INT);
    appendStringInfo(text, "%s%s %s ANY (%s::%s[])", separator, column(alias, dataset->key_columns[0]),
                     operator_of(type, Comparison::equal), add_parameter(query, TEXTARRAYOID, PointerGetDatum(array)),
                     type_name(type));
    separator = " AND ";
  }
  if (request->has_since) {
    const char* parameter = add_parameter(query, TIMESTAMPTZOID, TimestampTzGetDatum(request->since));
    appendStringInfo(text, "%s%s OPERATOR(pg_catalog.>=) %s", separator, column(alias, dataset->time_column),
                     bound_of(dataset, parameter));
    separator = " AND ";
  }
  if (request->has_end) {
    const char* parameter = add_parameter(query, TIMESTAMPTZOID, TimestampTzGetDatum(request->end));
    appendStringInfo(text, "%s%s OPERATOR(pg_catalog.<) %s", separator, column(alias, dataset->time_column),
                     bound_of(dataset, parameter));
    separator = " AND ";
  }
  if (strcmp(separator, " WHERE ") == 0) appendStringInfoString(text, " WHERE true");
}

void append_order(StringInfo text, const Dataset* dataset, const char* alias) {
  const char* separator = " ORDER BY ";
  if (dataset->time_column != nullptr) {
    appendStringInfo(text, "%s%s", separator, column(alias, dataset->time_column));
    separator = ", ";
  }
  for (int i = 0; i < dataset->key_count; ++i) {
    if (dataset->time_column != nullptr && strcmp(dataset->key_columns[i], dataset->time_column) == 0) continue;
    appendStringInfo(text, "%s%s", separator, column(alias, dataset->key_columns[i]));
    separator = ", ";
  }
}

// Whether the column may hold NULL, for all that the source's definition tells.
bool is_nullable(const Dataset* dataset, const char* name) {
  const char kind = get_rel_relkind(dataset->source);
  if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) return true;
  HeapTuple tuple = SearchSysCacheAttName(dataset->source, name);
  if (!HeapTupleIsValid(tuple)) return true;
  const bool nullable = !reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attnotnull;
  ReleaseSysCache(tuple);
  return nullable;
}

// ", EXISTS (SELECT … WHERE … AND (key IS NULL OR …))", evaluated once.
void append_null_key_check(StringInfo text, ExportQuery* query, const ExportRequest* request) {
  appendStringInfo(text, ", EXISTS (SELECT FROM %s AS n", request->dataset->view_name);
  append_filter(text, query, request, "n");
  const char* separator = " AND (";
  for (int i = 0; i < request->dataset->key_count; ++i) {
    const char* name = request->dataset->key_columns[i];
    if (!is_nullable(request->dataset, name)) continue;
    appendStringInfo(text, "%s%s IS NULL", separator, column("n", name));
    separator = " OR ";
  }
  appendStringInfoString(text, "))");
}

void append_fields(StringInfo text, const ExportRequest* request, const char* alias) {
  for (int i = 0; i < request->field_count; ++i)
    appendStringInfo(text, "%s%s", i > 0 ? ", " : "", column(alias, request->fields[i]->name));
}

// "(v.time, v.key) > ($1, $2)", which an index on both can answer. One operator name serves a whole row comparison.
void append_page_start(StringInfo text, ExportQuery* query, const Dataset* dataset, const PageStart* start) {
  StringInfoData left;
  StringInfoData right;
  initStringInfo(&left);
  initStringInfo(&right);
  const char* greater = nullptr;

  const auto compare = [&](const char* name, const char* value) {
    const Oid type = key_type(dataset, name);
    const char* wanted = operator_of(type, Comparison::greater);
    if (greater == nullptr) greater = wanted;
    if (strcmp(greater, wanted) != 0)
      ereport(ERROR,
              (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
               errmsg("dataset \"%s\" cannot be paged: its time and key columns have operators in different schemas",
                      dataset->name),
               errhint("Use takeout.export_stream(), which reaches every row.")));
    appendStringInfo(&left, "%s%s", left.len > 0 ? ", " : "", column("v", name));
    appendStringInfo(&right, "%s%s::%s", right.len > 0 ? ", " : "", add_text(query, value), type_name(type));
  };
  if (start->time != nullptr) compare(dataset->time_column, start->time);
  for (int i = 0; i < dataset->key_count; ++i) compare(dataset->key_columns[i], start->key[i]);
  appendStringInfo(text, " AND ROW(%s) %s ROW(%s)", left.data, greater, right.data);
}

// Where a > b has no negator NOT (a > b) still is right, since neither is NULL.
void append_range(StringInfo text, ExportQuery* query, const Dataset* dataset, const SortRange* range) {
  const char* name = first_sort_column(dataset);
  if (range->nulls) appendStringInfo(text, " AND %s IS NULL", column("v", name));
  if (range->after == nullptr && range->upto == nullptr) return;
  const Oid type = key_type(dataset, name);
  const char* greater = operator_of(type, Comparison::greater);
  if (range->after != nullptr)
    appendStringInfo(text, " AND %s %s %s::%s", column("v", name), greater, add_text(query, range->after),
                     type_name(type));
  if (range->upto != nullptr)
    appendStringInfo(text, " AND NOT (%s %s %s::%s)", column("v", name), greater, add_text(query, range->upto),
                     type_name(type));
}

}  // namespace

const char* first_sort_column(const Dataset* dataset) {
  if (dataset->time_column != nullptr) return dataset->time_column;
  return dataset->key_count > 0 ? dataset->key_columns[0] : nullptr;
}

ExportQuery* cuts_query(const ExportRequest* request, int parts) {
  const Dataset* dataset = request->dataset;
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT pg_catalog.percentile_disc('{");
  for (int i = 1; i < parts; ++i) appendStringInfo(&text, "%s%.9f", i > 1 ? "," : "", static_cast<double>(i) / parts);
  const char* name = first_sort_column(dataset);
  appendStringInfo(&text, "}'::pg_catalog.float8[]) WITHIN GROUP (ORDER BY %s::%s)::pg_catalog.text[] FROM %s AS v",
                   column("v", name), type_name(getBaseType(key_type(dataset, name))), dataset->view_name);
  append_filter(&text, query, request, "v");
  query->text = text.data;
  query->view = dataset->view;
  return query;
}

ExportQuery* export_query(const ExportRequest* request, const SortRange* range) {
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT ");
  append_fields(&text, request, "v");
  appendStringInfo(&text, " FROM %s AS v", request->dataset->view_name);
  append_filter(&text, query, request, "v");
  if (range != nullptr) append_range(&text, query, request->dataset, range);
  if (request->ordered) append_order(&text, request->dataset, "v");
  query->text = text.data;
  query->view = request->dataset->view;
  return query;
}

ExportQuery* keyed_query(const ExportRequest* request) {
  const Dataset* dataset = request->dataset;
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT ");
  append_fields(&text, request, "v");
  appendStringInfoString(&text, request->field_count > 0 ? ", " : "");
  for (int i = 0; i < dataset->key_count; ++i)
    appendStringInfo(&text, "%s%s",
                     i > 0                    ? ", "
                     : dataset->key_count > 1 ? "ROW("
                                              : "",
                     column("v", dataset->key_columns[i]));
  appendStringInfoString(&text, dataset->key_count == 0 ? "NULL" : dataset->key_count > 1 ? ")" : "");
  appendStringInfo(&text, "::pg_catalog.text FROM %s AS v", dataset->view_name);
  append_filter(&text, query, request, "v");
  if (request->ordered) append_order(&text, dataset, "v");
  query->text = text.data;
  query->view = dataset->view;
  return query;
}

bool has_nullable_key(const Dataset* dataset) {
  for (int i = 0; i < dataset->key_count; ++i)
    if (is_nullable(dataset, dataset->key_columns[i])) return true;
  return false;
}

ExportQuery* page_query(const ExportRequest* request, const PageStart* start, int64 row_limit) {
  const Dataset* dataset = request->dataset;
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT ");
  append_fields(&text, request, "v");
  if (dataset->time_column != nullptr)
    appendStringInfo(&text, ", %s::pg_catalog.text", column("v", dataset->time_column));
  for (int i = 0; i < dataset->key_count; ++i)
    appendStringInfo(&text, ", %s::pg_catalog.text", column("v", dataset->key_columns[i]));
  if (start == nullptr && has_nullable_key(dataset)) append_null_key_check(&text, query, request);
  appendStringInfo(&text, " FROM %s AS v", dataset->view_name);
  append_filter(&text, query, request, "v");
  if (start != nullptr) {
    if (start->null_times) appendStringInfo(&text, " AND %s IS NULL", column("v", dataset->time_column));
    if (start->key != nullptr) append_page_start(&text, query, dataset, start);
  }
  append_order(&text, dataset, "v");
  appendStringInfo(&text, " LIMIT " INT64_FORMAT, row_limit);
  query->text = text.data;
  query->view = request->dataset->view;
  return query;
}

ExportQuery* child_query(const ExportRequest* request, const Dataset* child) {
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT ");
  for (int i = 0; i < child->field_count; ++i)
    appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", column("c", child->fields[i].name));
  appendStringInfo(&text, " FROM %s AS c WHERE EXISTS (SELECT FROM %s AS v", child->view_name,
                   request->dataset->view_name);
  append_filter(&text, query, request, "v");
  for (int i = 0; i < child->parent_key_count; ++i)
    appendStringInfo(&text, " AND %s %s %s", column("v", child->parent_key[i]),
                     operator_of(key_type(child, child->parent_key[i]), Comparison::equal),
                     column("c", child->parent_key[i]));
  appendStringInfoChar(&text, ')');
  if (request->ordered) append_order(&text, child, "c");
  query->text = text.data;
  query->view = request->dataset->view;
  return query;
}

}  // namespace pg_takeout
