"""Datasets big enough to be cut in their middle, and one session for a module's tests."""

import pytest


@pytest.fixture(scope="module")
def connection(database):
    with database.connect(prepare_threshold=None) as connection:
        yield connection


@pytest.fixture(scope="module")
def rows(connection):
    """Dataset `rows`: some 6 MB as CSV, which hardly compress, so that every format has several chunks."""
    connection.execute("""CREATE TABLE rows AS SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 second' AS created_at,
        md5(i::text) || md5((-i)::text) || md5((i * 7)::text) AS noise FROM generate_series(1, 50000) i""")
    connection.execute("ALTER TABLE rows ADD PRIMARY KEY (id); CREATE INDEX ON rows (created_at, id); ANALYZE rows")
    connection.execute("SELECT takeout.create_dataset('rows', tenant => 'default')")
    return "rows"
