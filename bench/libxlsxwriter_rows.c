/*
 * The other side of the XLSX figures: the rows of a query into a workbook by libxlsxwriter in its constant-memory mode,
 * read row by row over libpq. Typed cells: numbers, booleans, date-times, text.
 *
 *   libxlsxwriter_rows QUERY FILE    the server is the one that PGHOST, PGPORT … name
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

/* pg_type.dat: the types that are no text in a spreadsheet. */
enum { BOOL_TYPE = 16, INT8_TYPE = 20, INT2_TYPE = 21, INT4_TYPE = 23, FLOAT4_TYPE = 700, FLOAT8_TYPE = 701,
       TIMESTAMPTZ_TYPE = 1184, NUMERIC_TYPE = 1700 };

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static lxw_error write_cell(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, Oid type, const char *text,
                            lxw_format *date_time) {
  switch (type) {
    case BOOL_TYPE:
      return worksheet_write_boolean(sheet, row, column, text[0] == 't', NULL);
    case INT2_TYPE:
    case INT4_TYPE:
    case INT8_TYPE:
    case FLOAT4_TYPE:
    case FLOAT8_TYPE:
    case NUMERIC_TYPE:
      return worksheet_write_number(sheet, row, column, strtod(text, NULL), NULL);
    case TIMESTAMPTZ_TYPE: {
      lxw_datetime at;
      if (sscanf(text, "%d-%d-%d %d:%d:%lf", &at.year, &at.month, &at.day, &at.hour, &at.min, &at.sec) != 6)
        fail("not a time", text);
      return worksheet_write_datetime(sheet, row, column, &at, date_time);
    }
    default:
      return worksheet_write_string(sheet, row, column, text, NULL);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage", "libxlsxwriter_rows QUERY FILE");

  PGconn *connection = PQconnectdb("");
  if (PQstatus(connection) != CONNECTION_OK) fail("connect", PQerrorMessage(connection));
  if (!PQsendQuery(connection, argv[1]) || !PQsetSingleRowMode(connection)) fail("query", PQerrorMessage(connection));

  lxw_workbook_options options = {.constant_memory = LXW_TRUE};
  lxw_workbook *workbook = workbook_new_opt(argv[2], &options);
  lxw_worksheet *sheet = workbook_add_worksheet(workbook, "leads");
  lxw_format *bold = workbook_add_format(workbook);
  format_set_bold(bold);
  lxw_format *date_time = workbook_add_format(workbook);
  format_set_num_format(date_time, "yyyy-mm-dd hh:mm:ss");

  lxw_row_t row = 0;
  PGresult *result;
  while ((result = PQgetResult(connection)) != NULL) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) fail("query", PQerrorMessage(connection));
    int columns = PQnfields(result);
    if (row == 0) {
      for (int column = 0; column < columns; column++)
        worksheet_write_string(sheet, 0, (lxw_col_t)column, PQfname(result, column), bold);
      worksheet_freeze_panes(sheet, 1, 0);
    }
    if (status == PGRES_SINGLE_TUPLE) {
      row++;
      for (int column = 0; column < columns; column++) {
        if (PQgetisnull(result, 0, column)) continue;
        lxw_error error = write_cell(sheet, row, (lxw_col_t)column, PQftype(result, column),
                                     PQgetvalue(result, 0, column), date_time);
        if (error != LXW_NO_ERROR) fail("cell", lxw_strerror(error));
      }
    }
    PQclear(result);
  }
  lxw_error error = workbook_close(workbook);
  if (error != LXW_NO_ERROR) fail("close", lxw_strerror(error));
  PQfinish(connection);
  return 0;
}
