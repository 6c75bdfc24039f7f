"""A stream that is left before its end leaves nothing behind; one that is kept open goes on."""

import threading
import time

import psycopg
import pytest

from backend import new_remains, remains
from throwaway_server import wait_until

FORMATS = ["csv", "json", "jsonl", "xlsx"]
STREAM = "takeout.export_stream('rows', '{format}')"


@pytest.fixture(scope="module")
def whole(connection, rows):
    """The files that a stream that is read to its end gives."""
    return {format: b"".join(bytes(chunk) for chunk, in connection.execute(f"SELECT {STREAM.format(format=format)}"))
            for format in ("csv", "json", "jsonl")}


@pytest.fixture(params=FORMATS)
def stream(request, connection, rows):
    """SQL of a stream; afterwards the session must hold what it held before."""
    call = STREAM.format(format=request.param)
    connection.execute(f"SELECT {call} LIMIT 1").fetchall()  # fills the caches
    before = remains(connection)
    yield call
    if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        connection.execute("ROLLBACK")
    assert not new_remains(connection, before)
    assert len(connection.execute("SELECT takeout.export('rows', 'csv', ids => '{1,2}')").fetchone()[0]) > 200


def chunks(connection, query):
    return [bytes(chunk) for chunk, in connection.execute(query).fetchall()]


def test_a_stream_has_several_chunks_of_about_a_quarter_of_a_megabyte(connection, rows):
    for format in FORMATS:
        sizes = [len(chunk) for chunk in chunks(connection, f"SELECT {STREAM.format(format=format)}")]
        assert len(sizes) >= 3
        assert all(125_000 < size < 500_000 for size in sizes[:-1]), sizes


def test_limit(connection, stream):
    assert len(chunks(connection, f"SELECT {stream} LIMIT 1")) == 1
    assert len(chunks(connection, f"SELECT {stream} LIMIT 2")) == 2
    assert connection.execute(f"SELECT count(*) FROM (SELECT {stream} OFFSET 1 LIMIT 1) s").fetchone() == (1,)


def test_exists_and_scalar_subqueries(connection, stream):
    assert connection.execute(f"SELECT EXISTS (SELECT {stream})").fetchone() == (True,)
    assert connection.execute(f"SELECT length((SELECT {stream} LIMIT 1)) > 125000").fetchone() == (True,)
    with pytest.raises(psycopg.errors.CardinalityViolation):
        connection.execute(f"SELECT (SELECT {stream})")


def test_closed_cursor(connection, stream):
    with connection.transaction():
        connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
        assert len(chunks(connection, "FETCH 2 FROM c")) == 2
        connection.execute("CLOSE c")
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_cursor_that_the_commit_closes(connection, stream):
    with connection.transaction():
        connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
        connection.execute("FETCH 1 FROM c")


def test_cursor_that_the_rollback_closes(connection, stream):
    with connection.transaction(force_rollback=True):
        connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
        connection.execute("FETCH 1 FROM c")


@pytest.mark.parametrize("fetch", ["FETCH 1", "FETCH ALL"])
def test_rollback_to_a_savepoint(connection, stream, fetch):
    with connection.transaction():
        connection.execute("SAVEPOINT before")
        connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
        connection.execute(f"{fetch} FROM c")
        connection.execute("ROLLBACK TO before")
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (50000,)


def test_cursor_that_outlives_a_savepoint(connection, stream):
    with connection.transaction():
        connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
        first = chunks(connection, "FETCH 1 FROM c")
        connection.execute("SAVEPOINT inside")
        first += chunks(connection, "FETCH 1 FROM c")
        connection.execute("RELEASE inside")
        rest = chunks(connection, "FETCH ALL FROM c")
        assert first[0] and rest


def test_error_between_fetches(connection, stream):
    with pytest.raises(psycopg.errors.DivisionByZero):
        with connection.transaction():
            connection.execute(f"DECLARE c CURSOR FOR SELECT {stream}")
            connection.execute("FETCH 1 FROM c")
            connection.execute("SELECT 1 / 0")


def test_error_in_the_query_around_it(connection, stream):
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute(f"SELECT 1 / (2 - row_number() OVER ()), length(c) FROM (SELECT {stream} AS c) s")
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute(f"SELECT {stream}, 1 / (generate_series(1, 9) - 2)")


def test_plpgsql_loop_that_is_left(connection, stream):
    connection.execute(f"""DO $$ DECLARE c bytea; BEGIN
        FOR c IN SELECT {stream} LOOP EXIT; END LOOP;
        FOR c IN SELECT {stream} LOOP RETURN; END LOOP; END $$""")


def test_plpgsql_exception_block(connection, stream):
    connection.execute(f"""DO $$ DECLARE c bytea; n integer := 0; BEGIN
        FOR i IN 1..3 LOOP
          BEGIN
            FOR c IN SELECT {stream} LOOP n := n + 1; RAISE EXCEPTION 'enough'; END LOOP;
          EXCEPTION WHEN raise_exception THEN NULL;
          END;
        END LOOP;
        ASSERT n = 3; END $$""")


def test_plpgsql_loop_over_all(connection, stream):
    connection.execute(f"""DO $$ DECLARE c bytea; n bigint := 0; BEGIN
        FOR c IN SELECT {stream} LOOP n := n + length(c); END LOOP;
        ASSERT n > 2000000; END $$""")


