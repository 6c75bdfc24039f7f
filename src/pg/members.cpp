#include "postgres.hpp"

#include "members.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(takeout_current_tenants);
PG_FUNCTION_INFO_V1(takeout_act_for);

PGDLLEXPORT Datum takeout_current_tenants(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_act_for(PG_FUNCTION_ARGS);
}

#include "catalog_row.hpp"
#include "settings.hpp"

namespace pg_takeout {

namespace {

const char* session_role() { return GetUserNameFromId(GetSessionUserId(), false); }

// As regrole reads it.
const char* session_role_literal() { return quote_literal_cstr(quote_identifier(session_role())); }

bool acts_for_one() { return settings::act_for != nullptr && settings::act_for[0] != '\0'; }

[[noreturn]] void raise_not_member(const char* tenant) {
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("role \"%s\" is not a member of tenant \"%s\"", session_role(), tenant),
                  errhint("The database's administrator enters members: INSERT INTO takeout.members VALUES (%s, %s).",
                          session_role_literal(), quote_literal_cstr(tenant))));
  pg_unreachable();
}

bool is_named(const Membership* membership, const char* tenant) {
  for (int i = 0; i < membership->count; ++i)
    if (strcmp(membership->tenants[i], tenant) == 0) return true;
  return false;
}

const char* listed(const Membership* membership) {
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < membership->count; ++i)
    appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", membership->tenants[i]);
  return list.data;
}

}  // namespace

Membership session_membership() {
  // What ANALYZE, REINDEX, REFRESH and autovacuum run is the table owner's code, whoever's session it is.
  if (InSecurityRestrictedOperation())
    ereport(
        ERROR,
        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
         errmsg("no tenant's rows are shown within a security-restricted operation"),
         errdetail("Functions of indexes and materialized views run as their owner, and not for whoever logged in.")));
  Membership membership{};
  int room = 4;
  membership.tenants = static_cast<const char**>(palloc(sizeof(char*) * static_cast<size_t>(room)));
  CatalogScan scan = open_catalog_by_oid("members", "role", GetSessionUserId());
  while (next_row(&scan)) {
    const char* tenant = row_text(&scan, "tenant");
    if (strcmp(tenant, "*") == 0) {
      membership.all = true;
      continue;
    }
    if (membership.count == room) {
      room *= 2;
      membership.tenants =
          static_cast<const char**>(repalloc(membership.tenants, sizeof(char*) * static_cast<size_t>(room)));
    }
    membership.tenants[membership.count++] = tenant;
  }
  close_catalog(&scan);

  if (membership.count == 0 && !membership.all)
    ereport(
        ERROR,
        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("role \"%s\" is not a member of any tenant", session_role()),
         errhint("The database's administrator enters members: INSERT INTO takeout.members VALUES (%s, '...').",
                 session_role_literal())));
  return membership;
}

bool is_member(const Membership* membership, const char* tenant) {
  return membership->all || is_named(membership, tenant);
}

void check_member(const Membership* membership, const char* tenant) {
  if (!is_member(membership, tenant)) raise_not_member(tenant);
}

Membership visible_tenants() {
  Membership membership = session_membership();
  if (acts_for_one()) {
    check_member(&membership, settings::act_for);
    membership.count = 1;
    membership.tenants = static_cast<const char**>(palloc(sizeof(char*)));
    membership.tenants[0] = pstrdup(settings::act_for);
  } else if (membership.all && membership.count == 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("role \"%s\" is a member of every tenant and acts for none", session_role()),
                    errhint("Name one for the transaction: SELECT takeout.act_for('...').")));
  }
  return membership;
}

const char* export_tenant(const Dataset* dataset, const char* asked, bool* is_known) {
  const Membership membership = session_membership();
  const char* tenant = asked;
  if (tenant == nullptr && acts_for_one()) tenant = pstrdup(settings::act_for);
  if (tenant == nullptr) tenant = dataset->fixed_tenant;
  if (tenant == nullptr && membership.count == 1 && !membership.all) tenant = membership.tenants[0];
  if (tenant == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("role \"%s\" is a member of more than one tenant", session_role()),
                    membership.all ? errdetail("It is a member of every tenant.")
                                   : errdetail("They are %s.", listed(&membership)),
                    errhint("Name the one whose rows to export with tenant => '...'.")));
  check_member(&membership, tenant);
  if (dataset->fixed_tenant != nullptr && strcmp(dataset->fixed_tenant, tenant) != 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("dataset \"%s\" holds no rows of tenant \"%s\"", dataset->name, tenant),
                    is_member(&membership, dataset->fixed_tenant)
                        ? errdetail("All of its rows are of tenant \"%s\".", dataset->fixed_tenant)
                        : 0));
  *is_known = dataset->fixed_tenant != nullptr || is_named(&membership, tenant);
  return tenant;
}

void act_for_tenant(const char* tenant) {
  (void)set_config_option("takeout.act_for", tenant, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

}  // namespace pg_takeout

using namespace pg_takeout;

Datum takeout_current_tenants(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  const Membership membership = visible_tenants();
  auto* elements = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<size_t>(membership.count)));
  for (int i = 0; i < membership.count; ++i) elements[i] = CStringGetTextDatum(membership.tenants[i]);
  PG_RETURN_ARRAYTYPE_P(construct_array(elements, membership.count, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum takeout_act_for(PG_FUNCTION_ARGS) {
  const char* tenant = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
  if (tenant[0] != '\0') {
    const Membership membership = session_membership();
    check_member(&membership, tenant);
  }
  if (!IsTransactionBlock())
    ereport(WARNING, (errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
                      errmsg("takeout.act_for() lasts until the transaction ends, and there is no transaction block"),
                      errhint("Call it after BEGIN.")));
  (void)set_config_option("takeout.act_for", tenant, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
  PG_RETURN_VOID();
}
