"""Exports a minute: counted for each role and tenant, exactly, and by nothing taken back."""

import os
import pathlib
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from governed import DEFAULT, EXPORT, is_taken, make_role, make_things, wait_of
from throwaway_server import Server, wait_until

WINDOW = 60


def left_of_window(began):
    return WINDOW - (time.monotonic() - began)


@pytest.fixture(scope="module")
def things(connection):
    make_things(connection)


@pytest.fixture
def exporter(database, connection, things):
    """Makes a role with a limit and gives a session of it."""
    sessions, roles = [], []

    def make(per_minute, tenants=("default",)):
        roles.append(make_role(connection, per_minute, tenants))
        sessions.append(database.connect(user=roles[-1]))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()
    for role in roles:
        connection.execute(f"DROP ROLE {role}")


def test_a_refusal_names_limit_tenant_and_wait(exporter):
    session = exporter(3)
    began = time.monotonic()
    assert [is_taken(session) for _ in range(3)] == [True] * 3
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as refusal:
        session.execute(EXPORT)
    diag = refusal.value.diag
    assert diag.sqlstate == "53400"
    assert diag.message_primary == 'limit of 3 exports a minute is reached for tenant "default"'
    assert left_of_window(began) <= wait_of(refusal.value) <= WINDOW
    assert "takeout.quota()" in diag.message_hint
    assert session.execute("SELECT 1").fetchone() == (1,)


ENDS = {
    "rollback": lambda session: session.execute("ROLLBACK"),
    "later error": lambda session: pytest.raises(psycopg.Error, session.execute, "SELECT 1/0").match("zero")
    and session.execute("ROLLBACK"),
    "savepoint": lambda session: session.execute("ROLLBACK TO s; COMMIT"),
    "commit": lambda session: session.execute("COMMIT"),
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_takes_a_request_back(exporter, end):
    session = exporter(20)
    taken = 0
    for _ in range(24):
        session.execute("BEGIN; SAVEPOINT s")
        if is_taken(session):
            taken += 1
            ENDS[end](session)
        else:
            session.execute("ROLLBACK")
    assert taken == 20


@pytest.mark.parametrize("query", [
    "SELECT takeout.export_stream('things', 'json')", "SELECT takeout.export_page('things', 'csv')",
    "SELECT takeout.export('things', 'xlsx')", "DO $$ BEGIN PERFORM takeout.export('things'); END $$"])
def test_all_methods_and_sessions_count_together(exporter, database, query):
    session = exporter(4)
    with database.connect(user=session.info.user) as other:
        assert [is_taken(session, query), is_taken(other), is_taken(session), is_taken(other, query)] == [True] * 4
        assert not is_taken(session)
        assert not is_taken(other, query)


def test_each_role_and_each_tenant_has_its_own(exporter, connection, things):
    connection.execute("""CREATE TABLE IF NOT EXISTS owned (id int PRIMARY KEY, tenant_id text);
        SELECT takeout.create_dataset('owned', tenant_column => 'tenant_id')""")
    one, other = exporter(2, ("a", "b")), exporter(2, ("a", "b"))
    for session in (one, other):
        for tenant in ("a", "b"):
            query = f"SELECT takeout.export('owned', 'csv', tenant => '{tenant}')"
            assert [is_taken(session, query) for _ in range(3)] == [True, True, False]


def test_set_role_changes_nothing(exporter, connection):
    session, other = exporter(2), exporter(2)
    connection.execute(f"GRANT {other.info.user} TO {session.info.user}")
    assert is_taken(session)
    session.execute(f"SET ROLE {other.info.user}")
    assert [is_taken(session), is_taken(session)] == [True, False]
    assert is_taken(other)


def test_refusals_are_free(exporter):
    """What is refused for another reason, or by the quota itself, takes no place."""
    session = exporter(2)
    for bad in ("takeout.export('nothing')", "takeout.export('things', 'pdf')", "takeout.export('things', columns => '{x}')",
                "takeout.export('things', tenant => 'other')"):
        for _ in range(3):
            with pytest.raises(psycopg.Error):
                session.execute(f"SELECT {bad}")
    assert [is_taken(session), is_taken(session), is_taken(session)] == [True, True, False]


def test_a_limit_set_later_finds_its_past(exporter, connection):
    session = exporter(None)
    assert all(is_taken(session) for _ in range(8))
    update = "UPDATE takeout.limits SET requests_per_minute = %s WHERE role = %s::regrole"
    connection.execute(update, [8, session.info.user])
    assert not is_taken(session)
    connection.execute(update, [9, session.info.user])
    assert [is_taken(session), is_taken(session)] == [True, False]


def test_more_than_can_be_counted_is_no_limit(exporter, connection):
    session = exporter(1001)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="takeout.quota_max_per_minute \\(1000\\)"):
        session.execute(EXPORT)


