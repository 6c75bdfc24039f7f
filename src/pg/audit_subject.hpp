// Who exports what, as the lines of the audit say it.
#pragma once

#include "postgres.hpp"

#include "../core/audit_line.hpp"
#include "audit.hpp"

namespace pg_takeout {

// Server, database, role, client and what is exported.
void describe_subject(const AuditSubject* subject, AuditBody* body);
void describe_filter(const AuditSubject* subject, AuditBody* body);

}  // namespace pg_takeout
