"""Awkward data in each format, as other people's programs read it, cell by cell."""

import re
from datetime import datetime, timedelta

import pytest

import readers
from expectation import assert_csv, assert_json, assert_no, assert_xlsx, differences, expect, xlsx_cell_is_right
from test_every_type import openpyxl_cell_is_right

TEXTS = [
    "ordinary", "", None, " ", "  both ends  ", 'one " quote', '"', '""', ",", "a,b", ";", "'", "''quoted''",
    "line\nfeed", "carriage\rreturn", "both\r\nof them", "\n", "\r", "\r\n", "ends in\n", "\tTAB first", "NULL", "null", "\\N",
    "\\.", "\\", "nan", "NaN", "true", "FALSE", "#N/A", "1e5", "1/2", "2026-01-01", "12:00",
    "0042", "00", "-0", "1.50", "+358 40 123 4567", "040-1234567", "123456789012345678901234567890", "9007199254740993",
    "=1+1", "=HYPERLINK(\"x\")", "+1+1", "-1+1", "@SUM(1)", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201", "|cmd", "%x",
    "\u00e4\u00f6\u00fc\u00df \u00c5ngstr\u00f6m", "\u65e5\u672c\u8a9e", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1eb\U0001f1ee", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u202eright to left\u202c",
    "e\u0301", "\u00a0no break", "\ufeffmark", "\u2028 \u2029", "\u0085", "\u007f",
    "<b>&amp;</b>", "]]>", "&#13;", "</c></row>", "_x000D_", "_x000d_", "_x005F_", "_x005F_x000D_", "_xD800_", "_x00", "x_x0041_x",
    "".join(map(chr, range(1, 32))), "\x01", "\x1f", "bell\x07", "\ufffe", "\uffff", "\ufffd", "\U0010ffff",
    "x" * 32767, "\U0001f600" * 16383, "\n" * 1000, '"' * 3000, "ab" * 8000 + "\U0001f600",
]

# One row each: what is at the edge of an int8, a numeric(38,10), a double and of Excel's calendar.
VALUES = """
SELECT * FROM (VALUES
  (1, 0::bigint, 0::numeric(38,10), 0::float8, date '2026-02-28', timestamp '2026-02-28 12:34:56.789',
   timestamptz '2026-02-28 12:34:56.789+02', true, '0042'::text, time '12:34:56.5', '{"a": "x, \\"y\\"\\n"}'::jsonb),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, 9223372036854775807, 9999999999999999999999999999.9999999999, 1.7976931348623157e308, '9999-12-31',
   '9999-12-31 23:59:59.999', '9999-12-31 23:59:59+00', false, '', '23:59:59.999', 'null'),
  (4, -9223372036854775808, -9999999999999999999999999999.9999999999, -5e-324, '1900-01-01', '1900-01-01',
   '1900-01-01 00:00:00+00', true, NULL, '00:00:00', '[]'),
  (5, 999999999999999, 99999.9999999999, 0.1, '1899-12-31', '1899-12-31 23:59:59', '1899-12-31 23:59:59+00', false, '',
   '00:00:01', '{}'),
  (6, -999999999999999, 0.0000000001, 'NaN', '1900-02-28', '1900-02-28 12:00', '1900-02-28 12:00+00', true, '-', '12:00',
   '1.50'),
  (7, 1000000000000001, -0.5, 'Infinity', '1900-03-01', '1900-03-01', '1900-03-01 00:00+00', true, '+', '12:00', '""'),
  (8, 9007199254740993, 'NaN', '-Infinity', 'infinity', '-infinity', 'infinity', true, '1', '12:00', '{"k": [1, 2]}'),
  (9, 1, 1, 1e15, '0044-03-15 BC', '0044-03-15 10:00 BC', '0044-03-15 10:00+00 BC', true, '1', '12:00', 'true'),
  (10, 1, 1, 123456789012345.678, '0001-01-01', '0001-01-01', '0001-01-01 00:00+00', true, '1', '12:00', '0')
) v(id, big, exact, approximate, day, local_time, instant, truth, code, clock, document)
"""


