"""A server that tests/server starts, and a database of it, as the Python tests use them."""

import os
import pathlib
import shlex
import subprocess
import time

import psycopg

TOP = pathlib.Path(__file__).resolve().parent.parent


def wait_until(condition, seconds=60):
    """What it gives once that is true. Tests wait for what happens, not for a time that some machine takes for it."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result


def processor_time(pid):
    """Seconds that the process has computed: on a busy machine the clock tells of others."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


class Server:
    """A running server that tests/server started: listens on a socket and, for other drivers, on TCP."""

    def __init__(self, directory):
        self.directory = directory
        self.variables = {}
        for assignment in shlex.split(self._script("env", str(directory)))[1:]:
            name, value = assignment.split("=", 1)
            self.variables[name] = value
        self.socket_directory = self.variables["PGHOST"]
        self.host = "127.0.0.1"
        self.port = int(self.variables["PGPORT"])
        self.user = self.variables["PGUSER"]
        self.password = self.variables["PGPASSWORD"]
        self.dbname = self.variables["PGDATABASE"]

    @staticmethod
    def _script(*arguments):
        return subprocess.run(
            [str(TOP / "tests" / "server"), *arguments], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    @classmethod
    def start(cls, directory, *settings):
        """settings: lines of postgresql.conf as key=value. ENCODING and LOCALE are taken from the environment."""
        cls._script("start", str(directory), "--tcp", *settings)
        return cls(directory)

    def stop(self):
        self._script("stop", str(self.directory))

    def log(self):
        return (pathlib.Path(self.directory) / "data" / "server.log").read_text(errors="replace")

    def starts(self):
        """How often it has begun to take connections: once more after a crash."""
        return self.log().count("database system is ready to accept connections")

    def reload(self):
        """Has it read its configuration anew; sessions that begin from now on go by that."""
        with self.connect() as connection:
            [told] = connection.execute("SELECT clock_timestamp()").fetchone()
            connection.execute("SELECT pg_reload_conf()")

        def has_read():
            with self.connect() as connection:
                return connection.execute("SELECT pg_conf_load_time() > %s", [told]).fetchone()[0]
        wait_until(has_read)

    def environment(self, dbname=None):
        """What libpq and psql need to connect."""
        return {**os.environ, **self.variables, "PGDATABASE": dbname or self.dbname}

    def connect(self, **parameters):
        """An autocommit psycopg connection over the socket; the parameters are libpq's and psycopg's."""
        return psycopg.connect(
            **{
                "host": self.socket_directory,
                "port": self.port,
                "user": self.user,
                "password": self.password,
                "dbname": self.dbname,
                "autocommit": True,
                **parameters,
            }
        )

    def psql(self, *arguments, dbname=None, **parameters):
        """Runs psql without psqlrc, stopping at the first error; the rest is subprocess.run's."""
        return subprocess.run(
            ["psql", "-X", "-v", "ON_ERROR_STOP=1", *arguments],
            env=self.environment(dbname),
            **{"check": True, "capture_output": True, **parameters},
        )


class Database:
    """One database of the server, with the extension in it: connect() and psql() go there."""

    def __init__(self, server, dbname):
        self.server = server
        self.dbname = dbname
        self.host, self.port, self.user, self.password = server.host, server.port, server.user, server.password

    def connect(self, **parameters):
        return self.server.connect(**{"dbname": self.dbname, **parameters})

    def psql(self, *arguments, **parameters):
        return self.server.psql(*arguments, dbname=self.dbname, **parameters)

    def environment(self):
        return self.server.environment(self.dbname)
