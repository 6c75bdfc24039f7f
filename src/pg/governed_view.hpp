// What a governed view must be for an export to trust it: rows of one relation, narrowed to the reader's tenants, its
// columns as they are or masked.
#pragma once

#include "postgres.hpp"

#include "dataset.hpp"

namespace pg_takeout {

// The query of the view's rule, for as long as the relation is open; null where it is no view.
const Query* stored_query(Relation view);

// The one relation that the query reads, by no more than FROM and WHERE; else InvalidOid.
Oid only_relation(const Query* query);

Oid mask_ip_function();
Oid current_tenants_function();
// Whether the expression is (SELECT takeout.current_tenants()), under its cast to an array of the column's type.
bool is_current_tenants(const Node* node, Oid current_tenants);

// What is wrong with the dataset's view, as a whole sentence; null where nothing is. A view that was made anew by hand, or a
// source whose columns changed places, would give other rows or other columns than were registered, or raw addresses.
const char* flaw_of_view(const Dataset* dataset);

}  // namespace pg_takeout
