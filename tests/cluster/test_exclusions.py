"""Exclusions hold where a session is not alone: in parallel workers, while others exclude, and in a dump."""

import psycopg
import pytest

PREPARE = """
CREATE SCHEMA lab;
CREATE TABLE lab.weights (id int PRIMARY KEY, secret text);
INSERT INTO lab.weights SELECT i, 'canary' FROM generate_series(1, 10) i;
CREATE TABLE lab.score AS SELECT i AS id, 'default'::text AS tenant_id, i % 10 AS weight, md5(i::text) || md5((-i)::text) AS noise
FROM generate_series(1, 60000) i;
ALTER TABLE lab.score ADD PRIMARY KEY (id);
ANALYZE lab.score;
INSERT INTO takeout.exclusions VALUES ('Models', 'Weights', 'Trade secrets');
SELECT takeout.create_dataset('lab.score', 'scores');
"""

# A view's function runs a query of its own, whose workers call a function that reads what is excluded.
IN_WORKERS = """
CREATE FUNCTION lab.peek(id int) RETURNS text STABLE PARALLEL SAFE LANGUAGE plpgsql
AS $$ BEGIN RETURN (SELECT w.secret FROM lab.weights w WHERE w.id = peek.id); END $$;
CREATE FUNCTION lab.best() RETURNS text STABLE LANGUAGE plpgsql
AS $$ BEGIN RETURN (SELECT max(lab.peek(s.weight)) FROM lab.score s); END $$;
CREATE VIEW lab.by_worker AS SELECT 1 AS id, 'default'::text AS tenant_id, lab.best() AS secret;
SELECT takeout.create_dataset('lab.by_worker', key => '{id}');
"""
ONLY_WORKERS = """
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
"""


@pytest.fixture(scope="module")
def lab(database):
    with database.connect() as connection:
        connection.execute(PREPARE)
    return database


@pytest.fixture
def excluded(lab, connection):
    connection.execute("INSERT INTO takeout.excluded_relations VALUES ('lab.weights', 'Models')")
    yield connection
    connection.execute("DELETE FROM takeout.excluded_relations")


def test_parallel_workers_of_a_function_are_refused_too(excluded):
    excluded.execute(IN_WORKERS)
    excluded.execute(ONLY_WORKERS)
    plan = excluded.execute("EXPLAIN (COSTS off) SELECT max(lab.peek(s.weight)) FROM lab.score s").fetchall()
    assert any("Workers Planned" in line for [line] in plan)
    assert excluded.execute("SELECT secret FROM lab.by_worker").fetchone() == ("canary",)
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
        excluded.execute("SELECT takeout.export('by_worker')")
    assert "lab.weights is excluded" in str(refused.value)
    assert "parallel worker" in refused.value.diag.context


def test_what_is_excluded_meanwhile_stops_the_next_export(lab, excluded):
    """Sessions keep nothing of what was allowed before, and a snapshot of before does not help."""
    excluded.execute("DELETE FROM takeout.excluded_relations")
    with lab.connect() as other:
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert other.execute("SELECT length(takeout.export('scores'))").fetchone()[0] > 0
        excluded.execute("INSERT INTO takeout.excluded_relations VALUES ('lab.score', 'Models')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("SELECT takeout.export('scores')")
        other.execute("ROLLBACK")
        excluded.execute("DELETE FROM takeout.excluded_relations")
        assert other.execute("SELECT length(takeout.export('scores'))").fetchone()[0] > 0


def test_a_stream_checks_only_while_it_runs(excluded):
    """Between two chunks the session's own queries are its own affair."""
    with excluded.transaction():
        excluded.execute("DECLARE chunks CURSOR FOR SELECT length(takeout.export_stream('scores', 'csv'))")
        chunks = 0
        while excluded.execute("FETCH chunks").fetchone():
            chunks += 1
            assert excluded.execute("SELECT secret FROM lab.weights LIMIT 1").fetchone() == ("canary",)
            assert excluded.execute("SHOW takeout.exporting").fetchone() == ("off",)
        assert chunks > 1


def test_the_checks_end_with_an_export_that_fails(excluded):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        excluded.execute("INSERT INTO takeout.excluded_relations VALUES ('lab.score', 'Models');"
                         "SELECT takeout.export('scores')")
    assert excluded.execute("SELECT count(*) FROM lab.score").fetchone() == (60000,)
    excluded.execute("""DO $$ BEGIN
        INSERT INTO takeout.limits (dataset, max_rows) VALUES ('scores', 5);
        PERFORM takeout.export('scores');
        EXCEPTION WHEN program_limit_exceeded THEN PERFORM count(*) FROM lab.weights; END $$""")
