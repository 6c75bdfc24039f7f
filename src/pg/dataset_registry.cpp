// Writes and reads takeout.datasets and takeout.fields for callers who have no privilege on them.
//
// create_dataset and its like run as their caller, because the view must be the caller's. A SECURITY DEFINER function
// under them could not know who that is: current_user is already the definer there. So each function here takes the
// current role, becomes the owner of the extension, and asks the SQL function that decides and does the work.
#include "postgres.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "utils/datum.h"

PG_FUNCTION_INFO_V1(takeout_dataset_definition);
PG_FUNCTION_INFO_V1(takeout_record_dataset);
PG_FUNCTION_INFO_V1(takeout_annotate_dataset);
PG_FUNCTION_INFO_V1(takeout_forget_dataset);
PG_FUNCTION_INFO_V1(takeout_known_datasets);
PG_FUNCTION_INFO_V1(takeout_holds_addresses);

PGDLLEXPORT Datum takeout_dataset_definition(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_record_dataset(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_annotate_dataset(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_forget_dataset(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_known_datasets(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum takeout_holds_addresses(PG_FUNCTION_ARGS);
}

#include "exclusions.hpp"
#include "mask_datum.hpp"

namespace pg_takeout {
namespace {

constexpr int max_arguments = 3;

Oid owner_of_function(Oid function) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", function);
  Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proowner;
  ReleaseSysCache(tuple);
  return owner;
}

// Runs `query`, of one value in one row at most, as the owner of the function that was called: the extension's owner.
// $1 is the role that called, $2 and on are the call's arguments. An error leaves the role to be put back by the abort
// of the (sub)transaction, as it does for SECURITY DEFINER functions.
Datum run_as_owner(FunctionCallInfo fcinfo, const char* query) {
  Oid invoker;
  int security_context;
  GetUserIdAndSecContext(&invoker, &security_context);

  int count;
  Oid* declared;
  get_func_signature(fcinfo->flinfo->fn_oid, &declared, &count);
  if (count != PG_NARGS() || count > max_arguments) elog(ERROR, "function has %d arguments", count);
  Oid types[max_arguments + 1] = {OIDOID};
  Datum values[max_arguments + 1] = {ObjectIdGetDatum(invoker)};
  for (int i = 0; i < count; i++) {
    types[i + 1] = declared[i];
    values[i + 1] = PG_GETARG_DATUM(i);
  }

  MemoryContext caller_context = CurrentMemoryContext;
  SetUserIdAndSecContext(owner_of_function(fcinfo->flinfo->fn_oid), security_context | SECURITY_LOCAL_USERID_CHANGE);
  const int nest_level = pause_exclusion_checks();
  SPI_connect();
  int code = SPI_execute_with_args(query, count + 1, types, values, nullptr, false, 1);
  if (code != SPI_OK_SELECT) elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(code));

  bool is_null = true;
  Datum result = 0;
  if (SPI_processed == 1) result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
  if (!is_null) {
    Form_pg_attribute column = TupleDescAttr(SPI_tuptable->tupdesc, 0);
    MemoryContext spi_context = MemoryContextSwitchTo(caller_context);
    result = datumCopy(result, column->attbyval, column->attlen);
    MemoryContextSwitchTo(spi_context);
  }
  SPI_finish();
  resume_exclusion_checks(nest_level);
  SetUserIdAndSecContext(invoker, security_context);
  fcinfo->isnull = is_null;
  return result;
}

}  // namespace
}  // namespace pg_takeout

Datum takeout_dataset_definition(PG_FUNCTION_ARGS) {
  return pg_takeout::run_as_owner(fcinfo, "SELECT takeout.dataset_definition_for($1, $2)");
}

Datum takeout_record_dataset(PG_FUNCTION_ARGS) {
  return pg_takeout::run_as_owner(fcinfo, "SELECT takeout.record_dataset_for($1, $2, $3)");
}

Datum takeout_annotate_dataset(PG_FUNCTION_ARGS) {
  return pg_takeout::run_as_owner(fcinfo, "SELECT takeout.annotate_dataset_for($1, $2, $3, $4)");
}

Datum takeout_forget_dataset(PG_FUNCTION_ARGS) {
  return pg_takeout::run_as_owner(fcinfo, "SELECT takeout.forget_dataset_for($1, $2)");
}

Datum takeout_known_datasets(PG_FUNCTION_ARGS) {
  return pg_takeout::run_as_owner(fcinfo, "SELECT takeout.known_datasets_for($1)");
}

Datum takeout_holds_addresses(PG_FUNCTION_ARGS) { PG_RETURN_BOOL(pg_takeout::type_holds_addresses(PG_GETARG_OID(0))); }
