"""However an export ends, it is on record: its intent before the first row is read, its end if the backend lives to write it."""

import hashlib
import os
import signal
import tempfile
import time

import psycopg
import pytest

from audited_server import AuditedServer, chain_errors
from throwaway_server import wait_until

STREAM = "SELECT takeout.export_stream('items', 'csv')"


@pytest.fixture(scope="module")
def audited():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        audited = AuditedServer(directory)
        audited.make_dataset(rows=60_000)
        yield audited
        audited.remove()


@pytest.fixture
def new_lines(audited):
    """The lines since the test began."""
    start = len(audited.lines())
    return lambda *events: [line for line in audited.lines()[start:] if not events or line["event"] in events]


@pytest.fixture
def session(audited):
    with audited.connect(application_name="the tests", prepare_threshold=None) as session:
        yield session


def ends_of(lines, event):
    """How many intents there are, and how many have that end."""
    intents = {line["seq"] for line in lines if line["event"] == "INTENT"}
    ends = [line for line in lines if line["event"] == event and line["export"] in intents]
    return len(intents), len(ends)


def test_a_whole_export_has_its_rows_bytes_and_hash(audited, session, new_lines):
    file = session.execute("SELECT takeout.export('items', 'json', ids => '{1,2}', tenant => 'acme')").fetchone()[0]
    intent, complete = new_lines()
    assert intent["event"] == "INTENT" and complete["event"] == "COMPLETE"
    assert intent["export"] == complete["export"] == intent["seq"]
    for line in intent, complete:
        assert (line["database"], line["role"], line["tenant"]) == ("postgres", audited.server.user, "acme")
        assert (line["dataset"], line["format"], line["method"]) == ("items", "json", "export")
        assert line["application_name"] == "the tests" and line["pid"] == session.info.backend_pid
        assert "client_address" not in line
    assert intent["filter"]["ids"] == 2
    assert (complete["rows"], complete["bytes"]) == (2, len(file))
    assert complete["sha256"] == hashlib.sha256(file).hexdigest()


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "xlsx"])
def test_a_stream_and_a_page_are_what_their_hash_says(session, new_lines, format):
    chunks = [bytes(chunk) for chunk, in session.execute(f"SELECT takeout.export_stream('items', '{format}')")]
    page = session.execute(f"SELECT data FROM takeout.export_page('items', '{format}', page_rows => 10)").fetchone()[0]
    stream_end, page_end = new_lines("COMPLETE")
    assert len(chunks) > 1
    assert (stream_end["rows"], stream_end["bytes"]) == (60_000, sum(map(len, chunks)))
    assert stream_end["sha256"] == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert (page_end["rows"], page_end["bytes"], page_end["method"]) == (10, len(page), "export_page")
    assert page_end["sha256"] == hashlib.sha256(page).hexdigest()


def test_the_end_is_on_record_before_the_last_chunk_is_handed_out(session, new_lines):
    with session.transaction():
        session.execute(f"DECLARE c CURSOR FOR {STREAM}")
        sizes = []
        while True:
            complete = new_lines("COMPLETE")
            chunk = session.execute("FETCH 1 FROM c").fetchone()
            if chunk is None:
                break
            sizes.append(len(chunk[0]))
            assert not complete
            if sum(sizes) < 3_000_000:
                continue
        assert new_lines("COMPLETE")[0]["bytes"] == sum(sizes)


def test_the_content_hash_can_be_left_out(session, new_lines):
    session.execute("SET takeout.audit_sha256 = off")
    session.execute("SELECT takeout.export('items', 'csv', ids => '{1}')")
    complete = new_lines("COMPLETE")[0]
    assert "sha256" not in complete and complete["rows"] == 1


def test_the_client_over_the_network_is_named(audited, new_lines):
    with audited.connect(host="127.0.0.1") as session:
        session.execute("SELECT takeout.export('items', 'csv', ids => '{1}')")
        address = session.execute("SELECT DISTINCT client_address = inet_client_addr() FROM takeout.audit_log"
                                  " WHERE pid = pg_backend_pid()").fetchall()
    assert {line["client_address"] for line in new_lines()} == {"127.0.0.1"}
    assert address == [(True,)]


