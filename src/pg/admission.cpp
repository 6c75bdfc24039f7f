#include "postgres.hpp"

#include "admission.hpp"

extern "C" {
#include "utils/json.h"
}

#include "quota.hpp"
#include "tenant_rows.hpp"

namespace pg_takeout {

namespace {

void append_key(StringInfo json, const char* key) {
  appendStringInfoChar(json, json->len > 0 ? ',' : '{');
  escape_json(json, key);
  appendStringInfoChar(json, ':');
}

void append_time(StringInfo json, const char* key, TimestampTz time) {
  append_key(json, key);
  escape_json(json, DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(time))));
}

// Ids are personal data and may be many: how many, and what tells whether it was these.
void append_ids(StringInfo json, const ExportRequest* request) {
  StringInfoData all;
  initStringInfo(&all);
  for (int i = 0; i < request->id_count; ++i) appendStringInfo(&all, "%s\n", request->ids[i]);
  const Datum hash = DirectFunctionCall1(sha256_bytea, PointerGetDatum(cstring_to_text_with_len(all.data, all.len)));
  append_key(json, "ids");
  appendStringInfo(json, "%d", request->id_count);
  append_key(json, "ids_sha256");
  const bytea* bytes = DatumGetByteaPP(hash);
  appendStringInfoChar(json, '"');
  for (Size i = 0; i < VARSIZE_ANY_EXHDR(bytes); ++i)
    appendStringInfo(json, "%02x", static_cast<unsigned char>(VARDATA_ANY(bytes)[i]));
  appendStringInfoChar(json, '"');
}

void append_columns(StringInfo json, const ExportRequest* request) {
  append_key(json, "columns");
  for (int i = 0; i < request->field_count; ++i) {
    appendStringInfoChar(json, i == 0 ? '[' : ',');
    escape_json(json, request->fields[i]->name);
  }
  appendStringInfoChar(json, ']');
}

// What narrows the export, as a JSON object; null where nothing does.
const char* filter_of(const ExportRequest* request, const PageAsked* page, const char* part_key, int part) {
  StringInfoData json;
  initStringInfo(&json);
  if (request->ids != nullptr) append_ids(&json, request);
  if (request->has_since) append_time(&json, "since", request->since);
  if (request->has_end) append_time(&json, "until", request->end);
  if (request->field_count > 0 && request->field_count < request->dataset->field_count) append_columns(&json, request);
  if (page != nullptr) {
    append_key(&json, "page_rows");
    appendStringInfo(&json, INT64_FORMAT, page->rows);
    append_key(&json, "first_page");
    appendStringInfoString(&json, page->is_first ? "true" : "false");
  }
  if (part_key != nullptr) {
    append_key(&json, part_key);
    appendStringInfo(&json, "%d", part);
  }
  if (json.len == 0) return nullptr;
  appendStringInfoChar(&json, '}');
  return json.data;
}

// Whose log counts the request. Names that a member of all tenants makes up must not use up the server's logs, nor may one
// tenant have a log for each way to spell it (07, a uuid in capitals): the name is that in a row of the dataset. Names
// without one share a log, that of the name "", which no tenant has.
const char* counted_tenant(const ExportRequest* request) {
  if (request->tenant_is_known) return request->tenant;
  const char* tenant = tenant_of_a_row(request);
  return tenant != nullptr ? tenant : "";
}

// A row may have been read when this fails, so that is counted and on record.
const char* counted_tenant_on_record(const ExportRequest* request, const Limits* limits, const AuditSubject* subject,
                                     MemoryContext context) {
  const char* volatile tenant = nullptr;
  PG_TRY();
  { tenant = counted_tenant(request); }
  PG_CATCH();
  {
    const MemoryContext previous = MemoryContextSwitchTo(context);
    take_request("", limits->requests_per_minute);
    fail_audit(begin_audit(subject, context), geterrcode());
    MemoryContextSwitchTo(previous);
    PG_RE_THROW();
  }
  PG_END_TRY();
  return tenant;
}

AuditSubject subject_of(const ExportRequest* request, const char* method, const char* filter) {
  const char* format = makes_file(request->method) ? format_name(request->options.format) : nullptr;
  return {request->tenant, request->dataset->name, format, method, filter};
}

// One request of the quota, and the intent on record.
AuditRecord* admit(const ExportRequest* request, const AuditSubject* subject, const Limits* limits,
                   MemoryContext context) {
  const char* const counted = counted_tenant_on_record(request, limits, subject, context);
  take_request(counted, limits->requests_per_minute);
  AuditRecord* record = nullptr;
  PG_TRY();
  { record = begin_audit(subject, context); }
  PG_CATCH();
  {
    return_request(counted);
    PG_RE_THROW();
  }
  PG_END_TRY();
  return record;
}

}  // namespace

AuditRecord* admit_export(const ExportRequest* request, const Limits* limits, const PageAsked* page,
                          MemoryContext context) {
  const AuditSubject subject = subject_of(request, method_name(request->method), filter_of(request, page, nullptr, 0));
  return admit(request, &subject, limits, context);
}

AuditRecord* admit_parts(const ExportRequest* request, const Limits* limits, int count, MemoryContext context) {
  AuditSubject subject = subject_of(request, parts_method, filter_of(request, nullptr, "parts", count));
  subject.in_parts = true;
  return admit(request, &subject, limits, context);
}

AuditRecord* record_part(const ExportRequest* request, uint64 whole, int number, MemoryContext context) {
  AuditSubject subject = subject_of(request, part_method, filter_of(request, nullptr, "part", number));
  subject.part_of = whole;
  return begin_audit(&subject, context);
}

void record_whole(const ExportRequest* request, uint64 whole, int64 rows, int64 bytes) {
  const AuditSubject subject = subject_of(request, parts_method, nullptr);
  complete_audit_of_parts(&subject, whole, rows, bytes);
}

void record_refusal(FunctionCallInfo fcinfo, const ArgumentPositions* at, const char* method, MemoryContext context) {
  const int code = geterrcode();
  if (code != ERRCODE_INSUFFICIENT_PRIVILEGE && code != ERRCODE_CONFIGURATION_LIMIT_EXCEEDED &&
      code != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
    return;
  const MemoryContext previous = MemoryContextSwitchTo(context);
  const auto argument = [fcinfo](int position) {
    return position < 0 || PG_ARGISNULL(position) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(position));
  };
  const ErrorData* error = CopyErrorData();
  const AuditSubject subject = {argument(at->tenant), argument(at->dataset), argument(at->format), method, nullptr};
  audit_denied(&subject, code, error->message);
  MemoryContextSwitchTo(previous);
}

}  // namespace pg_takeout
