#include "postgres.hpp"

#include "tenant_rows.hpp"

#include "export_plan.hpp"

namespace pg_takeout {

namespace {

struct TenantReceiver {
  DestReceiver base;
  MemoryContext context;
  const char* tenant;
};

bool receive_tenant(TupleTableSlot* slot, DestReceiver* base) {
  auto* receiver = reinterpret_cast<TenantReceiver*>(base);
  slot_getallattrs(slot);
  const MemoryContext previous = MemoryContextSwitchTo(receiver->context);
  receiver->tenant = TextDatumGetCString(slot->tts_values[0]);
  MemoryContextSwitchTo(previous);
  return true;
}

}  // namespace

const char* tenant_of_a_row(const ExportRequest* request) {
  const Dataset* dataset = request->dataset;
  TenantReceiver receiver{row_receiver(receive_tenant), CurrentMemoryContext, nullptr};
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  query->text = psprintf("SELECT v.%s::pg_catalog.text FROM %s AS v LIMIT 1", quote_identifier(dataset->tenant_column),
                         dataset->view_name);
  query->view = dataset->view;
  run_query(query, request->tenant, &receiver.base);
  return receiver.tenant;
}

}  // namespace pg_takeout
