"""A server that is restarted under a runner: the runner comes back, and the run is made."""

import os
import pathlib
import random
import subprocess
import tempfile
import time

import pytest

from runner import TAKEOUT
from throwaway_server import TOP, Server, wait_until


class Restarted:
    """A server of its own, and a configuration with one destination."""

    def __init__(self, directory):
        self.place = str(pathlib.Path(directory) / "server")
        self.files = pathlib.Path(directory) / "files"
        self.files.mkdir()
        self.configuration = pathlib.Path(directory) / "takeout.toml"
        self.configuration.write_text(f'lease = 5\n[destination.reports]\ndirectory = "{self.files}"\n')
        self.script("start", self.place)
        self.server = Server(self.place)

    @staticmethod
    def script(*arguments):
        subprocess.run([str(TOP / "tests" / "server"), *arguments], check=True, capture_output=True)

    def restart(self):
        self.script("stop", self.place, "--keep")
        time.sleep(random.uniform(0, 1))
        self.script("start", self.place)

    def state(self):
        with self.server.connect() as connection:
            return [state for [state] in connection.execute("SELECT state FROM takeout.runs ORDER BY due")]


@pytest.fixture(scope="module")
def restarted():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        restarted = Restarted(directory)
        try:
            with restarted.server.connect() as connection:
                connection.execute("CREATE EXTENSION pg_takeout")
                connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
                connection.execute("""CREATE FUNCTION slowly(i int) RETURNS text LANGUAGE plpgsql AS
                                      $$ BEGIN PERFORM pg_sleep(0.002); RETURN repeat(md5(i::text), 100); END $$""")
                connection.execute("CREATE VIEW slow AS SELECT i AS id, slowly(i) AS noise FROM generate_series(1, 1000) i")
                connection.execute("SELECT takeout.create_dataset('slow', key => '{id}', tenant => 'default')")
            yield restarted
        finally:
            restarted.server.stop()


@pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.long)])
def test_a_server_is_restarted_under_a_runner(restarted, times):
    with restarted.server.connect() as connection:
        connection.execute("DELETE FROM takeout.runs; DELETE FROM takeout.schedules")
        connection.execute("SELECT takeout.schedule('s', '0 2 * * *', 'slow', 'csv', 'reports', file_name => 's.csv', "
                           "retry_delay => '1 second', max_attempts => 1000)")
    runner = subprocess.Popen([TAKEOUT, "run", "-c", restarted.configuration], env=restarted.server.environment(), stderr=subprocess.DEVNULL)
    try:
        for _ in range(times):
            with restarted.server.connect() as connection:
                connection.execute("DELETE FROM takeout.runs")
                connection.execute("UPDATE takeout.schedules SET next_due = date_trunc('minute', now()), cron = to_char(now() AT TIME ZONE 'UTC', 'MI HH24 * * *')")
                connection.execute("NOTIFY takeout")
            wait_until(lambda: restarted.state() == ["running"])
            time.sleep(random.uniform(0, 2))
            restarted.restart()
            wait_until(lambda: restarted.state() == ["succeeded"], 30)
            assert (restarted.files / "s.csv").read_bytes().count(b"\n") == 1001
    finally:
        runner.terminate()
        assert runner.wait(10) == 0
    assert os.listdir(restarted.files) == ["s.csv"]