@pytest.fixture(scope="module")
def texts(connection):
    connection.execute('CREATE TABLE awkward_texts (id integer PRIMARY KEY, value text, "col, ""quoted""\nname" text)')
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO awkward_texts VALUES (%s, %s, %s)",
                           [(number, text, text) for number, text in enumerate(TEXTS)])
    return expect(connection, "awkward_texts")


@pytest.fixture(scope="module")
def values(connection):
    connection.execute(f"CREATE TABLE awkward_values AS {VALUES}")
    return expect(connection, "awkward_values")


@pytest.fixture(scope="module", params=["texts", "values"])
def table(request):
    return f"awkward_{request.param}", request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def file(table, export):
    """The table as a file of a format, made once."""
    made = {}

    def of(format):
        if format not in made:
            made[format] = export(f"SELECT takeout.{format}_file(t ORDER BY id) FROM {table[0]} t")
        return made[format]
    return of


def test_csv_by_python(table, file):
    assert_csv(table[1], *readers.csv_by_python(file("csv")))


def test_csv_by_pandas(table, file):
    assert_csv(table[1], *readers.csv_by_pandas(file("csv")))


def test_csv_by_copy_tells_null_from_empty(connection, table, file):
    name, expected = table
    connection.execute(f"DROP TABLE IF EXISTS back; CREATE TABLE back (LIKE {name})")
    with connection.cursor().copy("COPY back FROM STDIN (FORMAT csv, HEADER match)") as copy:
        copy.write(file("csv"))
    assert expect(connection, "back") == expected


def test_csv_lines_end_in_crlf_and_only_what_needs_quotes_has_them(table, file):
    data = file("csv").decode()
    assert data.endswith("\r\n") and not data.startswith("\ufeff")
    # RFC 4180, section 2: what is quoted, then what is not and needs none.
    field = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
    record = re.compile(rf"{field}(?:,{field})*\r\n")
    position = records = 0
    while position < len(data):
        match = record.match(data, position)
        assert match, f"no record of RFC 4180 at {data[position:position + 80]!r}"
        position, records = match.end(), records + 1
    assert records == len(table[1].texts) + 1
    for quoted in re.findall(r'(?:^|,|\r\n)"((?:[^"]|"")*)"(?=,|\r\n)', data):
        assert quoted == "" or re.search(r'[",\r\n]', quoted) or quoted == "\\.", f"needless quotes: {quoted[:80]!r}"


def test_json_by_python(table, file):
    assert_json(table[1], readers.json_by_python(file("json")))
    assert_json(table[1], readers.json_lines_by_python(file("jsonl")))


def test_json_by_jq(table, file):
    """jq 1.6 holds numbers as doubles, so they are compared as such."""
    expected = table[1]
    for objects in (readers.json_by_jq(file("json")), readers.json_lines_by_jq(file("jsonl"))):
        assert [list(row) for row in objects] == [expected.names] * len(expected.texts)
        rows = [[as_double(cell) for cell in row.values()] for row in objects]
        wanted = [[as_double(cell) for cell in row] for row in expected.json_values]
        assert_no(differences(expected, rows, lambda kind, want, got: want == got, wanted))


