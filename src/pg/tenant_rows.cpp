#include "postgres.hpp"

#include "tenant_rows.hpp"

#include "export_plan.hpp"

namespace pg_takeout {

namespace {

struct RowReceiver {
  DestReceiver base;
  bool found;
};

bool receive_row(TupleTableSlot*, DestReceiver* receiver) {
  reinterpret_cast<RowReceiver*>(receiver)->found = true;
  return false;
}

}  // namespace

bool tenant_has_rows(const ExportRequest* request) {
  RowReceiver receiver{row_receiver(receive_row), false};
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  query->text = psprintf("SELECT FROM %s AS v LIMIT 1", request->dataset->view_name);
  query->view = request->dataset->view;
  run_query(query, request->tenant, &receiver.base);
  return receiver.found;
}

}  // namespace pg_takeout