def test_quota_says_what_remains_and_when_there_is_more(exporter):
    session = exporter(3, ("a", "default"))
    query = "SELECT tenant, requests_limit, remaining, resets_at - clock_timestamp() FROM takeout.quota()"
    assert session.execute(query).fetchall() == [("a", 3, 3, None), ("default", 3, 3, None)]
    began = time.monotonic()
    for remaining in (2, 1, 0, 0):
        is_taken(session, EXPORT.replace("'csv'", "'csv', tenant => 'default'"))
        other, (*row, wait) = session.execute(query).fetchall()
        assert other == ("a", 3, 3, None)
        assert row == ["default", 3, remaining]
        assert left_of_window(began) <= wait.total_seconds() < WINDOW


def test_quota_shows_the_limits_of_dataset_and_method(exporter, connection):
    connection.execute("DELETE FROM takeout.limits WHERE role IS NULL")
    session = exporter(DEFAULT)
    rows = "SELECT requests_limit, remaining, max_rows, max_bytes, max_period FROM takeout.quota({})"
    value, stream = (500, 500, 1_000_000, 64 * 2**20, None), (500, 500, None, None, None)
    assert session.execute(rows.format("")).fetchall() == [value]
    assert session.execute(rows.format("method => 'export_stream'")).fetchall() == [stream]
    connection.execute("""INSERT INTO takeout.limits (role, dataset, method, max_rows, max_period, requests_per_minute)
        VALUES (%s::regrole, 'things', NULL, 7, '1 month', NULL)""", [session.info.user])
    assert session.execute(rows.format("")).fetchall() == [value]
    [row] = session.execute(rows.format("'default', 'things', 'export_stream'") + " WHERE max_period = '1 month'").fetchall()
    assert row[:4] == (None, None, 7, None)
    for wrong, error in (("dataset => 'nothing'", psycopg.errors.UndefinedObject),
                         ("method => 'fax'", psycopg.errors.InvalidParameterValue),
                         ("tenant => 'other'", psycopg.errors.InsufficientPrivilege)):
        with pytest.raises(error):
            session.execute(rows.format(wrong))


def test_a_member_of_every_tenant_asks_for_one(exporter):
    session = exporter(5, ("*",))
    assert is_taken(session, EXPORT.replace("'csv'", "'csv', tenant => 'default'"))
    for tenant, remaining in (("default", 4), ("whoever", 5)):
        query = "SELECT tenant, remaining FROM takeout.quota(%s)"
        assert session.execute(query, [tenant]).fetchall() == [(tenant, remaining)]
        with session.transaction():
            session.execute("SELECT takeout.act_for(%s)", [tenant])
            assert session.execute("SELECT tenant, remaining FROM takeout.quota()").fetchall() == [(tenant, remaining)]
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="member of every tenant"):
        session.execute("SELECT * FROM takeout.quota()")


def attempts(database, role, count, results):
    """As many exports in a session of its own; notes when each that was taken began and ended."""
    with database.connect(user=role) as session:
        for _ in range(count):
            began = time.monotonic()
            if is_taken(session):
                results.append((began, time.monotonic()))


