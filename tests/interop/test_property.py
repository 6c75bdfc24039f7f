"""Random rows over every type with a column reader: what COPY, jsonb_to_recordset and openpyxl read is the table."""

import io
import json
import math
import struct
import subprocess
from pathlib import Path

import openpyxl
import pytest

import random_rows
from expectation import EXCEL_DIGITS, EXCEL_DOUBLES, Serial, columns_of, expect, expected_serial, significant_digits
from readers import as_openpyxl_shows, openpyxl_cell, without_guard

ROWS = 100_000
SEED = 20260401
XLSX_ROWS = 10_000


@pytest.fixture(scope="module")
def table(connection):
    connection.execute(random_rows.TYPES)
    random_rows.create_table(connection, "random_rows", ROWS, SEED)
    connection.execute("SET TimeZone = 'UTC'; SET IntervalStyle = 'iso_8601'")
    return columns_of(connection, "random_rows")


def type_in_file(column):
    """What a column of the table is once it has been in a file: addresses are networks, nested values JSON."""
    types = {name: type for name, type, _ in random_rows.COLUMNS}
    return {"network": "cidr", "nested": "jsonb"}.get(column.kind, types.get(column.name, "integer"))


def differing_columns(connection, columns, was, rows_back):
    """{column: rows in which it differs}. was: for a column the SQL of what must come back; by text, which tells 1.5 from
    1.50 and -0 from 0."""
    counts = ", ".join(f"count(*) FILTER (WHERE ({was(column)})::text IS DISTINCT FROM (b.{column.sql})::text)"
                       for column in columns)
    both = connection.execute(f"""SELECT count(*), {counts} FROM random_rows t
        FULL JOIN {rows_back} b ON t.row_number = b.row_number""").fetchone()
    assert both[0] == ROWS
    return {column.name: count for column, count in zip(columns, both[1:]) if count > 0}


def in_csv(column):
    value = f"t.{column.sql}"
    return {"network": f"takeout.mask_ip({value}::inet)", "nested": f"to_jsonb({value})"}.get(column.kind, value)


def in_json(column):
    value = f"t.{column.sql}"
    if column.kind in ("float4", "float8"):  # a jsonb's numbers have no -0
        return f"CASE WHEN {value} NOT IN ('NaN', 'Infinity', '-Infinity') THEN CASE {value} WHEN 0 THEN 0 ELSE {value} END END"
    if column.kind == "decimal":
        return f"CASE WHEN {value} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {value} END"
    if column.kind in ("date", "timestamp", "timestamptz"):
        return f"CASE WHEN isfinite({value}) AND {value} >= '0001-01-01' THEN {value} END"
    if column.kind == "json":
        return f"nullif({value}::jsonb, 'null')"
    return in_csv(column)


def test_copy_reads_the_same_table_from_csv(connection, table, export):
    data = export("SELECT takeout.csv_file(t ORDER BY row_number) FROM random_rows t")
    columns = ", ".join(f"{column.sql} {type_in_file(column)}" for column in table)
    connection.execute(f"CREATE TABLE csv_back ({columns})")
    with connection.cursor().copy("COPY csv_back FROM STDIN (FORMAT csv, HEADER match)") as copy:
        copy.write(data)
    assert differing_columns(connection, table, in_csv, "csv_back") == {}


def test_jsonb_to_recordset_reads_the_same_table_from_json(connection, table):
    columns = ", ".join(f"{column.sql} {json_type(column)}" for column in table)
    connection.execute("SET takeout.max_result_bytes = '500MB'")
    connection.execute(f"""CREATE TABLE json_back AS SELECT back.* FROM
        (SELECT convert_from(takeout.json_file(t), 'UTF8')::jsonb AS file FROM random_rows t) f,
        jsonb_to_recordset(file) AS back({columns})""")
    assert differing_columns(connection, table, in_json, "json_back") == {}


def test_jsonb_to_record_reads_the_same_table_from_json_lines(connection, table, export):
    data = export("SELECT takeout.jsonl_file(t) FROM random_rows t")
    columns = ", ".join(f"{column.sql} {json_type(column)}" for column in table)
    connection.execute("CREATE TABLE lines (line jsonb)")
    with connection.cursor().copy("COPY lines FROM STDIN (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')") as copy:
        copy.write(data)
    connection.execute(
        f"CREATE TABLE lines_back AS SELECT back.* FROM lines, jsonb_to_record(line) AS back({columns})")
    assert differing_columns(connection, table, in_json, "lines_back") == {}