def test_procedure_that_commits_while_it_reads(connection, stream):
    connection.execute(f"""CREATE OR REPLACE PROCEDURE read_all(INOUT n bigint) LANGUAGE plpgsql AS $$
        DECLARE c bytea; BEGIN
          n := 0;
          FOR c IN SELECT {stream} LOOP n := n + length(c); COMMIT; END LOOP;
        END $$""")
    assert connection.execute("CALL read_all(0)").fetchone()[0] > 2_000_000


@pytest.mark.parametrize("format", ["csv", "json", "jsonl"])
def test_cursor_with_hold_keeps_the_whole_file(connection, whole, format):
    with connection.transaction():
        connection.execute(f"DECLARE held CURSOR WITH HOLD FOR SELECT {STREAM.format(format=format)}")
        first = chunks(connection, "FETCH 1 FROM held")
    assert b"".join(first + chunks(connection, "FETCH ALL FROM held")) == whole[format]
    connection.execute("CLOSE held")


def test_cursor_with_hold_that_is_closed_early(connection, stream):
    with connection.transaction():
        connection.execute(f"DECLARE held CURSOR WITH HOLD FOR SELECT {stream}")
        connection.execute("FETCH 1 FROM held")
    connection.execute("CLOSE held")


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_scroll_cursor_goes_back(connection, whole, format):
    with connection.transaction():
        connection.execute(f"DECLARE c SCROLL CURSOR FOR SELECT {STREAM.format(format=format)}")
        forward = chunks(connection, "FETCH 3 FROM c")
        assert chunks(connection, "FETCH BACKWARD 1 FROM c") == [forward[1]]
        connection.execute("MOVE ABSOLUTE 0 FROM c")
        assert b"".join(chunks(connection, "FETCH ALL FROM c")) == whole[format]


def test_two_streams_side_by_side(connection, whole):
    with connection.transaction():
        connection.execute(f"DECLARE a CURSOR FOR SELECT {STREAM.format(format='csv')}")
        connection.execute(f"DECLARE b CURSOR FOR SELECT {STREAM.format(format='json')}")
        parts = {"a": [], "b": []}
        while True:
            got = {name: chunks(connection, f"FETCH 1 FROM {name}") for name in parts}
            for name, chunk in got.items():
                parts[name] += chunk
            if not any(got.values()):
                break
        connection.execute("CLOSE a; CLOSE b")
    assert b"".join(parts["a"]) == whole["csv"] and b"".join(parts["b"]) == whole["json"]


def test_cursor_sees_the_rows_of_its_start(connection, whole):
    with connection.transaction(force_rollback=True):
        connection.execute(f"DECLARE c CURSOR FOR SELECT {STREAM.format(format='csv')}")
        first = chunks(connection, "FETCH 1 FROM c")
        connection.execute("DELETE FROM rows")
        assert b"".join(first + chunks(connection, "FETCH ALL FROM c")) == whole["csv"]


def test_source_that_fails_in_its_middle(connection, rows):
    connection.execute("""CREATE VIEW failing AS SELECT id, noise, 1 / (id - 40000) AS quotient FROM rows;
        SELECT takeout.create_dataset('failing', tenant => 'default', key => '{id}')""")
    before = remains(connection)
    for format in FORMATS:
        for query in ("SELECT takeout.export_stream('failing', %s)", "SELECT takeout.export('failing', %s)"):
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute(query, [format])
    assert not new_remains(connection, before)


def cancel_export(database, pid, delay, ended):
    """Cancels the session's query that reads a stream, some time after it began, until it has ended."""
    with database.connect() as other:
        while not ended.is_set():
            other.execute("""SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE pid = %s AND state = 'active' AND query LIKE '%%export_stream%%'
                  AND clock_timestamp() - query_start > make_interval(secs => %s)""", [pid, delay])
            time.sleep(0.001)


@pytest.mark.parametrize("format", FORMATS)
def test_cancelled_at_any_moment(connection, database, rows, format):
    call = STREAM.format(format=format)
    connection.execute(f"SELECT {call} LIMIT 1").fetchall()
    before = remains(connection)
    for delay in (0, 0.003, 0.01, 0.03, 0.1):
        ended = threading.Event()
        canceller = threading.Thread(
            target=cancel_export, args=(database, connection.info.backend_pid, delay, ended))
        canceller.start()
        try:
            with pytest.raises(psycopg.errors.QueryCanceled):
                connection.execute(f"SELECT sum(length(c)) FROM generate_series(1, 100) i, LATERAL (SELECT {call}, i) s(c)")
        finally:
            ended.set()
            canceller.join()
        assert not new_remains(connection, before)


@pytest.mark.parametrize("format", FORMATS)
def test_client_that_goes_away_in_the_middle(connection, database, rows, format):
    before = connection.execute("SELECT name FROM pg_ls_tmpdir()").fetchall()
    client = database.connect()
    pid = client.info.backend_pid
    copying = client.pgconn.exec_(f"COPY (SELECT {STREAM.format(format=format)}) TO STDOUT (FORMAT raw)".encode())
    assert copying.status == psycopg.pq.ExecStatus.COPY_OUT
    assert client.pgconn.get_copy_data(0)[0] > 0
    client.pgconn.finish()
    wait_until(lambda: not connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone())
    assert connection.execute("SELECT name FROM pg_ls_tmpdir()").fetchall() == before
