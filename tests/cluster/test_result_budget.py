"""Results under construction share takeout.total_result_bytes, whatever becomes of them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from backend import anonymous_memory
from throwaway_server import Server, wait_until

MEGABYTE = 1024 * 1024
BUDGET = 32 * MEGABYTE
ROWS = 12 * 1024  # of a kilobyte: two of these files fit, a third does not
EXPORT = "SELECT length(takeout.export('{}', 'csv', ordered => false))"


def start_server(directory, budget, rows):
    """A server with such a budget; the last row of dataset `held` waits for whoever holds advisory lock 1."""
    server = Server.start(directory / "server", f"takeout.total_result_bytes={budget}")
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION pg_takeout; INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
        connection.execute("INSERT INTO takeout.limits (requests_per_minute) VALUES (NULL)")
        connection.execute(f"""
            CREATE FUNCTION wait() RETURNS text LANGUAGE plpgsql AS $$
              BEGIN PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1);
              IF current_setting('test.fails', true) = 'on' THEN RAISE division_by_zero; END IF;
              RETURN ''; END $$;
            CREATE VIEW plain AS SELECT i AS id, repeat('x', 1020) AS filling FROM generate_series(1, {rows}) i;
            CREATE VIEW held AS SELECT *, CASE id WHEN {rows} THEN wait() END AS waits FROM plain;
            SELECT takeout.create_dataset(v, key => '{{id}}', tenant => 'default') FROM unnest('{{plain,held}}'::regclass[]) v""")
    return server


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    server = start_server(tmp_path_factory.mktemp("budget"), BUDGET, ROWS)
    yield server
    server.stop()


class Held:
    """Sessions with a query of each under construction, until they are let go."""

    def __init__(self, database):
        self.database = database
        self.lock = database.connect()
        self.lock.execute("SELECT pg_advisory_lock(1), pg_advisory_lock(2)")
        self.threads, self.errors = {}, {}  # by session

    def start(self, query=EXPORT.format("held"), *preparations):
        session = self.database.connect()
        for statement in preparations:
            session.execute(statement)
        thread = self.threads[session] = threading.Thread(target=self._run, args=(session, query))
        thread.start()
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = %s"
        wait_until(lambda: self.lock.execute(waits, [session.info.backend_pid]).fetchone() == (1,) or not thread.is_alive())
        assert thread.is_alive(), self.errors
        return session

    def _run(self, session, query):
        try:
            session.execute(query)
        except psycopg.Error as error:
            self.errors[session] = error

    def let_go(self):
        self.lock.execute("SELECT pg_advisory_unlock_all()")
        self.join()

    def join(self, *sessions):
        for session in sessions or self.threads:
            self.threads[session].join(30)
            assert not self.threads[session].is_alive()

    def forget(self):
        for session in self.threads:
            session.close()
        self.threads, self.errors = {}, {}

    def close(self):
        self.let_go()
        self.forget()
        self.lock.close()


@pytest.fixture
def held(database):
    held = Held(database)
    yield held
    held.close()


@pytest.fixture
def other(database):
    with database.connect() as connection:
        yield connection


def has_room(session, query=EXPORT.format("plain")):
    try:
        session.execute(query)
        return True
    except psycopg.errors.OutOfMemory:
        return False


@pytest.mark.parametrize("query", [
    EXPORT.format("plain"), "SELECT length(takeout.export('plain', 'json'))", "SELECT length(takeout.csv_file(p)) FROM plain p",
    f"SELECT data FROM takeout.export_page('plain', 'csv', page_rows => {ROWS})"])
def test_what_does_not_fit_is_refused_and_shown_the_stream(held, other, query):
    held.start()
    assert has_room(other, query)
    held.start()
    with pytest.raises(psycopg.errors.OutOfMemory) as refusal:
        other.execute(query)
    diag = refusal.value.diag
    assert diag.sqlstate == "53200"
    assert "takeout.total_result_bytes" in diag.message_primary
    assert f"of {BUDGET}" in diag.message_detail
    assert "takeout.export_stream()" in diag.message_hint
    # The stream needs none of it, nor does a small result.
    stream = "SELECT sum(length(chunk)) FROM (SELECT takeout.export_stream('plain', 'csv') AS chunk) s"
    assert other.execute(stream).fetchone()[0] > 12 * MEGABYTE
    assert has_room(other, "SELECT takeout.export('plain', 'csv', ids => '{1}')")
    held.let_go()
    assert not held.errors
    assert has_room(other, query)


def test_a_results_share_grows_with_it_and_is_its_size(held, other):
    """Two leave 8 MB, but for what each takes ahead."""
    held.start()
    held.start()
    fits = "SELECT takeout.csv_file(p) FROM plain p WHERE id <= {}"
    assert has_room(other, fits.format(4 * 1024))
    assert not has_room(other, fits.format(9 * 1024))


def cancel(held, session):
    held.lock.execute("SELECT pg_cancel_backend(%s)", [session.info.backend_pid])
    held.join(session)


def terminate(held, session):
    held.lock.execute("SELECT pg_terminate_backend(%s, 10000)", [session.info.backend_pid])
    held.join(session)


def cancel_and_roll_back_to_savepoint(held, session):
    cancel(held, session)
    session.execute("ROLLBACK TO s")


CAUGHT = """DO $$ BEGIN
  BEGIN PERFORM takeout.export('held', 'csv', ordered => false);
  EXCEPTION WHEN query_canceled THEN NULL; END;
  PERFORM pg_advisory_lock_shared(2);
