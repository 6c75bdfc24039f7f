"""What each cell of a table must be in a file, as PostgreSQL itself says it."""

import datetime
import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal

# What an Excel cell holds: numbers of 15 significant digits, doubles that are normal and below 1e308, and days since
# 1899-12-30, up to the year 9999. Excel takes 1900 for a leap year and other programs do not, so that days before
# 1900-03-01 are dates that only a text says to all of them.
EXCEL_DIGITS = 15
LONGEST_NUMBER = 30  # characters: longer ones may be text, whatever their zeros mean
EXCEL_DOUBLES = (2.2250738585072014e-308, 9.99999999999999e307)
EXCEL_DAYS = (datetime.datetime(1900, 3, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999))
DAY = datetime.timedelta(days=1)

KINDS = {
    "bool": "boolean", "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer", "numeric": "decimal",
    "float4": "float4", "float8": "float8", "uuid": "plain", "date": "date", "time": "time",
    "timestamp": "timestamp", "timestamptz": "timestamptz", "inet": "network", "cidr": "network",
    "json": "json", "jsonb": "json", "bytea": "binary",
}

# Files say times as RFC 3339 does and durations as ISO 8601 does, whatever the session likes.
SETTINGS = ["TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "IntervalStyle = 'iso_8601'", "bytea_output = 'hex'",
            "extra_float_digits = 1"]

COLUMNS = """
WITH RECURSIVE column_type AS (
  SELECT attnum, attname, atttypid AS type FROM pg_attribute
  WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT attnum, attname, typbasetype FROM column_type JOIN pg_type ON pg_type.oid = type WHERE typtype = 'd')
SELECT attname, typname, typtype = 'c' OR (typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc)
FROM column_type JOIN pg_type ON pg_type.oid = type WHERE typtype <> 'd' ORDER BY attnum
"""


@dataclass(frozen=True)
class Column:
    name: str
    kind: str

    @property
    def sql(self):
        return '"' + self.name.replace('"', '""') + '"'

    @property
    def text_sql(self):
        """SQL of the cell's text in a CSV file, for a session with the settings below."""
        value = self.sql
        finite = f"isfinite({value}) AND {value} >= '0001-01-01'"
        return {
            "boolean": f"{value}::text",
            "timestamp": f"CASE WHEN {finite} THEN replace({value}::text, ' ', 'T') ELSE {value}::text END",
            "timestamptz": f"CASE WHEN {finite} THEN regexp_replace(replace({value}::text, ' ', 'T'), '[+]00$', 'Z')"
                           f" ELSE {value}::text END",
            "network": f"takeout.mask_ip({value}::inet)::text",
            "nested": f"to_jsonb({value})::text",
            "binary": f"'\\x' || encode({value}, 'hex')",
        }.get(self.kind, f"CASE WHEN {value} IS NOT NULL THEN format('%%s', {value}) END")

    @property
    def json_sql(self):
        """SQL of the cell's JSON text."""
        value = self.sql
        if self.kind in ("boolean", "integer"):
            return f"{value}::text"
        if self.kind in ("decimal", "float4", "float8"):
            special = f"{value} IN ('NaN', 'Infinity', '-Infinity')"
            return f"CASE WHEN NOT {special} THEN to_jsonb({value})::text END"
        if self.kind in ("date", "timestamp", "timestamptz"):
            finite = f"isfinite({value}) AND {value} >= '0001-01-01'"
            return f"CASE WHEN {finite} THEN to_jsonb({self.text_sql})::text END"
        if self.kind == "json":
            return f"{value}::text"
        if self.kind == "nested":
            return f"to_jsonb({value})::text"
        return f"to_jsonb({self.text_sql})::text"


@dataclass(frozen=True)
class Expected:
    """A table's columns, and for each row and cell the text that CSV has and the value that JSON has."""

    columns: list
    texts: list
    json_values: list

    @property
    def names(self):
        return [column.name for column in self.columns]

    @property
    def sheet_names(self):
        """A time in a cell has no zone, so the header says it."""
        return [f"{column.name} (UTC)" if column.kind == "timestamptz" else column.name for column in self.columns]


def columns_of(connection, table):
    rows = connection.execute(COLUMNS, [table]).fetchall()
    return [Column(name, "nested" if nested else KINDS.get(typname, "plain")) for name, typname, nested in rows]


def expect(connection, table):
    """Asks PostgreSQL for every cell of the table, in the order of its first column."""
    columns = columns_of(connection, table)
    with connection.transaction():
        for setting in SETTINGS:
            connection.execute(f"SET LOCAL {setting}")
        texts, json_texts = (
            [row[0] for row in connection.execute(
                f"SELECT ARRAY[{', '.join(f'({getattr(column, form)})::text' for column in columns)}]"
                f" FROM {table} ORDER BY {columns[0].sql}", [])]
            for form in ("text_sql", "json_sql"))
    return Expected(columns, texts, [[None if cell is None else parse_json(cell) for cell in row] for row in json_texts])


