"""Schedules while the server's clock goes through both changes of daylight saving, and jumps: exactly the designed runs."""

import datetime
import os
import pathlib
import subprocess
import tempfile

import pytest

from runner import TAKEOUT
from throwaway_server import TOP, Server

LIBRARY = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def clock():
    """A server of its own whose clock the tests set: clock(time), and a connection to it."""
    assert LIBRARY, "libfaketime is not installed"
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        file = pathlib.Path(directory) / "clock"

        def set_to(time):
            new = file.with_suffix(".new")
            new.write_text(time.astimezone(UTC).strftime("@%Y-%m-%d %H:%M:%S\n"))
            new.chmod(0o644)
            new.rename(file)

        set_to(datetime.datetime(2026, 3, 28, tzinfo=UTC))
        changed = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                   "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        place = str(pathlib.Path(directory) / "server")
        subprocess.run([str(TOP / "tests" / "server"), "start", place], check=True, env={**os.environ, **changed})
        server = Server(place)
        try:
            with server.connect() as connection:
                connection.execute("CREATE EXTENSION pg_takeout")
                connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
                connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
                connection.execute("SELECT takeout.create_dataset('t', tenant => 'default')")
            yield server, set_to
        finally:
            server.stop()


class Clockwork:
    """Schedules on that server, run at times that are chosen; a run is told by when it was due."""

    def __init__(self, server, set_to, directory):
        self.server, self.set_to = server, set_to
        self.configuration = directory / "takeout.toml"
        self.configuration.write_text(f'[destination.reports]\ndirectory = "{directory}"\n')

    def at(self, time, runners=None):
        """runners: how far the runner's own clock is from the server's."""
        self.set_to(time)
        environ = self.server.environment()
        if runners:
            environ.update(LD_PRELOAD=str(LIBRARY), FAKETIME=(time + runners).strftime("@%Y-%m-%d %H:%M:%S"), FAKETIME_DONT_FAKE_MONOTONIC="1")
        done = subprocess.run([TAKEOUT, "run", "--once", "-c", self.configuration], env=environ, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def schedule(self, time, cron, **arguments):
        """Made at that time, which is the beginning of the test."""
        self.set_to(time)
        arguments = {"name": cron, "cron": cron, "dataset": "t", "format": "csv", "destination": "reports", "zone": "Europe/Helsinki",
                     "file_name": "{due}.csv", **arguments}
        with self.server.connect() as connection:
            connection.execute("SELECT takeout.schedule(" + ", ".join(f"{name} => %({name})s" for name in arguments) + ")", arguments)

    def due(self, cron):
        with self.server.connect() as connection:
            return [due.astimezone(UTC).strftime("%d %H:%M") for [due] in connection.execute(
                "SELECT due FROM takeout.runs WHERE name = %s AND state = 'succeeded' ORDER BY due", [cron])]


@pytest.fixture
def clockwork(clock, tmp_path):
    server, set_to = clock
    with server.connect() as connection:
        connection.execute("DELETE FROM takeout.schedules; DELETE FROM takeout.runs")
    return Clockwork(server, set_to, tmp_path)


def utc(*fields):
    return datetime.datetime(*fields, tzinfo=UTC)


def every(minutes, begin, end):
    return [begin + datetime.timedelta(minutes=n) for n in range(0, int((end - begin).total_seconds() / 60) + 1, minutes)]


def test_clocks_going_forward_skip_no_run(clockwork):
    begin, end = utc(2026, 3, 28, 22, 5), utc(2026, 3, 29, 3, 25)
    for cron in ("0 * * * *", "30 3 * * *", "*/30 3-4 * * *"):
        clockwork.schedule(begin, cron)
    for time in every(20, begin, end):
        clockwork.at(time)
    assert clockwork.due("0 * * * *") == ["28 23:00", "29 00:00", "29 01:00", "29 02:00", "29 03:00"]
    assert clockwork.due("30 3 * * *") == ["29 01:00"]
    assert clockwork.due("*/30 3-4 * * *") == ["29 01:00", "29 01:30"]


def test_clocks_going_back_repeat_no_run(clockwork):
    begin, end = utc(2026, 10, 24, 22, 5), utc(2026, 10, 25, 3, 25)
    for cron in ("0 * * * *", "30 3 * * *", "*/30 3-4 * * *"):
        clockwork.schedule(begin, cron)
    for time in every(20, begin, end):
        clockwork.at(time)
    assert clockwork.due("0 * * * *") == ["24 23:00", "25 00:00", "25 02:00", "25 03:00"]
    assert clockwork.due("30 3 * * *") == ["25 00:30"]
    assert clockwork.due("*/30 3-4 * * *") == ["25 00:00", "25 00:30", "25 02:00", "25 02:30"]


def test_a_clock_that_jumps_makes_no_run_twice_and_misses_none(clockwork):
    clockwork.schedule(utc(2026, 6, 1, 0, 5), "0 * * * *", catch_up="all")
    for time in (utc(2026, 6, 1, 2, 1), utc(2026, 6, 1, 0, 30), utc(2026, 6, 1, 2, 30), utc(2026, 6, 1, 1, 10), utc(2026, 6, 1, 6, 0)):
        clockwork.at(time)
    assert clockwork.due("0 * * * *") == [f"01 {hour:02}:00" for hour in range(1, 7)]


def test_the_runners_own_clock_does_not_matter(clockwork):
    clockwork.schedule(utc(2026, 6, 1, 0, 5), "0 * * * *", catch_up="all")
    for time, days in ((utc(2026, 6, 1, 0, 50), 400), (utc(2026, 6, 1, 1, 10), -400), (utc(2026, 6, 1, 3, 10), 1)):
        clockwork.at(time, runners=datetime.timedelta(days=days))
    assert clockwork.due("0 * * * *") == ["01 01:00", "01 02:00", "01 03:00"]
