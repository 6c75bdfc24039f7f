/* What one would write without pg_takeout: a table's rows over libpq into libxlsxwriter in constant-memory mode.
 * libxlsxwriter_export FILE QUERY, connection from the environment. Numbers, booleans and timestamps become typed cells. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

enum { bool_oid = 16, int8_oid = 20, int2_oid = 21, int4_oid = 23, float4_oid = 700, float8_oid = 701,
       timestamp_oid = 1114, timestamptz_oid = 1184, numeric_oid = 1700 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void write_cell(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, Oid type, const char *text, lxw_format *times) {
  switch (type) {
    case bool_oid:
      worksheet_write_boolean(sheet, row, column, text[0] == 't', NULL);
      return;
    case int2_oid: case int4_oid: case int8_oid: case float4_oid: case float8_oid: case numeric_oid:
      worksheet_write_number(sheet, row, column, strtod(text, NULL), NULL);
      return;
    case timestamp_oid: case timestamptz_oid: {
      lxw_datetime time = {0};
      sscanf(text, "%d-%d-%d %d:%d:%lf", &time.year, &time.month, &time.day, &time.hour, &time.min, &time.sec);
      worksheet_write_datetime(sheet, row, column, &time, times);
      return;
    }
    default:
      worksheet_write_string(sheet, row, column, text, NULL);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage", "libxlsxwriter_export FILE QUERY");
  PGconn *connection = PQconnectdb("");
  if (PQstatus(connection) != CONNECTION_OK) fail("connect", PQerrorMessage(connection));
  if (!PQsendQuery(connection, argv[2]) || !PQsetSingleRowMode(connection)) fail("query", PQerrorMessage(connection));

  lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = NULL, .use_zip64 = LXW_FALSE};
  lxw_workbook *workbook = workbook_new_opt(argv[1], &options);
  lxw_worksheet *sheet = workbook_add_worksheet(workbook, NULL);
  lxw_format *times = workbook_add_format(workbook);
  format_set_num_format(times, "yyyy-mm-dd hh:mm:ss");

  lxw_row_t row = 0;
  PGresult *result;
  while ((result = PQgetResult(connection)) != NULL) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) fail("query", PQresultErrorMessage(result));
    const int columns = PQnfields(result);
    if (row == 0)
      for (int i = 0; i < columns; ++i) worksheet_write_string(sheet, row, (lxw_col_t)i, PQfname(result, i), NULL);
    for (int tuple = 0; tuple < PQntuples(result); ++tuple) {
      ++row;
      for (int i = 0; i < columns; ++i)
        if (!PQgetisnull(result, tuple, i))
          write_cell(sheet, row, (lxw_col_t)i, PQftype(result, i), PQgetvalue(result, tuple, i), times);
    }
    PQclear(result);
  }
  if (workbook_close(workbook) != LXW_NO_ERROR) fail("close", argv[1]);
  PQfinish(connection);
  return 0;
}