END $$"""

ENDS = {
    "cancel": (cancel, EXPORT.format("held"), []),
    "terminate": (terminate, EXPORT.format("held"), []),
    "savepoint": (cancel_and_roll_back_to_savepoint, EXPORT.format("held"), ["BEGIN", "SAVEPOINT s"]),
    "aggregate cancelled": (cancel, "SELECT takeout.csv_file(h) FROM held h", []),
    "aggregate terminated in a block": (terminate, "SELECT takeout.csv_file(h) FROM held h", ["BEGIN"]),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_early_gives_its_share_back(held, other, end):
    finish, query, preparations = ENDS[end]
    for _ in range(3):
        for _ in range(2):
            held.start(query, *preparations)
        assert not has_room(other)
        for session in held.threads:
            finish(held, session)
        assert len(held.errors) == 2
        assert has_room(other)
        held.forget()


def test_an_error_gives_its_share_back(held, other):
    for _ in range(2):
        held.start(EXPORT.format("held"), "SET test.fails = on", "BEGIN")
    assert not has_room(other)
    held.let_go()
    assert [error.sqlstate for error in held.errors.values()] == ["22012"] * 2
    assert has_room(other)


def test_a_block_that_catches_the_error_gives_its_share_back(held, other):
    for _ in range(2):
        session = held.start(CAUGHT)
        held.lock.execute("SELECT pg_cancel_backend(%s)", [session.info.backend_pid])
    wait_until(lambda: has_room(other))
    assert all(thread.is_alive() for thread in held.threads.values())
    held.let_go()


def test_a_refused_result_takes_nothing(held, other):
    held.start()
    held.start()
    for _ in range(20):
        assert not has_room(other)
    for session in held.threads:
        cancel(held, session)
    assert has_room(other)


LARGE_BUDGET = 256 * MEGABYTE


@pytest.fixture
def large_server(tmp_path_factory):
    server = start_server(tmp_path_factory.mktemp("largest"), LARGE_BUDGET, 60 * 1024)
    yield server
    server.stop()


@pytest.mark.long
def test_16_of_the_largest_exports_at_once_stay_within_the_budget(large_server):
    """As the operating system counts: what all backends have above idle ones. Each file has 60 MB, the cap is 64."""
    clients, rounds = 16, 3
    sessions = [large_server.connect() for _ in range(clients)]
    for session in sessions:
        has_room(session, "SELECT takeout.export('plain', 'csv', ids => '{1}')")

    def memory():
        return sum(anonymous_memory(session.info.backend_pid) for session in sessions)

    idle, most = memory(), 0
    with ThreadPoolExecutor(clients) as pool:
        results = [pool.submit(lambda s: [has_room(s) for _ in range(rounds)], session) for session in sessions]
        while not all(result.done() for result in results):
            most = max(most, memory() - idle)
            time.sleep(0.005)
    outcomes = [outcome for result in results for outcome in result.result()]
    for session in sessions:
        session.close()
    assert outcomes.count(True) >= 4 and False in outcomes
    # What an executor holds, and huge pages that are not full, come on top for each.
    assert LARGE_BUDGET / 2 < most <= LARGE_BUDGET + clients * 12 * MEGABYTE, most // MEGABYTE
