#include "postgres.hpp"

#include "about_sheet.hpp"

#include "../core/value_text.hpp"
#include "column_reader.hpp"
#include "settings.hpp"

namespace pg_takeout {

namespace {

constexpr int room = 12;

struct AboutList {
  AboutEntry* entries;
  int count;
};

AboutList make_list() { return {static_cast<AboutEntry*>(palloc(sizeof(AboutEntry) * room)), 0}; }

void add(AboutList* list, const char* name, const char* value) {
  list->entries[list->count++] = {name, to_utf8(value, static_cast<int>(strlen(value)))};
}

const char* time_text(TimestampTz time) {
  auto* text = static_cast<char*>(palloc(max_value_text + 1));
  *write_timestamp(text, time, true) = '\0';
  return text;
}

void add_common(AboutList* list, const FormatOptions* options, int64 row_count) {
  add(list, "Rows", psprintf(INT64_FORMAT, row_count));
  add(list, "Exported at", time_text(GetCurrentTransactionStartTimestamp()));
  add(list, "Time zone", options->zone != nullptr ? options->zone : "UTC");
  add(list, "IP addresses", psprintf("masked: IPv4 to /%d, IPv6 to /%d", settings::ipv4_prefix, settings::ipv6_prefix));
}

}  // namespace

AboutEntry* about_dataset(const ExportRequest* request, int64 row_count, int* count) {
  AboutList list = make_list();
  const Dataset* dataset = request->dataset;
  add(&list, "Dataset", dataset->name);
  if (dataset->title != nullptr) add(&list, "Title", dataset->title);
  if (request->tenant != nullptr) add(&list, "Tenant", request->tenant);
  if (request->has_since) add(&list, "Since", time_text(request->since));
  if (request->has_end) add(&list, "Until", time_text(request->end));
  if (request->ids != nullptr) add(&list, "Ids asked for", psprintf("%d", request->id_count));
  add_common(&list, &request->options, row_count);
  *count = list.count;
  return list.entries;
}

AboutEntry* about_query(const FormatOptions* options, int64 row_count, int* count) {
  AboutList list = make_list();
  add_common(&list, options, row_count);
  *count = list.count;
  return list.entries;
}

}  // namespace pg_takeout
