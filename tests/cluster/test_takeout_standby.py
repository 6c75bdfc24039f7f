"""Schedules on the primary, exports from the standby: what the run is to have is waited for."""

import time

import pytest

from runner import environment, takeout
from test_standby import standby  # fixture
from throwaway_server import wait_until
from workplace import workplace  # fixture


@pytest.fixture
def reading_standby(workplace, standby, database):
    workplace.configure(f"""
        [server.main]
        connection = "dbname={database.dbname}"
        read_from = "host={standby.directory} port={standby.port} dbname={database.dbname}"
        [destination.reports]
        directory = "{workplace.files}"
        """)
    return workplace


def test_a_standby_that_lags_is_waited_for(reading_standby, standby, database, connection, server):
    with standby.connect(user=server.user, dbname="postgres") as replica:
        replica.execute("SELECT pg_wal_replay_pause()")
        wait_until(lambda: replica.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
        connection.execute("CREATE TABLE late AS SELECT 1 AS id; ALTER TABLE late ADD PRIMARY KEY (id)")
        connection.execute("SELECT takeout.create_dataset('late', tenant => 'default')")
        reading_standby.schedule(dataset="late", file_name="late.csv")
        reading_standby.due_now()
        running = reading_standby.start()
        try:
            wait_until(lambda: reading_standby.runs() == [("nightly", "running")])
            time.sleep(1)
            assert reading_standby.runs() == [("nightly", "running")]
            replica.execute("SELECT pg_wal_replay_resume()")
            wait_until(lambda: reading_standby.runs() == [("nightly", "succeeded")])
        finally:
            replica.execute("SELECT pg_wal_replay_resume()")
            running.terminate()
            assert running.wait(10) == 0
    assert (reading_standby.files / "late.csv").read_bytes() == b"id\r\n1\r\n"


def test_several_jobs_read_from_a_standby(server, standby, database, connection, rows):
    address = environment(database, PGHOST=str(standby.directory), PGPORT=str(standby.port))
    wait_until(lambda: takeout(database, "export", rows, environ=address).returncode == 0)
    one, several = (takeout(database, "export", rows, "--jobs", jobs, environ=address) for jobs in (1, 3))
    assert several.returncode == 0, several.stderr
    assert several.stdout == one.stdout and len(one.stdout) > 6_000_000