def test_64_clients_get_the_limit_and_no_more(exporter, database):
    role = exporter(100).info.user
    results = []
    with ThreadPoolExecutor(64) as pool:
        for client in [pool.submit(attempts, database, role, 5, results) for _ in range(64)]:
            client.result()
    assert len(results) == 100


@pytest.mark.long
def test_600_rolled_back_exports_in_a_minute(exporter, connection):
    connection.execute("DELETE FROM takeout.limits WHERE role IS NULL")
    session = exporter(DEFAULT)
    began, taken = time.monotonic(), 0
    for _ in range(600):
        session.execute("BEGIN")
        taken += is_taken(session)
        session.execute("ROLLBACK")
    assert time.monotonic() - began < WINDOW
    assert taken == 500


@pytest.mark.long
def test_any_window_has_exactly_the_limit_under_64_clients(exporter, database):
    """They ask on and on for more than three windows: each place is taken again once it is free, never before."""
    limit = 500
    role = exporter(limit).info.user
    results, deadline = [], time.monotonic() + 3 * WINDOW + 10

    def client(number):
        with database.connect(user=role) as session:
            while time.monotonic() < deadline:
                began = time.monotonic()
                if is_taken(session):
                    results.append((began, time.monotonic()))
                else:
                    time.sleep(0.1 + number / 640)

    with ThreadPoolExecutor(64) as pool:
        for done in [pool.submit(client, number) for number in range(64)]:
            done.result()
    began, ended = sorted(b for b, _ in results), sorted(e for _, e in results)
    assert len(results) == 4 * limit
    # The stamp lies between the two. So many apart, the later one began 60 s after the earlier one at the earliest, and
    # ended not long after.
    for i in range(len(results) - limit):
        assert ended[i + limit] - began[i] >= WINDOW
        assert began[i + limit] - ended[i] <= WINDOW + 2


@pytest.fixture
def small_server(tmp_path_factory):
    """A server with room for two logs of 50 requests, and the dataset in it."""
    server = Server.start(tmp_path_factory.mktemp("quota") / "server", "takeout.quota_slots=2",
                          "takeout.quota_max_per_minute=50")
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION pg_takeout; INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
        make_things(connection)
    yield server
    server.stop()


def test_a_full_table_refuses_and_says_so(small_server):
    with small_server.connect() as connection:
        roles = [make_role(connection, 5) for _ in range(3)] + [make_role(connection)]
        began = time.monotonic()
        for role in roles[:2]:
            with small_server.connect(user=role) as session:
                assert is_taken(session)
        with small_server.connect(user=roles[2]) as session:
            with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="takeout.quota_slots \\(2\\)") as refusal:
                session.execute(EXPORT)
            assert left_of_window(began) <= wait_of(refusal.value) <= WINDOW
        with small_server.connect(user=roles[0]) as session:  # has a log
            assert is_taken(session)
        with small_server.connect(user=roles[3]) as session:  # needs none
            assert is_taken(session)


def test_names_that_a_member_of_all_tenants_makes_up_take_one_log(small_server):
    with small_server.connect() as connection:
        connection.execute("""CREATE TABLE owned AS SELECT i AS id, 'tenant ' || i % 3 AS tenant FROM generate_series(1, 9) i;
            ALTER TABLE owned ADD PRIMARY KEY (id);
            SELECT takeout.create_dataset('owned', tenant_column => 'tenant')""")
        named, of_all = make_role(connection, 5), make_role(connection, 5, tenants=["*"])
    export = "SELECT length(takeout.export('owned', tenant => '{}'))"
    with small_server.connect(user=of_all) as session:
        taken = [is_taken(session, export.format(f"made up {i}")) for i in range(8)]
        assert taken == [True] * 5 + [False] * 3
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="tenants without rows"):
            session.execute(export.format("made up 1"))
        # One that has rows has a log of its own, also where this export has none of them.
        assert [is_taken(session, export.format("tenant 1")) for _ in range(3)] == [True] * 3
        assert [is_taken(session, export.format("tenant 1', ids => '{99}")) for _ in range(3)] == [True, True, False]
    # The two logs that there is room for are used up by now.
    with small_server.connect(user=named) as session, \
            pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="takeout.quota_slots"):
        session.execute(EXPORT)


