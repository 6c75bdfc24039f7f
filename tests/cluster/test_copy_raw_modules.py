"""COPY … TO STDOUT (FORMAT raw) beside other modules that hook into commands, and where the library comes late or not at all."""

import os
import pwd
import subprocess

import pytest
from psycopg import errors
from throwaway_server import Server

RAW = "TO STDOUT (FORMAT raw)"


def copied(connection, query):
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) {RAW}") as copy:
        return b"".join(copy)


@pytest.mark.parametrize("order", ["pg_takeout, pg_stat_statements, auto_explain", "pg_stat_statements, pg_takeout"])
def test_beside_other_modules_that_hook_into_commands(tmp_path_factory, order):
    server = Server.start(
        tmp_path_factory.mktemp("preloaded") / "server",
        f"shared_preload_libraries={order}",
        "compute_query_id=on",
        "pg_stat_statements.track=all",
        *(["auto_explain.log_min_duration=0", "auto_explain.log_analyze=on"] if "auto_explain" in order else []),
    )
    try:
        with server.connect() as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            assert copied(connection, "SELECT 'a' || n FROM generate_series(1, 3) n") == b"a1a2a3"
            with pytest.raises(errors.FeatureNotSupported):
                copied(connection, "SELECT 1")
            with connection.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
                assert b"".join(copy) == b"1\n"
            statements = dict(connection.execute("SELECT query, rows FROM pg_stat_statements").fetchall())
            seen = {query: rows for query, rows in statements.items() if "generate_series" in query}
            assert seen and set(seen.values()) == {3}, statements
            if order.startswith("pg_takeout"):
                assert any(query.startswith("COPY") for query in seen), statements
            if "auto_explain" in order:
                assert "Function Scan on generate_series" in server.log()
    finally:
        server.stop()


def test_a_session_that_loads_the_library_later_has_it_too(tmp_path_factory):
    server = Server.start(tmp_path_factory.mktemp("loaded") / "server", "shared_preload_libraries=")
    try:
        with server.connect() as connection:
            with pytest.raises(errors.InvalidParameterValue):
                copied(connection, "SELECT 'a'")
            connection.execute("LOAD 'pg_takeout'")
            assert copied(connection, "SELECT 'a'") == b"a"
        with server.connect(options="-c session_preload_libraries=pg_takeout") as connection:
            assert copied(connection, "SELECT 'a'") == b"a"
    finally:
        server.stop()


def test_a_server_in_single_user_mode_refuses(tmp_path_factory):
    """There is no client to send messages to."""
    server = Server.start(tmp_path_factory.mktemp("single") / "server")
    try:
        with server.connect() as connection:
            data = connection.execute("SHOW data_directory").fetchone()[0]
            programs = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()[0]
        server._script("stop", str(server.directory), "--keep")
        command = [f"{programs}/postgres", "--single", "-D", data, "postgres"]
        if os.getuid() == 0:
            owner = pwd.getpwuid(os.stat(data).st_uid).pw_name
            command = ["runuser", "-u", owner, "--", *command]
        done = subprocess.run(command, input=f"COPY (SELECT 'a') {RAW}\n", capture_output=True, text=True, cwd="/")
        assert "can only write to a client over a connection" in done.stderr
    finally:
        server.stop()
