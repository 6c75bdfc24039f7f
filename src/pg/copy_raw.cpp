#include "postgres.hpp"

#include "copy_raw.hpp"

extern "C" {
#include "commands/copy.h"
#include "commands/defrem.h"
#include "commands/progress.h"
#include "parser/parse_node.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
}

#include "compat.hpp"
#include "raw_receiver.hpp"

namespace pg_takeout {

namespace {

ProcessUtility_hook_type previous_hook = nullptr;

bool is_raw_format(const DefElem* option) {
  return strcmp(option->defname, "format") == 0 && option->arg != nullptr && IsA(option->arg, String) &&
         strcmp(strVal(option->arg), "raw") == 0;
}

bool asks_for_raw(const CopyStmt* copy) {
  if (copy->is_from) return false;
  const ListCell* cell;
  foreach (cell, copy->options)
    if (is_raw_format(lfirst_node(DefElem, cell))) return true;
  return false;
}

// Asked once a session, by letting PostgreSQL read the option.
bool core_knows_raw() {
  static bool asked = false;
  static bool known = false;
  if (asked) return known;

  const MemoryContext context = CurrentMemoryContext;
  Node* format = reinterpret_cast<Node*>(makeString(pstrdup("raw")));
  List* options = list_make1(makeDefElem(pstrdup("format"), format, -1));
  PG_TRY();
  {
    CopyFormatOptions parsed;
    memset(&parsed, 0, sizeof parsed);
    ProcessCopyOptions(nullptr, &parsed, false, options);
    known = true;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    if (geterrcode() != ERRCODE_INVALID_PARAMETER_VALUE) PG_RE_THROW();
    FlushErrorState();
    known = false;
  }
  PG_END_TRY();
  asked = true;
  return known;
}

void check_options(const CopyStmt* copy, ParseState* state) {
  bool format_seen = false;
  const ListCell* cell;
  foreach (cell, copy->options) {
    const auto* option = lfirst_node(DefElem, cell);
    if (strcmp(option->defname, "format") != 0)
      ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
                      errmsg("option \"%s\" cannot be used with COPY format \"raw\"", option->defname),
                      errdetail("The format writes the bytes as they are; text is in the client's encoding."),
                      parser_errposition(state, option->location)));
    if (format_seen)
      ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("conflicting or redundant options"),
                      parser_errposition(state, option->location)));
    format_seen = true;
  }
}

void check_target(const CopyStmt* copy) {
  if (copy->filename != nullptr)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    copy->is_program ? errmsg("COPY format \"raw\" cannot write to a program")
                                     : errmsg("COPY format \"raw\" cannot write to a file on the server"),
                    errhint("Use COPY ... TO STDOUT, or psql's \\copy to write a file of the client's.")));
  if (whereToSendOutput != DestRemote)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("COPY format \"raw\" can only write to a client over a connection")));
}

// Plain tables only, as COPY table TO has it.
void check_is_table(Relation relation) {
  const char kind = relation->rd_rel->relkind;
  if (kind == RELKIND_RELATION) return;
  if (kind == RELKIND_MATVIEW && copy_takes_materialized_views) return;
  const char* what = "non-table relation";
  if (kind == RELKIND_VIEW) what = "view";
  if (kind == RELKIND_MATVIEW) what = "materialized view";
  if (kind == RELKIND_FOREIGN_TABLE) what = "foreign table";
  if (kind == RELKIND_SEQUENCE) what = "sequence";
  if (kind == RELKIND_PARTITIONED_TABLE) what = "partitioned table";
  ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                  errmsg("cannot copy from %s \"%s\"", what, RelationGetRelationName(relation)),
                  errhint("Use COPY (SELECT ...) TO STDOUT.")));
}

Node* column_reference(Relation table, int number) {
  const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), number - 1);
  ColumnRef* column = makeNode(ColumnRef);
  column->fields = list_make1(makeString(pstrdup(NameStr(attribute->attname))));
  column->location = -1;
  return reinterpret_cast<Node*>(column);
}

// COPY table [(columns)] as SELECT columns FROM ONLY table, which checks privileges and applies row security as COPY
// does. The table stays locked, so that the name stands for it until the query is analyzed.
SelectStmt* select_from_table(const CopyStmt* copy, Oid* table_id) {
  Relation table = table_openrv(copy->relation, AccessShareLock);
  check_is_table(table);
  *table_id = RelationGetRelid(table);

  SelectStmt* select = makeNode(SelectStmt);
  List* numbers = CopyGetAttnums(RelationGetDescr(table), table, copy->attlist);
  const ListCell* cell;
  foreach (cell, numbers) {
    ResTarget* target = makeNode(ResTarget);
    target->val = column_reference(table, lfirst_int(cell));
    target->location = -1;
    select->targetList = lappend(select->targetList, target);
  }

  RangeVar* from =
      makeRangeVar(get_namespace_name(RelationGetNamespace(table)), pstrdup(RelationGetRelationName(table)), -1);
  from->inh = false;  // ONLY
  select->fromClause = list_make1(from);
  table_close(table, NoLock);
  return select;
}

