// Whose rows a session may have: takeout.members, and takeout.act_for() within it.
#pragma once

#include "postgres.hpp"

#include "dataset.hpp"

namespace pg_takeout {

// The tenants that the session's user (the role that logged in, whatever SET ROLE or a SECURITY DEFINER function made of
// it since) is a member of. Allocated in CurrentMemoryContext.
struct Membership {
  const char** tenants;  // named ones, in their order
  int count;
  bool all;  // a member of '*': of every tenant, which then has to be named
};

// Raises 42501 where the session's user is a member of none.
Membership session_membership();

bool is_member(const Membership* membership, const char* tenant);
// Raises 42501 where it is not.
void check_member(const Membership* membership, const char* tenant);

// The tenants whose rows the governed views show: all named ones, or the one acted for. A member of every tenant has to say
// for which it acts (22023): a back end that serves one customer after the other must not show them all where it forgot to.
Membership visible_tenants();

// The tenant that an export of the dataset is for: the one asked for, else the one acted for, the one that owns all rows
// of the dataset, or the only one that the session's user is a member of. Raises 42501 where it is not a member, 22023
// where several are left or the dataset holds none of the tenant's rows. is_known: it is the dataset's, or a row of
// takeout.members names it and not only '*'.
const char* export_tenant(const Dataset* dataset, const char* asked, bool* is_known);

// Until the setting's nest level ends: the governed views that functions read below an export show that tenant only.
void act_for_tenant(const char* tenant);

}  // namespace pg_takeout