def rolled_back(session):
    session.execute("BEGIN; SELECT takeout.export('items', 'csv', ids => '{1}'); ROLLBACK")


def savepoint(session):
    session.execute("BEGIN; SAVEPOINT s; SELECT takeout.export('items', 'csv', ids => '{1}'); ROLLBACK TO s; COMMIT")


def later_error(session):
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.execute("SELECT takeout.export('items', 'csv', ids => '{1}'); SELECT 1 / 0")


def caught_error(session):
    session.execute("""DO $$ BEGIN
        PERFORM takeout.export('items', 'csv', ids => '{1}'); RAISE EXCEPTION 'changed my mind';
      EXCEPTION WHEN raise_exception THEN NULL; END $$""")


@pytest.mark.parametrize("ending", [rolled_back, savepoint, later_error, caught_error])
@pytest.mark.parametrize("times", [20, pytest.param(1_000, marks=pytest.mark.long)])
def test_what_comes_after_an_export_does_not_take_its_record_back(session, new_lines, ending, times):
    for _ in range(times):
        ending(session)
    assert ends_of(new_lines(), "COMPLETE") == (times, times)


def left_by_limit(session):
    session.execute(f"{STREAM} LIMIT 1").fetchall()


def closed(session):
    with session.transaction():
        session.execute(f"DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c; CLOSE c")


def open_at_rollback(session):
    session.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c; ROLLBACK")


def open_at_rollback_to_savepoint(session):
    session.execute(f"BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c; ROLLBACK TO s; COMMIT")


def open_at_an_error(session):
    session.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c")
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.execute("SELECT 1 / 0")
    session.execute("ROLLBACK")


@pytest.mark.parametrize("ending", [left_by_limit, closed, open_at_rollback, open_at_rollback_to_savepoint, open_at_an_error])
@pytest.mark.parametrize("times", [5, pytest.param(1_000, marks=pytest.mark.long)])
def test_a_stream_that_is_left_is_abandoned_with_what_had_gone_out(session, new_lines, ending, times):
    for _ in range(times):
        ending(session)
    lines = new_lines()
    assert ends_of(lines, "ABANDONED") == (times, times)
    assert all(line["bytes"] > 100_000 and 0 < line["rows"] < 60_000 for line in lines if line["event"] == "ABANDONED")


@pytest.mark.parametrize("times", [5, pytest.param(1_000, marks=pytest.mark.long)])
def test_an_error_within_an_export_is_on_record(session, new_lines, times):
    session.execute("INSERT INTO takeout.limits (dataset, method, max_rows, requests_per_minute) VALUES ('items', 'export_stream', 25000, NULL)")
    try:
        for _ in range(times):
            with pytest.raises(psycopg.errors.ProgramLimitExceeded):
                session.execute(STREAM).fetchall()
    finally:
        session.execute("DELETE FROM takeout.limits WHERE dataset = 'items'")
    lines = new_lines()
    assert ends_of(lines, "FAILED") == (times, times)
    assert {line["sqlstate"] for line in lines if line["event"] == "FAILED"} == {"54000"}


@pytest.mark.parametrize("times", [5, pytest.param(1_000, marks=pytest.mark.long)])
def test_a_cancel_is_on_record(session, new_lines, times):
    session.execute("CREATE OR REPLACE FUNCTION sleep() RETURNS text LANGUAGE plpgsql STABLE AS"
                    " $$ BEGIN PERFORM pg_sleep(3600); RETURN ''; END $$")
    session.execute("CREATE OR REPLACE VIEW endless_items AS"
                    " SELECT id, noise, tenant, CASE id WHEN 30000 THEN sleep() END AS nap FROM items")
    session.execute("SELECT takeout.create_dataset('endless_items', key => '{id}', tenant_column => 'tenant')"
                    " WHERE NOT EXISTS (SELECT FROM takeout.datasets WHERE name = 'endless_items')")
    for _ in range(times):
        session.execute("BEGIN; DECLARE c CURSOR FOR SELECT takeout.export_stream('endless_items', 'csv'); FETCH 1 FROM c")
        session.execute("SET LOCAL statement_timeout = 100")
        with pytest.raises(psycopg.errors.QueryCanceled):
            session.execute("FETCH ALL FROM c")
        session.execute("ROLLBACK")
    lines = new_lines()
    assert ends_of(lines, "FAILED") == (times, times)
    assert {line["sqlstate"] for line in lines if line["event"] == "FAILED"} == {"57014"}


