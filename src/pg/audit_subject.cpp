#include "postgres.hpp"

#include "audit_subject.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "common/ip.h"
#include "utils/backend_status.h"
}

#include "audit_text.hpp"
#include "audit_writer.hpp"

namespace pg_takeout {

namespace {

// As pg_stat_activity has it: null where the client comes by a socket of this host.
void describe_client(AuditBody* body) {
  const char* name = application_name;
  body->add_text(AuditField::application_name,
                 name == nullptr || name[0] == '\0' ? std::string_view{} : audit_text(name));
  if (MyBEEntry == nullptr) return;
  // From here, not from MyProcPort, whose header wants those of Kerberos.
  const SockAddr* client = &MyBEEntry->st_clientaddr;
  if (client->addr.ss_family != AF_INET && client->addr.ss_family != AF_INET6) return;
  char address[NI_MAXHOST];
  if (pg_getnameinfo_all(&client->addr, static_cast<int>(client->salen), address, sizeof address, nullptr, 0,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
    body->add_text(AuditField::client_address, address);
}

}  // namespace

void describe_subject(const AuditSubject* subject, AuditBody* body) {
  char node[128];
  describe_audit_node(node, sizeof node);
  body->add_text(AuditField::node, node);
  body->add_number(AuditField::process, MyProcPid);
  body->add_text(AuditField::database, audit_text(get_database_name(MyDatabaseId)));
  body->add_number(AuditField::database_oid, MyDatabaseId);
  body->add_text(AuditField::role, audit_text(GetUserNameFromId(GetSessionUserId(), true)));
  body->add_number(AuditField::role_oid, GetSessionUserId());
  describe_client(body);
  body->add_text(AuditField::tenant, audit_text(subject->tenant));
  body->add_text(AuditField::dataset, audit_text(subject->dataset));
  body->add_text(AuditField::format, audit_text(subject->format));
  body->add_text(AuditField::method, audit_text(subject->method));
  if (subject->part_of != 0) body->add_number(AuditField::part_of, static_cast<int64>(subject->part_of));
}

void describe_filter(const AuditSubject* subject, AuditBody* body) {
  body->add_json(AuditField::filter, audit_text(subject->filter));
}

}  // namespace pg_takeout
