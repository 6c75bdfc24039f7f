"""Rows of more than 1 GB: streams carry what a format can hold, and all else is refused."""

import psycopg
import pytest

from backend import anonymous_memory

pytestmark = pytest.mark.long
CELL = 540_000_000


@pytest.fixture(scope="module")
def huge(connection):
    """Dataset `huge`: one row of three columns, of which two have 540 MB each; a view, as a table cannot hold it."""
    connection.execute(f"""CREATE VIEW huge AS SELECT 1 AS id, repeat('x', {CELL}) AS a, repeat('y', {CELL}) AS b;
        SELECT takeout.create_dataset('huge', tenant => 'default', key => '{{id}}')""")


@pytest.mark.parametrize("format, around", [
    ("csv", len("id,a,b\r\n") + len("1,,\r\n")),
    ("json", len('[\n{"id":1,"a":"","b":""}\n]\n')),
    ("jsonl", len('{"id":1,"a":"","b":""}\n')),
])
def test_a_row_of_more_than_1_gb_goes_through_a_stream(database, huge, format, around):
    with database.connect() as client:
        received = marks = 0
        with client.cursor().copy(f"COPY (SELECT takeout.export_stream('huge', '{format}')) TO STDOUT (FORMAT raw)") as copy:
            for data in copy:
                received += len(data)
                marks += bytes(data).count(b"x") + bytes(data).count(b"y")
        assert (received, marks) == (2 * CELL + around, 2 * CELL)
        assert client.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("query, sqlstate", [
    ("SELECT takeout.export_stream('huge', 'xlsx')", "22001"),
    ("SELECT takeout.export('huge', 'xlsx')", "22001"),
    ("SELECT takeout.export('huge', 'csv')", "54000"),
    ("SELECT takeout.export('huge', 'json')", "54000"),
    ("SELECT takeout.csv_file(h) FROM huge h", "54000"),
    ("SELECT takeout.jsonl_file(h) FROM huge h", "54000"),
    ("SELECT takeout.xlsx_file(h) FROM (SELECT a FROM huge) h", "22001"),
])
def test_a_row_of_more_than_1_gb_is_refused_elsewhere(database, huge, query, sqlstate):
    with database.connect() as client:
        with pytest.raises(psycopg.Error) as error:
            client.execute(query)
        assert error.value.sqlstate == sqlstate, error.value
        assert client.execute("SELECT 1").fetchone() == (1,)


def test_text_that_doubles_in_a_file(database, huge, connection):
    """700 MB of quotes are 1.4 GB as CSV, of control characters 4.2 GB as JSON."""
    connection.execute("""CREATE VIEW doubling AS SELECT 1 AS id, repeat(E'"\\x01', 350000000) AS t;
        SELECT takeout.create_dataset('doubling', tenant => 'default', key => '{id}')""")
    with database.connect() as client:
        client.execute("SELECT 1")
        idle = anonymous_memory(client.info.backend_pid)
        for format, size in (("csv", 350_000_000 * 3), ("jsonl", 350_000_000 * 8)):
            received, peak = 0, 0
            with client.cursor().copy(
                    f"COPY (SELECT takeout.export_stream('doubling', '{format}')) TO STDOUT (FORMAT raw)") as copy:
                for data in copy:
                    received += len(data)
                    if received % 100 == 0:
                        peak = max(peak, anonymous_memory(client.info.backend_pid))
            assert size < received < size + 100
            # The value itself and what makes it, but no copy of its text in the file.
            assert peak - idle < 1_540_000_000