def json_type(column):
    return "jsonb" if column.kind == "json" else type_in_file(column)


@pytest.fixture(scope="module")
def write_xlsx(tmp_path_factory):
    program = tmp_path_factory.mktemp("oracle") / "write_xlsx"
    source = Path(__file__).parent / "oracle" / "write_xlsx.c"
    subprocess.run(["cc", "-O1", source, "-o", program, "-lxlsxwriter"], check=True)
    return program


def is_excel_number(text):
    """Whether 15 digits say the number; zeros at the end of a fraction say nothing."""
    return significant_digits(text.rstrip("0") if "." in text else text)[1] <= EXCEL_DIGITS


def oracle_cell(kind, text):
    """What libxlsxwriter is asked to write for a value."""
    if text is None:
        return b"-"
    if kind == "boolean":
        return b"b" + (b"\1" if text == "true" else b"\0")
    if kind in ("date", "time", "timestamp", "timestamptz") and expected_serial(kind, text) is not None:
        return b"d" + struct.pack("=d", expected_serial(kind, text))
    if kind in ("integer", "decimal") and math.isfinite(float(text)) and is_excel_number(text):
        return b"n" + struct.pack("=d", float(text))
    if kind == "float4" and math.isfinite(float(text)):
        return b"n" + struct.pack("=d", float(text))
    if kind == "float8" and (float(text) == 0 or EXCEL_DOUBLES[0] <= abs(float(text)) <= EXCEL_DOUBLES[1]):
        return b"n" + struct.pack("=d", float(text))
    # libxlsxwriter leaves U+FFFE and U+FFFF, which XML cannot hold, as they are.
    data = text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_").encode()
    return b"s" + struct.pack("=I", len(data)) + data


def oracle_cells(expected):
    kinds = [column.kind for column in expected.columns]
    yield b"".join(oracle_cell("plain", name) for name in expected.sheet_names) + b"/"
    for row in expected.texts:
        yield b"".join(map(oracle_cell, kinds, row)) + b"/"


def first_sheet(file):
    workbook = openpyxl.load_workbook(file, read_only=True)
    for row in workbook.worksheets[0].iter_rows():
        yield [openpyxl_cell(cell) for cell in row]


def same_cell(kind, ours, oracle, text):
    """Whether our cell is libxlsxwriter's, where that is right: it rounds doubles to 16 digits, leaves out empty strings,
    and does not guard a text that looks like an escape. Nested values are the same JSON, spaced as it may be."""
    if kind == "nested" and text is not None:
        return json.loads(without_guard(ours)) == json.loads(without_guard(oracle)) == json.loads(as_openpyxl_shows(text))
    if isinstance(oracle, Serial):
        return isinstance(ours, Serial) and abs(ours.days - oracle.days) <= ours.precision + oracle.precision
    if isinstance(oracle, (int, float)) and not isinstance(oracle, bool):
        return isinstance(ours, (int, float)) and math.isclose(ours, oracle, rel_tol=1e-15)
    if text == "":
        return ours == ""
    if isinstance(oracle, str):
        return isinstance(ours, str) and without_guard(ours) == without_guard(oracle) == as_openpyxl_shows(text)
    return ours is oracle


@pytest.mark.parametrize("rows", [XLSX_ROWS, pytest.param(ROWS, marks=pytest.mark.long)])
def test_xlsx_is_what_libxlsxwriter_writes(connection, table, export, write_xlsx, tmp_path, rows):
    connection.execute(f"CREATE OR REPLACE VIEW random_slice AS SELECT * FROM random_rows WHERE row_number <= {rows}")
    expected = expect(connection, "random_slice")
    subprocess.run([write_xlsx, tmp_path / "oracle.xlsx"], input=b"".join(oracle_cells(expected)), check=True)
    ours = io.BytesIO(export("SELECT takeout.xlsx_file(t ORDER BY row_number) FROM random_slice t"))

    width = len(expected.columns)
    wanted = [expected.sheet_names, *expected.texts]
    compared = 0
    for texts, our_row, oracle_row in zip(wanted, first_sheet(ours), first_sheet(tmp_path / "oracle.xlsx"), strict=True):
        our_row, oracle_row = ((row + [None] * width)[:width] for row in (our_row, oracle_row))
        for column, text, our_cell, oracle_cell in zip(expected.columns, texts, our_row, oracle_row):
            kind = column.kind if compared > 0 else "plain"  # names come first
            assert same_cell(kind, our_cell, oracle_cell, text), (column, text, our_cell, oracle_cell)
        compared += 1
    assert compared == rows + 1
