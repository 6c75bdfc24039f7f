#include "postgres.hpp"

#include "exclusions.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
}

#include "catalog_row.hpp"
#include "view_references.hpp"

namespace pg_takeout {

namespace {

constexpr const char* setting_name = "takeout.exporting";

bool exporting = false;
ExecutorStart_hook_type previous_hook = nullptr;

// ---------------------------------------------------------------------------------------------------------------------
// Verdicts: each relation that queries read is looked into once in a run of an export, since a function may run its query
// for every row. What the tables say is read anew in each run, by the latest snapshot.

struct Verdict {
  Oid relation;
  Oid because;  // the relation that must not leave: this one, an ancestor, one below its definition; none where it may
  uint64 run;   // it holds for
};

uint64 current_run = 1;
uint64 looked_at_in_run = 0;
bool anything_is_listed = false;

bool is_listed(Oid relation) {
  CatalogScan scan = open_catalog_by_oid("excluded_relations", "relation", relation);
  const bool found = next_row(&scan);
  close_catalog(&scan);
  return found;
}

bool has_rows(const char* table) {
  CatalogScan scan = open_catalog(table, nullptr, nullptr);
  const bool found = next_row(&scan);
  close_catalog(&scan);
  return found;
}

// Catalogs, their views and information_schema have the object ids of initdb.
bool is_of_the_system(Oid relation) {
  if (relation < FirstNormalObjectId) return true;
  const Oid schema = get_rel_namespace(relation);
  return IsToastNamespace(schema) || schema == get_namespace_oid("takeout", true) ||
         schema == get_namespace_oid("information_schema", true);
}

List* parents_of(Oid relation) {
  List* parents = NIL;
  Relation inherits = table_open(InheritsRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
  SysScanDesc scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
  HeapTuple row;
  while (HeapTupleIsValid(row = systable_getnext(scan)))
    parents = lappend_oid(parents, reinterpret_cast<Form_pg_inherits>(GETSTRUCT(row))->inhparent);
  systable_endscan(scan);
  table_close(inherits, AccessShareLock);
  return parents;
}

// The relation itself, or the partitioned or inherited table above it, that is listed.
Oid listed_at_or_above(Oid relation) {
  check_stack_depth();
  if (is_listed(relation)) return relation;
  ListCell* cell;
  foreach (cell, parents_of(relation)) {
    const Oid found = listed_at_or_above(lfirst_oid(cell));
    if (OidIsValid(found)) return found;
  }
  return InvalidOid;
}

// A materialized view holds rows of what its definition reads, with all partitions and children of that.
Oid listed_in_definition(Oid view) {
  check_stack_depth();
  ListCell* cell;
  foreach (cell, references_of(view)) {
    const Oid read = static_cast<const Reference*>(lfirst(cell))->relation;
    ListCell* child;
    foreach (child, find_all_inheritors(read, AccessShareLock, nullptr))
      if (is_listed(lfirst_oid(child))) return lfirst_oid(child);
    Oid found = listed_at_or_above(read);
    if (!OidIsValid(found)) found = listed_in_definition(read);
    if (OidIsValid(found)) return found;
  }
  return InvalidOid;
}

Oid why_not(Oid relation) {
  if (is_of_the_system(relation)) return relation;
  if (!anything_is_listed) return InvalidOid;
  const Oid found = listed_at_or_above(relation);
  if (OidIsValid(found) || get_rel_relkind(relation) != RELKIND_MATVIEW) return found;
  return listed_in_definition(relation);
}

HTAB* all_verdicts() {
  static HTAB* verdicts = nullptr;
  if (verdicts == nullptr) {
    HASHCTL control{};
    control.keysize = sizeof(Oid);
    control.entrysize = sizeof(Verdict);
    control.hcxt = CacheMemoryContext;
    verdicts = hash_create("takeout exclusions", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
  }
  return verdicts;
}

Oid verdict_on(Oid relation) {
  if (looked_at_in_run != current_run) {
    anything_is_listed = has_rows("excluded_relations");
    looked_at_in_run = current_run;
  }
  const auto* known = static_cast<const Verdict*>(hash_search(all_verdicts(), &relation, HASH_FIND, nullptr));
  if (known != nullptr && known->run == current_run) return known->because;
  // Entered when it is known: an error on the way must not leave a verdict.
  const Oid because = why_not(relation);
  auto* verdict = static_cast<Verdict*>(hash_search(all_verdicts(), &relation, HASH_ENTER, nullptr));
  verdict->because = because;
  verdict->run = current_run;
  return because;
}

// ---------------------------------------------------------------------------------------------------------------------

const char* qualified_name(Oid relation) {
  return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
}

const char* category_of(Oid relation) {
  CatalogScan scan = open_catalog_by_oid("excluded_relations", "relation", relation);
  const char* category = next_row(&scan) ? row_text(&scan, "category") : nullptr;
  close_catalog(&scan);
  return category;
}

[[noreturn]] void refuse(Oid relation, Oid because) {
  const char* category = is_of_the_system(because) ? nullptr : category_of(because);
  if (category == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("%s cannot be exported", qualified_name(relation)),
                    errdetail("System catalogs and the tables of takeout itself are not exported."),
                    errhint("Leave out what reads it, or run that outside of the export.")));
  ereport(ERROR,
          (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("%s is excluded from exports", qualified_name(relation)),
           relation == because
               ? errdetail("Its category is \"%s\".", category)
               : errdetail("It holds rows of %s, whose category is \"%s\".", qualified_name(because), category),
           errhint("Leave out what reads it. What is excluded stands in takeout.excluded_relations, and why in "
                   "takeout.exclusions.")));
  pg_unreachable();
}

// Every relation that was planned to be read is in the plan's range table, views and inlined functions' too; partitions that
// were pruned are not.
void check_plan(const PlannedStmt* plan) {
  ListCell* cell;
  foreach (cell, plan->rtable) {
    const auto* entry = lfirst_node(RangeTblEntry, cell);
    if ((entry->rtekind != RTE_RELATION && entry->rtekind != RTE_SUBQUERY) || !OidIsValid(entry->relid)) continue;
    const Oid because = verdict_on(entry->relid);
    if (OidIsValid(because)) refuse(entry->relid, because);
  }
}

void start_executor(QueryDesc* query, int flags) {
  if (exporting) check_plan(query->plannedstmt);
  if (previous_hook != nullptr)
    previous_hook(query, flags);
  else
    standard_ExecutorStart(query, flags);
}

void forget_verdicts(bool, void*) { ++current_run; }

void set_exporting(const char* value) {
  (void)set_config_option(setting_name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

}  // namespace

void define_exporting_setting() {
  // RESET ALL, which everybody may, does not end the checks.
  DefineCustomBoolVariable(setting_name, "Whether an export runs, so that queries are checked for excluded relations.",
                           "Set by exports while they run.", &exporting, false, PGC_SUSET,
                           GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, nullptr,
                           forget_verdicts, nullptr);
}

void install_exclusion_hook() {
  previous_hook = ExecutorStart_hook;
  ExecutorStart_hook = start_executor;
}

void begin_exclusion_checks() { set_exporting("on"); }

bool is_exporting() { return exporting; }

int pause_exclusion_checks() {
  const int nest_level = NewGUCNestLevel();
  if (exporting) set_exporting("off");
  return nest_level;
}

void resume_exclusion_checks(int nest_level) { AtEOXact_GUC(true, nest_level); }

}  // namespace pg_takeout
