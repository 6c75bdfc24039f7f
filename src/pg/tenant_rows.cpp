#include "postgres.hpp"

#include "tenant_rows.hpp"

extern "C" {
#include "tcop/dest.h"
}

#include "column_reader.hpp"
#include "compat.hpp"
#include "exclusions.hpp"
#include "export_plan.hpp"
#include "members.hpp"

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

void start_receiver(DestReceiver*, int, TupleDesc) {}
void end_receiver(DestReceiver*) {}

}  // namespace

bool tenant_has_rows(const ExportRequest* request) {
  RowReceiver receiver{};
  receiver.base.receiveSlot = receive_row;
  receiver.base.rStartup = start_receiver;
  receiver.base.rShutdown = end_receiver;
  receiver.base.rDestroy = end_receiver;
  receiver.base.mydest = DestNone;
  auto* query = static_cast<ExportQuery*>(palloc0(sizeof(ExportQuery)));
  query->text = psprintf("SELECT FROM %s AS v LIMIT 1", request->dataset->view_name);
  query->view = request->dataset->view;

  Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
  const int nest_level = pin_settings();
  begin_exclusion_checks();
  act_for_tenant(request->tenant);
  PushActiveSnapshot(snapshot);
  QueryDesc* run = plan_export(query, request->tenant, snapshot, &receiver.base);
  ExecutorStart(run, 0);
  run_executor(run);
  ExecutorFinish(run);
  ExecutorEnd(run);
  FreeQueryDesc(run);
  PopActiveSnapshot();
  unpin_settings(nest_level);
  UnregisterSnapshot(snapshot);
  return receiver.found;
}

}  // namespace pg_takeout
