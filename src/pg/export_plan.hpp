// How an export's query is planned and run: on the rights of the governed views' owners, narrowed to one tenant.
#pragma once

#include "postgres.hpp"

#include "export_query.hpp"

namespace pg_takeout {

// Ready for ExecutorStart. The query reads governed views only, and their predicate (SELECT takeout.current_tenants())
// stands for `tenant`, of which the caller has made sure. CurrentMemoryContext must live as long as the query.
QueryDesc* plan_export(const ExportQuery* query, const char* tenant, Snapshot snapshot, DestReceiver* receiver);

// For a receiver whose column readers mask every address: where the rows come from a scan, addresses in its result are left
// to them. Masked by the view too they cost a call for each row, and the copying of all its columns. Before ExecutorStart.
void leave_masks_to_readers(const QueryDesc* query);

// A receiver that is only called for rows.
DestReceiver row_receiver(bool (*receive)(TupleTableSlot* slot, DestReceiver* receiver));

// What a planned query runs in: settings that texts depend on, exclusions, the tenant for views below, and the snapshot. Only
// in between, so that the caller's other work sees its own. Returns what end_rules() takes.
int begin_rules(const char* tenant, Snapshot snapshot);
void end_rules(int nest_level);

// Ends a query that ExecutorStart began.
void end_query(QueryDesc* query);

// All of this for a query that the receiver gets all rows of, under the active snapshot.
void run_query(const ExportQuery* query, const char* tenant, DestReceiver* receiver);

}  // namespace pg_takeout