@pytest.mark.parametrize("times", [5, pytest.param(1_000, marks=pytest.mark.long)])
def test_a_client_that_disconnects_leaves_a_record(audited, new_lines, times):
    for _ in range(times):
        session = audited.connect()
        session.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c")
        session.close()
    wait_until(lambda: ends_of(new_lines(), "ABANDONED") == (times, times))


def test_a_terminated_backend_leaves_a_record(audited, session, new_lines):
    other = audited.connect()
    other.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c")
    session.execute("SELECT pg_terminate_backend(%s)", [other.info.backend_pid])
    wait_until(lambda: ends_of(new_lines(), "ABANDONED") == (1, 1))
    other.close()


def test_refusals_are_on_record_but_not_each(audited, session, new_lines):
    session.execute("CREATE ROLE stranger LOGIN")
    with audited.connect(user="stranger") as stranger:
        started = time.monotonic()
        for i in range(300):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                stranger.execute(f"SELECT takeout.export('items', 'csv', tenant => 'tenant {i}')")
        seconds = time.monotonic() - started
    denied = new_lines("DENIED")
    assert 1 <= len(denied) <= seconds + 1
    assert {(line["role"], line["dataset"], line["sqlstate"]) for line in denied} == {("stranger", "items", "42501")}
    assert not new_lines("INTENT")
    # The next line says how many have none of their own.
    time.sleep(1)
    with audited.connect(user="stranger") as stranger, pytest.raises(psycopg.errors.InsufficientPrivilege):
        stranger.execute("SELECT takeout.export('items', 'csv')")
    denied = new_lines("DENIED")
    assert sum(1 + line.get("suppressed", 0) for line in denied) == 301
    assert "suppressed" not in denied[0]
    shown = session.execute("SELECT suppressed FROM takeout.audit_log WHERE event = 'DENIED' AND role = 'stranger' ORDER BY seq")
    assert shown.fetchall() == [(line.get("suppressed"),) for line in denied]
    session.execute("DROP ROLE stranger")


@pytest.mark.parametrize("times", [3, pytest.param(200, marks=pytest.mark.long)])
def test_the_intent_survives_a_killed_backend(audited, new_lines, times):
    for _ in range(times):
        session = audited.connect()
        session.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c")
        before = audited.server.starts()
        os.kill(session.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        session.close()
        wait_until(lambda: audited.server.starts() > before)
    assert ends_of(new_lines(), "ABANDONED") == (times, 0)
    assert chain_errors(audited.audit) == []
    with audited.connect() as session:
        session.execute("SELECT takeout.export('items', 'csv', ids => '{1}')")


def test_the_view_shows_an_export_that_runs_and_its_end(audited, session, new_lines):
    with audited.connect() as other:
        def events():
            return other.execute("SELECT event, rows FROM takeout.audit_log WHERE export = %s ORDER BY seq",
                                 [new_lines("INTENT")[0]["seq"]]).fetchall()
        session.execute(f"BEGIN; DECLARE c CURSOR FOR {STREAM}; FETCH 1 FROM c")
        assert events() == [("INTENT", None)]
        session.execute("FETCH ALL FROM c")
        assert events() == [("INTENT", None), ("COMPLETE", 60_000)]


def test_after_all_of_this_the_chain_holds(audited):
    assert audited.findings() == []
    assert chain_errors(audited.audit) == []
