"""A server of its own for the Python tests, and a fresh database for each module."""

import itertools
import pathlib
import tempfile

import pytest

from throwaway_server import Database, Server

TEMPLATE = "takeout_template"


@pytest.fixture(scope="session")
def server():
    with tempfile.TemporaryDirectory(prefix="takeout") as directory:
        server = Server.start(pathlib.Path(directory) / "server", "max_prepared_transactions=20")
        try:
            with server.connect() as connection:
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
            with server.connect(dbname=TEMPLATE) as connection:
                connection.execute("CREATE EXTENSION pg_takeout")
                connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
                # Tests have more exports a minute than people.
                connection.execute("INSERT INTO takeout.limits (requests_per_minute) VALUES (NULL)")
            yield server
            log = server.log()
        finally:
            server.stop()
    # A backend that died fails the run even if no test noticed.
    fatal = [line for line in log.splitlines() if "PANIC:" in line or "was terminated by signal" in line]
    assert not fatal, "\n".join(fatal)


_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def database(server):
    dbname = f"takeout_{next(_numbers)}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {dbname} TEMPLATE {TEMPLATE}")
    yield Database(server, dbname)
    with server.connect() as connection:
        connection.execute(f"DROP DATABASE {dbname} WITH (FORCE)")


@pytest.fixture
def connection(database):
    with database.connect() as connection:
        yield connection