def as_double(value):
    if isinstance(value, dict):
        return {key: as_double(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_double(item) for item in value]
    return value if value is None or isinstance(value, (bool, str)) else float(value)


def test_xlsx_by_openpyxl(table, file):
    sheets = readers.xlsx_by_openpyxl(file("xlsx"))
    assert_xlsx(table[1], next(iter(sheets.values())), openpyxl_cell_is_right)
    assert list(sheets)[-1] == "About"


def test_xlsx_by_pandas(table, file):
    assert_xlsx(table[1], readers.xlsx_by_pandas(file("xlsx")), pandas_cell_is_right)


def pandas_cell_is_right(kind, text, cell):
    """pandas gives NULL for the empty string, and integers for whole floats."""
    return cell is None if text == "" else openpyxl_cell_is_right(kind, text, cell)


@pytest.mark.parametrize("reader", ["exceljs", "sheetjs"])
def test_xlsx_by_node(table, file, reader):
    sheets = readers.xlsx_by_node(reader, file("xlsx"))
    assert_xlsx(table[1], next(iter(sheets.values())))
    assert list(sheets)[-1] == "About"


@pytest.mark.long
def test_xlsx_by_libreoffice(table, file):
    header, rows = readers.csv_by_python(readers.xlsx_by_libreoffice(file("xlsx")))
    expected = table[1]
    assert len(header) == len(expected.names)
    assert_no(differences(expected, rows, libreoffice_cell_is_right, expected.texts))


def libreoffice_cell_is_right(kind, text, cell):
    """LibreOffice's CSV: numbers with 15 digits, dates as its ISO text, line breaks as LF."""
    if kind in ("integer", "decimal", "float4", "float8") and text is not None:
        try:
            return cell == text or abs(float(cell) - float(text)) <= 1e-14 * abs(float(text))
        except ValueError:
            return False
    if kind == "boolean" and text is not None:
        return cell.lower() == text
    if kind in ("date", "time", "timestamp", "timestamptz") and text is not None:
        return cell == text or abs(moment(cell) - moment(text)) <= timedelta(seconds=1)
    return (text or "").replace("\r\n", "\n").replace("\r", "\n") == cell.replace("\r\n", "\n").replace("\r", "\n")


def moment(text):
    """A date, a time of day with or without AM and PM, or both; LibreOffice rounds it to a second."""
    text = text.replace("T", " ").removesuffix("Z")
    if text == "10000-01-01 00:00:00":
        return datetime.max
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M:%S %p"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    raise ValueError(f"{text!r} is no date or time")


def test_excel_dialect_has_a_mark_guards_formulas_and_tells_how_many(connection, export, texts):
    connection.execute("SELECT takeout.create_dataset('awkward_texts', tenant => 'default')")
    notices = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    options = "takeout.csv_options(dialect => 'excel', delimiter => ';')"
    data = export(f"SELECT takeout.export('awkward_texts', 'csv', options => {options})")
    assert data == export(f"SELECT takeout.csv_file(t, {options} ORDER BY id) FROM awkward_texts t")
    assert data.startswith(b"\xef\xbb\xbf")
    header, rows = readers.csv_by_python(data.removeprefix(b"\xef\xbb\xbf"), delimiter=";")
    assert header == texts.names
    guarded = 0
    for row, (_, text, _) in zip(rows, texts.texts, strict=True):
        starts_formula = re.match("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]", text or "")
        if starts_formula and not re.fullmatch(r"[+-]?[0-9][0-9 ().,-]*", text):
            assert row[1:] == ["'" + text] * 2
            guarded += 2
        else:
            assert row[1:] == [text or ""] * 2
    assert guarded >= 20
    assert any(str(guarded) in notice for notice in notices), notices


def test_excel_dialect_leaves_numbers_alone(export):
    data = export("SELECT takeout.csv_file(t, takeout.csv_options(dialect => 'excel')) FROM"
                  " (SELECT -1 AS negative, -1.5 AS decimal, -1e-10::float8 AS float, '+358 (40) 1-2.3,4' AS phone) t")
    assert readers.csv_by_python(data[3:])[1] == [["-1", "-1.5", "-1e-10", "+358 (40) 1-2.3,4"]]


def test_csv_options(export):
    rows = "(SELECT 1 AS a, NULL::text AS b, '' AS c, '-' AS d) t"
    assert export(f"SELECT takeout.csv_file(t, takeout.csv_options(header => false)) FROM {rows}") == b'1,,"",-\r\n'
    assert export(f"SELECT takeout.csv_file(t, takeout.csv_options(delimiter => E'\\t')) FROM {rows}") == \
        b'a\tb\tc\td\r\n1\t\t""\t-\r\n'
    assert export(f"""SELECT takeout.csv_file(t, takeout.csv_options("null" => '-')) FROM {rows}""") == \
        b'a,b,c,d\r\n1,-,"","-"\r\n'


def test_copy_reads_what_other_null_texts_and_delimiters_make(connection, export, texts):
    for delimiter, null in [(";", "-"), ("|", "NULL"), ("\t", "\\N")]:
        data = export(f"""SELECT takeout.csv_file(t, takeout.csv_options(delimiter => E'{delimiter}', "null" => '{null}')
                          ORDER BY id) FROM awkward_texts t""")
        connection.execute("DROP TABLE IF EXISTS back; CREATE TABLE back (LIKE awkward_texts)")
        with connection.cursor().copy(f"COPY back FROM STDIN (FORMAT csv, HEADER match, DELIMITER E'{delimiter}',"
                                      f" NULL '{null}')") as copy:
            copy.write(data)
        assert expect(connection, "back").texts == texts.texts


@pytest.mark.parametrize("value", [None, "", "\\.", "x", " ", '"', "\n", "\r\n\\.\r\n"])
def test_copy_reads_a_table_of_one_column(connection, export, value):
    connection.execute("DROP TABLE IF EXISTS one, back; CREATE TABLE one (v text); CREATE TABLE back (v text)")
    connection.execute("INSERT INTO one VALUES ('first'), (%s), ('last')", [value])
    data = export("SELECT takeout.csv_file(t ORDER BY ctid) FROM one t")
    with connection.cursor().copy("COPY back FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write(data)
    assert [row[0] for row in connection.execute("SELECT v FROM back")] == ["first", value, "last"]


SETTINGS = ["SET TimeZone = 'Pacific/Apia'; SET DateStyle = 'German, DMY'",
            "SET TimeZone = 'America/St_Johns'; SET DateStyle = 'SQL, MDY'; SET bytea_output = 'escape'",
            "SET extra_float_digits = -10; SET client_encoding = 'LATIN1'; SET IntervalStyle = 'iso_8601'"]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("format", ["csv", "json", "jsonl"])
def test_session_settings_change_no_byte(connection, values, export, settings, format):
    query = f"SELECT takeout.{format}_file(t ORDER BY id) FROM (SELECT v.*, '\\x00ff'::bytea AS b FROM awkward_values v) t"
    plain = export(query)
    with connection.transaction(force_rollback=True):
        for setting in settings.split("; "):
            connection.execute(setting.replace("SET ", "SET LOCAL "))
        assert export(query) == plain


def test_zone_shifts_xlsx_times_and_stands_in_the_header(export):
    data = export("SELECT takeout.xlsx_file(t, takeout.xlsx_options(sheet => 'Kes\u00e4', zone => 'Europe/Helsinki', "
                  "about => false)) FROM (SELECT timestamptz '2026-07-01 12:00Z' AS at, timestamp '2026-07-01 12:00' AS plain) t")
    sheets = readers.xlsx_by_openpyxl(data)
    assert list(sheets) == ["Kes\u00e4"]
    (at, plain), row = sheets["Kes\u00e4"]
    assert "Europe/Helsinki" in at and plain == "plain"
    assert xlsx_cell_is_right("timestamp", "2026-07-01T15:00:00", row[0])
    assert xlsx_cell_is_right("timestamp", "2026-07-01T12:00:00", row[1])


@pytest.mark.parametrize("name", ["a/b:c*d?e[f]g\\h", "'quoted'", "x" * 40, "", "\U0001f600" * 20, "History", "About", "a\x01b"])
def test_any_sheet_name_makes_a_file_that_opens(export, name):
    data = export("SELECT takeout.xlsx_file(t, takeout.xlsx_options(sheet => %s)) FROM (SELECT 1 AS a) t", name)
    for sheets in (readers.xlsx_by_openpyxl(data), readers.xlsx_by_node("exceljs", data)):
        title = next(iter(sheets))
        assert list(sheets.values())[0][:2] == [["a"], [1]]
        assert 0 < len(title.encode("utf-16-le")) // 2 <= 31 and not re.search(r"[\[\]:*?/\\]", title)
        assert len({sheet.lower() for sheet in sheets}) == len(sheets) == 2


@pytest.mark.parametrize("rows", ["SELECT * FROM awkward_values", "SELECT 1 AS a, 2 AS b"])
def test_no_rows_is_an_empty_file_of_the_format(values, export, rows):
    assert export("SELECT takeout.csv_file(t) FROM awkward_values t WHERE false").decode().split(",")[0] == "id"
    empty = f"({rows} LIMIT 0) t"
    assert export(f"SELECT takeout.csv_file(t) FROM {empty}") is not None
    assert readers.json_by_python(export(f"SELECT takeout.json_file(t) FROM {empty}")) == []
    assert export(f"SELECT takeout.jsonl_file(t) FROM {empty}") == b""
    assert len(readers.xlsx_by_openpyxl(export(f"SELECT takeout.xlsx_file(t) FROM {empty}"))) >= 1
