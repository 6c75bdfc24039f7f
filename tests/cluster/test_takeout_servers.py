"""takeout run for several servers: each has a process of its own, and none suffers from another."""

import os
import pathlib
import signal

import pytest

from runner import takeout
from throwaway_server import wait_until
from workplace import workplace  # fixture


@pytest.fixture
def servers(workplace):
    """Two that are there and one that is not."""
    dbname = workplace.database.dbname
    workplace.configure(f"""
        poll = 1
        [server.first]
        connection = "dbname={dbname} application_name=first"
        [server.gone]
        connection = "dbname={dbname} port=1 application_name=gone"
        [server.second]
        connection = "dbname={dbname} application_name=second"
        [destination.reports]
        directory = "{workplace.files}"
        """)
    return workplace


def connected(workplace):
    return workplace.connection.execute("""SELECT coalesce(array_agg(application_name ORDER BY application_name), '{}') FROM pg_stat_activity
        WHERE application_name IN ('first', 'second', 'gone')""").fetchone()[0]


def children_of(process):
    return [int(word) for word in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_all_are_served_and_end_together(servers):
    running = servers.start()
    try:
        wait_until(lambda: connected(servers) == ["first", "second"])
        servers.schedule(columns=["id"])
        servers.due_now()
        wait_until(lambda: servers.runs() == [("nightly", "succeeded")])
        assert servers.runs("token") == [(1,)]
        running.terminate()
        assert running.wait(10) == 0
        wait_until(lambda: connected(servers) == [])
    finally:
        running.kill()


def test_none_outlives_the_first_process(servers):
    running = servers.start()
    wait_until(lambda: connected(servers) == ["first", "second"])
    running.kill()
    running.wait()
    wait_until(lambda: connected(servers) == [])


@pytest.mark.long
def test_one_that_ends_is_started_again(servers):
    running = servers.start()
    try:
        wait_until(lambda: connected(servers) == ["first", "second"])
        killed = children_of(running)
        for child in killed:
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: len(set(children_of(running)) - set(killed)) == 3 and connected(servers) == ["first", "second"])
    finally:
        running.terminate()
        assert running.wait(10) == 0


def test_once_does_what_is_due_everywhere_and_says_if_any_failed(servers):
    servers.schedule(columns=["id"])
    servers.due_now()
    done = servers.once()
    assert done.returncode == 3 and b"port" in done.stderr.lower() and servers.runs() == [("nightly", "succeeded")]


def test_one_of_them_by_name(servers):
    servers.schedule(columns=["id"])
    servers.due_now()
    assert takeout(servers.database, "run", "--once", "--server", "second", "-c", servers.configuration).returncode == 0
    assert servers.runs() == [("nightly", "succeeded")]
    done = takeout(servers.database, "run", "--once", "--server", "third", "-c", servers.configuration)
    assert done.returncode == 2 and b"first, gone, second" in done.stderr
