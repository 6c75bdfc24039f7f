"""Streams of any size in constant memory, cancels at once, and failures that cost nothing."""

import statistics
import threading
import time

import psycopg
import pytest

from backend import allocated, anonymous_memory

MEGABYTE = 1024 * 1024
SIZES = [500_000, pytest.param(5_000_000, marks=pytest.mark.long)]


@pytest.fixture(scope="module")
def visits(connection):
    """visits(n): a dataset of n rows of ten ordinary columns."""
    def make(count):
        name = f"visits_{count}"
        if connection.execute("SELECT to_regclass(%s)", [name]).fetchone()[0] is None:
            connection.execute(f"""CREATE UNLOGGED TABLE {name} AS SELECT i AS id,
                timestamptz '2026-01-01' + i * interval '1 second' AS created_at, md5(i::text) AS token,
                'https://example.com/page/' || i % 1000 AS url, i % 7 = 0 AS converted, (i * 0.37)::numeric(12, 2) AS revenue,
                i / 3.0::float8 AS score, inet '10.0.0.0' + i AS ip, CASE i % 3 WHEN 0 THEN 'Käyttäjä, "A"' END AS note,
                (ARRAY['FI', 'DE', 'SE'])[i % 3 + 1] AS country FROM generate_series(1, {count}) i""")
            connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (id); CREATE INDEX ON {name} (created_at, id)")
            connection.execute(f"ANALYZE {name}")
            connection.execute(f"SELECT takeout.create_dataset('{name}', tenant => 'default')")
        return name
    return make


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "xlsx"])
def test_a_stream_of_any_size_holds_less_than_32_mb(database, visits, count, format):
    dataset = visits(count)
    with database.connect() as client:
        client.execute("SELECT 1")
        idle = anonymous_memory(client.info.backend_pid)
        peak = received = 0
        with client.cursor() as cursor:
            query = f"COPY (SELECT takeout.export_stream('{dataset}', '{format}')) TO STDOUT (FORMAT raw)"
            with cursor.copy(query) as copy:
                for number, data in enumerate(copy):
                    received += len(data)
                    if number % 16 == 0:
                        peak = max(peak, anonymous_memory(client.info.backend_pid))
        peak = max(peak, anonymous_memory(client.info.backend_pid))
    assert received > count * 20
    assert peak - idle < 32 * MEGABYTE, f"{(peak - idle) / MEGABYTE:.1f} MB above an idle backend"
    print(f"\n{format} {count} rows: {received / MEGABYTE:.0f} MB, {(peak - idle) / MEGABYTE:.1f} MB above idle")