[[noreturn]] void refuse_rules(const List* rewritten) {
  const char* rules = "DO INSTEAD NOTHING rules";
  if (rewritten != NIL) rules = "DO INSTEAD rules with several commands";
  const ListCell* cell;
  foreach (cell, rewritten) {
    const QuerySource source = lfirst_node(Query, cell)->querySource;
    if (source == QSRC_QUAL_INSTEAD_RULE) rules = "conditional DO INSTEAD rules";
    if (source == QSRC_NON_INSTEAD_RULE) rules = "DO ALSO rules";
  }
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("COPY does not support %s", rules)));
  pg_unreachable();
}

PlannedStmt* plan_query(RawStmt* statement, const char* text) {
  const List* rewritten = analyze_and_rewrite(statement, text, nullptr, 0);
  if (list_length(rewritten) != 1) refuse_rules(rewritten);
  Query* query = linitial_node(Query, rewritten);

  // The grammar lets these through.
  if (query->utilityStmt != nullptr && IsA(query->utilityStmt, CreateTableAsStmt))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("COPY does not support SELECT INTO")));
  if (query->utilityStmt != nullptr)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a utility command cannot be the query of COPY")));
  if (query->commandType != CMD_SELECT && query->returningList == NIL)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the query of COPY needs a RETURNING clause")));

  return pg_plan_query(query, text, CURSOR_OPT_PARALLEL_OK, nullptr);
}

void start_progress(Oid table) {
  const int parameters[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE};
  const int64 values[] = {PROGRESS_COPY_COMMAND_TO, PROGRESS_COPY_TYPE_PIPE};
  pgstat_progress_start_command(PROGRESS_COMMAND_COPY, table);
  pgstat_progress_update_multi_param(lengthof(parameters), parameters, values);
}

// Sends the plan's rows and returns how many there were. Abort ends all that is begun here, the progress report too.
uint64 send_rows(PlannedStmt* plan, const char* text, Oid table) {
  // What earlier commands of the transaction did is seen.
  PushCopiedSnapshot(GetActiveSnapshot());
  UpdateActiveSnapshotCommandId();

  RawReceiver* receiver = make_raw_receiver();
  QueryDesc* query = create_query_desc(plan, text, GetActiveSnapshot(), &receiver->base, nullptr);
  ExecutorStart(query, 0);
  begin_raw_copy(receiver, query->tupDesc);
  start_progress(table);
  run_executor_once(query);
  ExecutorFinish(query);
  end_raw_copy(receiver);
  ExecutorEnd(query);
  FreeQueryDesc(query);
  pgstat_progress_end_command();
  PopActiveSnapshot();
  return receiver->rows;
}

uint64 copy_raw(const PlannedStmt* statement, const char* text) {
  // Parse analysis writes into its input, which may belong to a prepared statement.
  const auto* copy = static_cast<const CopyStmt*>(copyObjectImpl(statement->utilityStmt));
  ParseState* state = make_parsestate(nullptr);
  state->p_sourcetext = text;
  check_options(copy, state);
  check_target(copy);
  free_parsestate(state);

  Oid table = InvalidOid;
  RawStmt* query = makeNode(RawStmt);
  query->stmt = copy->query != nullptr ? copy->query : reinterpret_cast<Node*>(select_from_table(copy, &table));
  query->stmt_location = statement->stmt_location;
  query->stmt_len = statement->stmt_len;

  PlannedStmt* plan = plan_query(query, text);
  if (OidIsValid(table) && !list_member_oid(plan->relationOids, table))
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("relation \"%s\" has changed since it was locked", copy->relation->relname)));
  return send_rows(plan, text, table);
}

void process_utility(PlannedStmt* statement, const char* text, bool read_only_tree, ProcessUtilityContext context,
                     ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* receiver,
                     QueryCompletion* completion) {
  if (IsA(statement->utilityStmt, CopyStmt) &&
      asks_for_raw(reinterpret_cast<const CopyStmt*>(statement->utilityStmt)) && !core_knows_raw()) {
    check_stack_depth();
    const uint64 rows = copy_raw(statement, text);
    if (completion != nullptr) SetQueryCompletion(completion, CMDTAG_COPY, rows);
    CommandCounterIncrement();
    return;
  }
  const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
  next(statement, text, read_only_tree, context, parameters, environment, receiver, completion);
}

}  // namespace

void install_copy_raw_hook() {
  previous_hook = ProcessUtility_hook;
  ProcessUtility_hook = process_utility;
}

}  // namespace pg_takeout