def parse_json(text):
    """JSON with every digit kept; an object keeps the order of its keys."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse_constant)


def refuse_constant(constant):
    raise ValueError(f"{constant} is not JSON")


@dataclass(frozen=True)
class Serial:
    """A number that a spreadsheet shows as a date or a time: days, and what the reader rounds them to."""

    days: float
    precision: float = 1e-9


def significant_digits(text):
    """How many digits a number needs, without and with the zeros at its end."""
    digits = re.sub(r"[^0-9]", "", text).lstrip("0")
    return len(digits.rstrip("0")), len(digits)


def excel_serial(moment):
    return (moment - datetime.datetime(1899, 12, 30)) / DAY


def expected_serial(kind, text):
    """The number of days that an Excel cell must hold, or None where it can only hold the text."""
    if kind == "time":
        hours, minutes, seconds = text.split(":")
        days = (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86400
        return days if days < 1 else None
    if not re.match(r"[0-9]{4}-", text) or text.endswith(" BC"):
        return None
    moment = datetime.datetime.fromisoformat(text.removesuffix("Z"))
    return excel_serial(moment) if EXCEL_DAYS[0] <= moment <= EXCEL_DAYS[1] else None


def xlsx_cell_is_right(kind, text, cell):
    """Whether a reader's cell is what design and Excel want of this value."""
    if text is None:
        return cell is None
    if kind == "boolean":
        return cell is (text == "true")
    if kind in ("integer", "decimal", "float4", "float8"):
        return number_is_right(kind, text, cell)
    if kind in ("date", "time", "timestamp", "timestamptz"):
        serial = expected_serial(kind, text)
        if serial is None:
            return cell == text
        return isinstance(cell, Serial) and abs(cell.days - serial) <= cell.precision
    if kind == "nested":
        return isinstance(cell, str) and parse_json(cell) == parse_json(text)
    return isinstance(cell, str) and cell == text


def number_is_right(kind, text, cell):
    if not math.isfinite(float(text)):
        return cell == text
    if isinstance(cell, bool):
        return False
    if kind == "float8" and float(text) != 0 and not EXCEL_DOUBLES[0] <= abs(float(text)) <= EXCEL_DOUBLES[1]:
        return isinstance(cell, str) and float(cell) == float(text)
    if kind in ("float4", "float8"):  # else a double loses nothing in a cell
        return isinstance(cell, (int, float)) and float(cell) == float(text)
    needed, shown = significant_digits(text)
    if isinstance(cell, str):
        return (shown > EXCEL_DIGITS or len(text) > LONGEST_NUMBER) and cell == text
    return needed <= EXCEL_DIGITS and isinstance(cell, (int, float)) and float(cell) == float(text)


def csv_cell_is_right(kind, text, cell):
    """Whether the text of a CSV cell stands for the same value. A reader that tells NULL from '' gives None for NULL."""
    if text is None or cell is None:
        return not text and not cell
    if kind in ("float4", "float8"):  # 1e+20 or 100000000000000000000: both are that number
        return float(cell) == float(text) or (math.isnan(float(cell)) and math.isnan(float(text)))
    if kind == "nested":
        return parse_json(cell) == parse_json(text)
    return cell == text


def json_cell_is_right(kind, expected, actual):
    if kind == "decimal" and expected is not None:
        return isinstance(actual, Decimal) and str(actual) == str(expected)
    if kind in ("float4", "float8") and expected is not None:
        return isinstance(actual, Decimal) and float(actual) == float(expected)
    return type(actual) is type(expected) and actual == expected


def is_right(cell_is_right, kind, value, cell):
    try:
        return cell_is_right(kind, value, cell)
    except ValueError:  # a text where a number or JSON is wanted
        return False


def differences(expected, rows, cell_is_right, values):
    """At most ten cells that are not as expected, said for people. rows: the reader's, without the header."""
    found = []
    if len(rows) != len(values):
        found.append(f"{len(rows)} rows instead of {len(values)}")
    for number, (wanted, got) in enumerate(zip(values, rows), start=1):
        if len(got) != len(expected.columns):
            found.append(f"row {number}: {len(got)} cells instead of {len(expected.columns)}")
            continue
        for column, value, cell in zip(expected.columns, wanted, got):
            if not is_right(cell_is_right, column.kind, value, cell):
                found.append(f"row {number}, {column.name} ({column.kind}): {cell!r:.200} instead of {value!r:.200}")
    return found[:10]


def assert_no(found):
    assert not found, "\n".join(found)


def assert_csv(expected, header, rows):
    assert header == expected.names
    assert_no(differences(expected, rows, csv_cell_is_right, expected.texts))


def assert_json(expected, objects):
    for row in objects:
        assert list(row) == expected.names
    rows = [list(row.values()) for row in objects]
    assert_no(differences(expected, rows, json_cell_is_right, expected.json_values))


def assert_xlsx(expected, sheet, cell_is_right=xlsx_cell_is_right):
    """sheet: rows of cells, the header first; rows may be shorter than the table where they end without a cell."""
    header, *rows = sheet
    width = len(expected.columns)
    assert header[:width] == expected.sheet_names and not any(header[width:])
    rows += [[]] * (len(expected.texts) - len(rows))
    rows = [(row + [None] * width)[:width] for row in rows]
    assert_no(differences(expected, rows, cell_is_right, expected.texts))
