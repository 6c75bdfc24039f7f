// How an export's query is planned: on the rights of the governed views' owners, narrowed to one tenant.
#pragma once

#include "postgres.hpp"

#include "export_query.hpp"

namespace pg_takeout {

// Ready for ExecutorStart. The query reads governed views only, and their predicate (SELECT takeout.current_tenants())
// stands for `tenant`, of which the caller has made sure. CurrentMemoryContext must live as long as the query.
QueryDesc* plan_export(const ExportQuery* query, const char* tenant, Snapshot snapshot, DestReceiver* receiver);

}  // namespace pg_takeout