def test_an_unordered_stream_and_a_sorted_one_hold_little_too(database, visits):
    dataset = visits(500_000)
    for arguments in ("ordered => false", "since => '2026-01-01', columns => '{id,token}'"):
        with database.connect() as client:
            client.execute("SET work_mem = '4MB'")
            idle = anonymous_memory(client.info.backend_pid)
            client.execute(f"SELECT count(chunk) FROM (SELECT takeout.export_stream('{dataset}', 'csv', {arguments}) AS chunk) s")
            assert anonymous_memory(client.info.backend_pid) - idle < 32 * MEGABYTE


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_file_as_one_value_is_in_memory_once(database, visits, format):
    table = visits(500_000)
    with database.connect() as client:
        client.execute("SET takeout.max_result_bytes = '400MB'")
        idle = peak = anonymous_memory(client.info.backend_pid)
        done = threading.Event()

        def watch():
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, anonymous_memory(client.info.backend_pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        size = client.execute(f"SELECT length(takeout.{format}_file(v)) FROM {table} v").fetchone()[0]
        done.set()
        watcher.join()
    assert size > 50 * MEGABYTE
    assert peak - idle < 1.3 * size, f"{(peak - idle) / size:.2f} times the result"


def seconds_to_cancel(database, query, delay):
    """From the cancel to the error, for a client that reads on. Where the query is faster, the cancel comes earlier."""
    assert delay > 0.005, "a cancel has no effect"
    with database.connect() as client:
        cancelled = []

        def cancel():
            with database.connect() as other:
                cancelled.append(time.monotonic())
                other.execute("SELECT pg_cancel_backend(%s)", [client.info.backend_pid])

        timer = threading.Timer(delay, cancel)
        timer.start()
        try:
            if query.startswith("COPY"):
                with client.cursor() as cursor, cursor.copy(query) as copy:
                    for _ in copy:
                        pass
            else:
                client.execute(query)
        except psycopg.errors.QueryCanceled:
            ended = time.monotonic()
            timer.join()
            assert client.execute("SELECT 1").fetchone() == (1,)
            return ended - cancelled[0]
        finally:
            timer.join()
    return seconds_to_cancel(database, query, delay / 2)


@pytest.mark.parametrize("query", [
    *(f"COPY (SELECT takeout.export_stream('{{dataset}}', '{format}')) TO STDOUT (FORMAT raw)"
      for format in ("csv", "json", "jsonl", "xlsx")),
    *(f"SELECT takeout.export('{{dataset}}', '{format}')" for format in ("csv", "xlsx")),
    *(f"SELECT length(takeout.{format}_file(v)) FROM {{dataset}} v" for format in ("csv", "json", "xlsx")),
])
def test_a_cancel_takes_effect_within_100_milliseconds(connection, database, visits, query):
    dataset = visits(500_000)
    connection.execute(f"ALTER DATABASE {database.dbname} SET takeout.max_result_bytes = '500MB'")
    took = [seconds_to_cancel(database, query.format(dataset=dataset), 0.1 + 0.03 * attempt) for attempt in range(5)]
    assert statistics.median(took) < 0.1, took


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_failing_exports_leave_the_memory_of_a_session_flat(connection, database, count):
    connection.execute("""DROP TABLE IF EXISTS bad CASCADE; CREATE TABLE bad (id integer PRIMARY KEY, words text, spoilt text);
        INSERT INTO bad SELECT i, repeat('word ', 20), CASE WHEN i = 300 THEN repeat('x', 40000) ELSE '1' END
        FROM generate_series(1, 300) i""")
    connection.execute("""CREATE VIEW bad_numbers AS SELECT id, words, spoilt::integer AS number FROM bad;
        SELECT takeout.create_dataset('bad', tenant => 'default');
        SELECT takeout.create_dataset('bad_numbers', tenant => 'default', key => '{id}')""")
    failing = [
        "SELECT takeout.export('bad', 'xlsx')", "SELECT takeout.export_stream('bad', 'xlsx')",
        "SELECT takeout.xlsx_file(b) FROM bad b", "SELECT takeout.export('bad', 'pdf')", "SELECT takeout.export('worse', 'csv')",
        "SELECT takeout.export('bad_numbers', 'csv')", "SELECT takeout.export_stream('bad_numbers', 'json')",
        "SELECT takeout.export('bad_numbers', 'xlsx')", "SELECT takeout.jsonl_file(b) FROM bad_numbers b",
        "SELECT takeout.export('bad', 'csv', columns => '{nothing}')",
        "SELECT takeout.csv_file(b, '{\"delimiter\": \"ab\"}') FROM bad b",
        "SELECT takeout.export_page('bad', 'csv', after => 'nonsense')",
        "SELECT 1 / (length(takeout.export('bad', 'csv')) * 0)",
    ]
    with database.connect(prepare_threshold=None) as client:
        def fail(times):
            for number in range(times):
                with pytest.raises(psycopg.Error):
                    client.execute(failing[number % len(failing)])
        fail(40 * len(failing))
        before = allocated(client), anonymous_memory(client.info.backend_pid)
        fail(count)
        after = allocated(client), anonymous_memory(client.info.backend_pid)
    assert after[0] - before[0] < 64 * 1024, "memory contexts grow"
    assert after[1] - before[1] < MEGABYTE, "the process grows"


def test_many_exports_in_one_session_leave_its_memory_flat(database, connection, rows):
    calls = ["SELECT takeout.export('rows', 'xlsx', ids => '{1,2,3}')", "SELECT takeout.export_stream('rows', 'csv') LIMIT 1",
             "SELECT takeout.json_file(r) FROM (SELECT * FROM rows LIMIT 10) r",
             "SELECT * FROM takeout.export_page('rows', 'jsonl', page_rows => 5)"]
    with database.connect(prepare_threshold=None) as client:
        def run(times):
            for number in range(times):
                client.execute(calls[number % len(calls)])
        run(80)
        before = allocated(client), anonymous_memory(client.info.backend_pid)
        run(400)
        after = allocated(client), anonymous_memory(client.info.backend_pid)
    assert after[0] - before[0] < 64 * 1024, "memory contexts grow"
    assert after[1] - before[1] < MEGABYTE, "the process grows"