def test_one_tenant_has_one_log_however_it_is_spelled(small_server):
    with small_server.connect() as connection:
        connection.execute("""CREATE TABLE numbered (id int PRIMARY KEY, tenant int);
            INSERT INTO numbered SELECT i, 7 FROM generate_series(1, 3) i;
            SELECT takeout.create_dataset('numbered', tenant_column => 'tenant')""")
        of_all = make_role(connection, 3, tenants=["*"])
    with small_server.connect(user=of_all) as session:
        export = "SELECT length(takeout.export('numbered', tenant => '{}'))"
        assert [is_taken(session, export.format(name)) for name in ("7", "07", " 7", "+7", "007")] == [True] * 3 + [False] * 2


def test_what_fails_while_rows_are_looked_for_is_counted_and_on_record(small_server):
    with small_server.connect() as connection:
        connection.execute("""CREATE TABLE numbered (id int PRIMARY KEY, tenant int);
            SELECT takeout.create_dataset('numbered', tenant_column => 'tenant')""")
        of_all = make_role(connection, 3, tenants=["*"])
        export = "SELECT takeout.export('numbered', tenant => 'no number')"
        with small_server.connect(user=of_all) as session:
            for _ in range(3):
                with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                    session.execute(export)
            with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
                session.execute(export)
        events = connection.execute("SELECT event, sqlstate FROM takeout.audit_log WHERE role = %s ORDER BY seq", [of_all]).fetchall()
    assert events == [("INTENT", None), ("FAILED", "22P02")] * 3 + [("DENIED", "53400")]


@pytest.mark.long
def test_only_empty_logs_are_evicted(small_server):
    with small_server.connect() as connection:
        roles = [make_role(connection, 5) for _ in range(4)]
        sessions = [small_server.connect(user=role) for role in roles]
        assert is_taken(sessions[0]) and is_taken(sessions[1])
        time.sleep(30)
        assert all(is_taken(sessions[0]) for _ in range(4))
        time.sleep(31)
        # The first has four in the window, the second none.
        assert is_taken(sessions[2])
        assert not is_taken(sessions[3])
        assert [is_taken(sessions[0]), is_taken(sessions[0])] == [True, False]
        for session in sessions:
            session.close()


@pytest.mark.parametrize("way", ["restart", "immediate shutdown", "kill -9 of a backend"])
def test_a_restart_takes_nothing_back(small_server, way):
    with small_server.connect() as connection:
        role = make_role(connection, 10)
        connection.execute("CHECKPOINT")  # commits here do not wait for the disk
    began = time.monotonic()
    with small_server.connect(user=role) as session:
        assert all(is_taken(session) for _ in range(4))
        time.sleep(2)
        assert all(is_taken(session) for _ in range(6))
        before = small_server.starts()
        if way == "kill -9 of a backend":
            os.kill(session.info.backend_pid, signal.SIGKILL)
    if way == "restart":
        small_server._script("stop", str(small_server.directory), "--keep")
    elif way == "immediate shutdown":
        running = pathlib.Path(small_server.directory) / "data" / "postmaster.pid"
        os.kill(int(running.read_text().split()[0]), signal.SIGQUIT)
        wait_until(lambda: not running.exists())
    if way != "kill -9 of a backend":
        small_server._script("start", str(small_server.directory))
    wait_until(lambda: small_server.starts() > before)
    with small_server.connect(user=role) as session:
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as refusal:
            session.execute(EXPORT)
        assert left_of_window(began) <= wait_of(refusal.value) <= WINDOW
