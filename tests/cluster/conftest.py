"""Datasets big enough to be cut in their middle, and one session for a module's tests."""

import pytest

from runner import end_started
from throwaway_server import wait_until


@pytest.fixture(autouse=True)
def nothing_goes_on():
    yield
    end_started()


@pytest.fixture(scope="module")
def connection(database):
    with database.connect(prepare_threshold=None) as connection:
        yield connection


@pytest.fixture
def last_recorded(connection):
    """The number of the record's last line, once sessions before have written theirs."""
    wait_until(lambda: connection.execute("""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND application_name <> 'gate' AND pid <> pg_backend_pid()""").fetchone() == (0,))
    return connection.execute("SELECT coalesce(max(seq), 0) FROM takeout.audit_log").fetchone()[0]


@pytest.fixture(scope="module")
def rows(connection):
    """Dataset `rows`: some 6 MB as CSV, which hardly compress, so that every format has several chunks."""
    connection.execute("""CREATE TABLE rows AS SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 second' AS created_at,
        md5(i::text) || md5((-i)::text) || md5((i * 7)::text) AS noise FROM generate_series(1, 50000) i""")
    connection.execute("ALTER TABLE rows ADD PRIMARY KEY (id); CREATE INDEX ON rows (created_at, id); ANALYZE rows")
    connection.execute("SELECT takeout.create_dataset('rows', tenant => 'default')")
    return "rows"


@pytest.fixture(scope="module")
def gated(connection, rows):
    """Dataset whose export waits at the gate in its middle, and whose every part of two does."""
    # Stable, or the view would be sorted as a whole.
    connection.execute("""CREATE FUNCTION pass_gate() RETURNS text LANGUAGE plpgsql STABLE AS
                          $$ BEGIN PERFORM pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1); RETURN ''; END $$""")
    connection.execute("CREATE VIEW gated AS SELECT id, noise, CASE WHEN id IN (20000, 40000) THEN pass_gate() END AS gate FROM rows")
    connection.execute("SELECT takeout.create_dataset('gated', key => '{id}', tenant => 'default')")
    return "gated"


class Gate:
    """Where exports of a dataset wait until it is opened."""

    def __init__(self, session, dataset):
        self.session, self.dataset = session, dataset
        session.execute("SELECT pg_advisory_lock(1)")

    def open(self):
        self.session.execute("SELECT pg_advisory_unlock_all()")

    def waiting(self):
        """How many are there."""
        return self.session.execute("""SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""").fetchone()[0]

    def reached(self, count=1):
        """Returns once so many are there."""
        wait_until(lambda: self.waiting() == count)


@pytest.fixture
def gate(database, gated):
    """A gate that is shut."""
    with database.connect(application_name="gate") as session:
        yield Gate(session, gated)
