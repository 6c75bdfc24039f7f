// Whether an export may begin, and that it did on record: quota, then the intent in the audit files.
#pragma once

#include "postgres.hpp"

#include "audit.hpp"
#include "export_request.hpp"
#include "limits.hpp"

namespace pg_takeout {

// Takes one request of the quota and records the intent. Raises 53400, 58030. The record lives in `context`, and an
// export that goes away with it unended is on record as abandoned. page: null but for export_page.
struct PageAsked {
  int64 rows;
  bool is_first;
};
AuditRecord* admit_export(const ExportRequest* request, const Limits* limits, const PageAsked* page,
                          MemoryContext context);

// The same for an export in parts, once for all of them; the parts then begin with a record of their own each, which names
// that of the whole. number: from 1.
AuditRecord* admit_parts(const ExportRequest* request, const Limits* limits, int count, MemoryContext context);
inline constexpr const char* parts_method = "export_parts";
inline constexpr const char* part_method = "export_part";
AuditRecord* record_part(const ExportRequest* request, uint64 whole, int number, MemoryContext context);
// The end of the whole is on record, flushed, when this returns. Raises 58030.
void record_whole(const ExportRequest* request, uint64 whole, int64 rows, int64 bytes);

// From PG_CATCH, where an export was refused: for want of a privilege, over the quota or a limit. Other errors are no
// refusals. method: the SQL function.
void record_refusal(FunctionCallInfo fcinfo, const ArgumentPositions* at, const char* method, MemoryContext context);

}  // namespace pg_takeout
