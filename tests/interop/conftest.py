"""One session for a module's tests, and what they all do: make a file by a query."""

import pytest

pytest.register_assert_rewrite("expectation", "readers")


@pytest.fixture(scope="module")
def connection(database):
    with database.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def export(connection):
    """The bytes that a query gives; its arguments are PostgreSQL's to read."""
    connection.execute("SET takeout.max_result_bytes = '500MB'")

    def run(query, *arguments):
        data = connection.execute(query, arguments or None, binary=True).fetchone()[0]
        assert data is not None, "an export is never NULL"
        return bytes(data)
    return run
