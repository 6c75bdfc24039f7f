#include "postgres.hpp"

#include "export_request.hpp"

#include "catalog_row.hpp"
#include "column_reader.hpp"
#include "exclusions.hpp"
#include "members.hpp"
#include "shared_memory.hpp"

namespace pg_takeout {

namespace {

bool has_argument(FunctionCallInfo fcinfo, int position) { return position >= 0 && !PG_ARGISNULL(position); }

const char* text_argument(FunctionCallInfo fcinfo, int position) {
  return has_argument(fcinfo, position) ? text_to_cstring(PG_GETARG_TEXT_PP(position)) : nullptr;
}

// "a, b, c", for an error's DETAIL or HINT.
const char* listed(const char* const* names, int count) {
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < count; ++i) appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", names[i]);
  return list.data;
}

Format choose_format(const Dataset* dataset, const char* asked) {
  if (asked == nullptr) return format_of(dataset->default_format);
  const Format format = format_of(asked);
  for (int i = 0; i < dataset->format_count; ++i)
    if (strcmp(dataset->formats[i], asked) == 0) return format;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("dataset \"%s\" is not offered in format %s", dataset->name, asked),
                  errhint("Its formats are: %s.", listed(dataset->formats, dataset->format_count))));
  pg_unreachable();
}

[[noreturn]] void raise_unknown_column(const Dataset* dataset, const char* name) {
  auto** names = static_cast<const char**>(palloc(sizeof(char*) * static_cast<size_t>(Max(dataset->field_count, 1))));
  for (int i = 0; i < dataset->field_count; ++i) names[i] = dataset->fields[i].name;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("dataset \"%s\" has no column \"%s\"", dataset->name, name),
           errdetail("Its columns are: %s.", listed(names, dataset->field_count))));
  pg_unreachable();
}

void choose_fields(ExportRequest* request, ArrayType* columns) {
  const Dataset* dataset = request->dataset;
  if (columns == nullptr) {
    request->field_count = dataset->field_count;
    request->fields =
        static_cast<const Field**>(palloc(sizeof(Field*) * static_cast<size_t>(Max(request->field_count, 1))));
    for (int i = 0; i < request->field_count; ++i) request->fields[i] = &dataset->fields[i];
    return;
  }

  const char** names = strings_of(columns, &request->field_count);
  if (request->field_count == 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("list of columns must not be empty"),
                    errhint("Leave columns out, or give NULL, for all of them.")));
  request->fields = static_cast<const Field**>(palloc(sizeof(Field*) * static_cast<size_t>(request->field_count)));
  for (int i = 0; i < request->field_count; ++i) {
    request->fields[i] = find_field(dataset, names[i]);
    if (request->fields[i] == nullptr) raise_unknown_column(dataset, names[i]);
    for (int before = 0; before < i; ++before)
      if (request->fields[before] == request->fields[i])
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("column \"%s\" is named more than once", names[i])));
  }
}

void read_ids(ExportRequest* request, ArrayType* ids) {
  if (ids == nullptr) return;
  const Dataset* dataset = request->dataset;
  if (dataset->key_count == 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("dataset \"%s\" has no key to look ids up by", dataset->name),
                    errhint("Its owner can name one: takeout.alter_dataset('%s', key => ...).", dataset->name)));
  const int count = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
  if (count > max_ids)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("list of %d ids is longer than the limit of %d", count, max_ids),
                    errhint("Export in several calls, or by a period (since, until) instead.")));
  request->ids = strings_of(ids, &request->id_count);
}

void read_period(ExportRequest* request, FunctionCallInfo fcinfo, const ArgumentPositions* at) {
  request->has_since = has_argument(fcinfo, at->since);
  request->has_until = has_argument(fcinfo, at->until);
  if (request->has_since) request->since = PG_GETARG_TIMESTAMPTZ(at->since);
  if (request->has_until) request->until = PG_GETARG_TIMESTAMPTZ(at->until);
  request->has_end = request->has_until;
  request->end = request->until;
  if (!request->has_since && !request->has_until) return;

  if (request->dataset->time_column == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("dataset \"%s\" has no time column to take a period of", request->dataset->name)));
  if (request->has_since && request->has_until && request->since > request->until)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("period ends before it begins"),
                    errdetail("since is %s, until is %s.", pstrdup(timestamptz_to_str(request->since)),
                              pstrdup(timestamptz_to_str(request->until)))));
}

}  // namespace

const char* method_name(Method method) {
  switch (method) {
    case Method::value:
      return "export";
    case Method::stream:
      return "export_stream";
    case Method::page:
      return "export_page";
    case Method::violations:
      return "violations";
    case Method::conformance:
      break;
  }
  return "conformance";
}

ExportRequest* read_request(FunctionCallInfo fcinfo, const ArgumentPositions* at, Method method) {
  require_preload();
  // A function of a view's owner runs as whoever exports the view, and must not export on that one's membership.
  if (is_exporting())
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("an export cannot start within another"),
                    errhint("Call it outside of the dataset's source.")));
  const char* name = text_argument(fcinfo, at->dataset);
  if (name == nullptr) ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("dataset must not be NULL")));

  auto* request = static_cast<ExportRequest*>(palloc0(sizeof(ExportRequest)));
  request->method = method;
  request->dataset = load_dataset(name);
  const Format format = choose_format(request->dataset, text_argument(fcinfo, at->format));
  request->options =
      read_format_options(format, has_argument(fcinfo, at->options) ? PG_GETARG_JSONB_P(at->options) : nullptr);
  if (request->options.sheet == nullptr)
    request->options.sheet = to_utf8(request->dataset->name, static_cast<int>(strlen(request->dataset->name)));
  choose_fields(request, has_argument(fcinfo, at->columns) ? PG_GETARG_ARRAYTYPE_P(at->columns) : nullptr);
  read_ids(request, has_argument(fcinfo, at->ids) ? PG_GETARG_ARRAYTYPE_P(at->ids) : nullptr);
  read_period(request, fcinfo, at);
  request->tenant = export_tenant(request->dataset, text_argument(fcinfo, at->tenant), &request->tenant_is_known);
  request->ordered = !has_argument(fcinfo, at->ordered) || PG_GETARG_BOOL(at->ordered);
  return request;
}

}  // namespace pg_takeout
