/* Writes a workbook by libxlsxwriter from cells that come on standard input, one row after the other.
 *
 *   write_xlsx FILE.xlsx <cells
 *
 * A cell is a letter and, in the machine's byte order: n double, d double (days, shown as a date and time),
 * b byte (0 or 1), s uint32 length and UTF-8 text, - nothing. The letter / ends a row. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xlsxwriter.h>

static void fail(const char *what) {
  fprintf(stderr, "write_xlsx: %s\n", what);
  exit(1);
}

static void take(void *target, size_t size) {
  if (size > 0 && fread(target, size, 1, stdin) != 1) fail("standard input ends in the middle of a cell");
}

int main(int argc, char **argv) {
  if (argc != 2) fail("one file name is wanted");
  lxw_workbook *workbook = workbook_new(argv[1]);
  lxw_worksheet *sheet = workbook_add_worksheet(workbook, NULL);
  lxw_format *moment = workbook_add_format(workbook);
  format_set_num_format(moment, "yyyy-mm-dd hh:mm:ss.000");

  static char text[4 * 32767 + 1];
  lxw_row_t row = 0;
  lxw_col_t column = 0;
  for (int letter; (letter = getchar()) != EOF; ++column) {
    lxw_error error = LXW_NO_ERROR;
    double number;
    uint32_t length;
    unsigned char truth;
    switch (letter) {
      case 'n':
      case 'd':
        take(&number, sizeof number);
        error = worksheet_write_number(sheet, row, column, number, letter == 'd' ? moment : NULL);
        break;
      case 'b':
        take(&truth, 1);
        error = worksheet_write_boolean(sheet, row, column, truth, NULL);
        break;
      case 's':
        take(&length, sizeof length);
        if (length >= sizeof text) fail("text is too long");
        take(text, length);
        text[length] = '\0';
        error = worksheet_write_string(sheet, row, column, text, NULL);
        break;
      case '-':
        break;
      case '/':
        ++row;
        column = (lxw_col_t)-1;
        break;
      default:
        fail("no such letter");
    }
    if (error != LXW_NO_ERROR) fail(lxw_strerror(error));
  }
  lxw_error error = workbook_close(workbook);
  if (error != LXW_NO_ERROR) fail(lxw_strerror(error));
  return 0;
}
