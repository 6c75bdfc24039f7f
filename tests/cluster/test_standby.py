"""Exports on a standby that is replaying: the same files as on the primary, and no trace of an attempt to write."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import psycopg
import pytest

from governed import is_taken, make_role
from throwaway_server import wait_until


class Standby:
    """A copy of the server that follows it, listening on a socket of its own."""

    def __init__(self, primary, directory):
        self.directory = directory
        self.bin = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True, capture_output=True,
                                  text=True).stdout.strip()
        self.owner = None
        if os.geteuid() == 0:  # PostgreSQL refuses root: the primary's user runs this one too
            self.owner = pwd.getpwuid((pathlib.Path(primary.directory) / "data" / "PG_VERSION").stat().st_uid).pw_name
            shutil.chown(directory, self.owner)
        self._run("pg_basebackup", "-D", f"{directory}/data", "-R", "-X", "stream", "--checkpoint=fast",
                  "-h", primary.socket_directory, "-p", str(primary.port), "-U", primary.user)
        self._run("pg_ctl", "-D", f"{directory}/data", "-l", f"{directory}/log", "-w", "-o",
                  f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c hot_standby_feedback=on", "start")
        self.port = primary.port

    def _run(self, program, *arguments):
        command = [f"{self.bin}/{program}", *arguments]
        if self.owner:
            command = ["runuser", "-u", self.owner, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def connect(self, **parameters):
        return psycopg.connect(host=self.directory, port=self.port, autocommit=True, **parameters)

    def stop(self):
        self._run("pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="module")
def standby(server):
    # A short path: a socket's name has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        standby = Standby(server, directory)
        yield standby
        standby.stop()


@pytest.fixture
def replica(server, database, connection, rows, standby):
    """A session on the standby, once that has replayed all that the primary wrote."""
    connection.execute("CHECKPOINT")  # commits here do not wait for the disk
    written = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
    with standby.connect(user=server.user, dbname="postgres") as probe:
        wait_until(lambda: probe.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]).fetchone()[0])
    with standby.connect(user=server.user, dbname=database.dbname) as replica:
        assert replica.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        yield replica


@pytest.mark.parametrize("format", ["csv", "json", "jsonl"])
def test_a_standby_gives_the_primarys_files(connection, replica, format):
    for query in (f"SELECT takeout.export('rows', '{format}', ids => '{{1,2,50000}}')",
                  f"SELECT takeout.{format}_file(r ORDER BY id) FROM rows r WHERE id % 1000 = 0"):
        assert replica.execute(query).fetchone() == connection.execute(query).fetchone()
    stream = f"SELECT takeout.export_stream('rows', '{format}')"
    assert replica.execute(stream).fetchall() == connection.execute(stream).fetchall()


def test_xlsx_pages_and_raw_copies_on_a_standby(connection, replica):
    assert bytes(replica.execute("SELECT takeout.export('rows', 'xlsx')").fetchone()[0])[:2] == b"PK"
    page = "SELECT data, row_count, complete FROM takeout.export_page('rows', 'csv', page_rows => 3)"
    assert replica.execute(page).fetchone() == connection.execute(page).fetchone()
    with replica.cursor().copy("COPY (SELECT takeout.export_stream('rows', 'xlsx')) TO STDOUT (FORMAT raw)") as copy:
        assert sum(len(data) for data in copy) > 1_000_000


def test_errors_on_a_standby_leave_the_session_usable(replica):
    with pytest.raises(psycopg.errors.UndefinedObject):
        replica.execute("SELECT takeout.export('nothing', 'csv')")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        replica.execute("SELECT takeout.create_dataset('rows', tenant => 'default')")
    assert replica.execute("SELECT length(takeout.export('rows', 'csv')) > 0").fetchone() == (True,)


TENANTS = ["first", "second", "third"]


@pytest.fixture
def tenants(connection):
    """Dataset `shared` of three tenants: role reader_<tenant> may read its view too, reader_of_two acts for one of two."""
    connection.execute("""CREATE TABLE shared AS SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 hour' AS created_at,
        t AS tenant, 'canary-' || t AS note FROM generate_series(1, 200) i, unnest(%s::text[]) t""", [TENANTS])
    connection.execute("ALTER TABLE shared ADD PRIMARY KEY (id, tenant)")
    connection.execute("SELECT takeout.create_dataset('shared', tenant_column => 'tenant')")
    roles = [f"reader_{tenant}" for tenant in TENANTS] + ["reader_of_two"]
    for role in roles:
        connection.execute(f"CREATE ROLE {role} LOGIN; GRANT SELECT ON shared_dataset TO {role}")
        for tenant in TENANTS[:2] if role == "reader_of_two" else [role.removeprefix("reader_")]:
            connection.execute("INSERT INTO takeout.members VALUES (%s::regrole, %s)", [role, tenant])
    yield
    connection.execute(f"DROP OWNED BY {', '.join(roles)}; DROP ROLE {', '.join(roles)}")
    connection.execute("SELECT takeout.drop_dataset('shared'); DROP TABLE shared")


def canaries(rows):
    text = b"".join(bytes(value) if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    return {tenant for tenant in TENANTS if f"canary-{tenant}".encode() in text}


def test_a_standby_shows_members_the_rows_of_their_tenants_only(database, tenants, replica, standby):
    for tenant in TENANTS:
        with standby.connect(user=f"reader_{tenant}", dbname=database.dbname) as session:
            for query in ("SELECT * FROM shared_dataset", "SELECT takeout.export('shared', 'json')",
                          "SELECT takeout.export('shared', 'csv', ids => (SELECT array_agg(g::text) FROM generate_series(1, 200) g))",
                          "SELECT takeout.export_stream('shared', 'csv')", "SELECT takeout.export_stream('shared', 'jsonl')",
                          "SELECT takeout.csv_file(d) FROM shared_dataset d"):
                assert canaries(session.execute(query).fetchall()) == {tenant}, query
            after, complete, pages = None, False, 0
            while not complete:
                data, count, after, complete = session.execute(
                    "SELECT * FROM takeout.export_page('shared', 'csv', after => %s, page_rows => 90)", [after]).fetchone()
                assert canaries([(data,)]) == {tenant}
                pages += 1
            assert pages == 3
            for other in TENANTS:
                if other != tenant:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute("SELECT takeout.export('shared', tenant => %s)", [other])
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute("SELECT takeout.act_for(%s)", [other])
    with standby.connect(user="reader_of_two", dbname=database.dbname) as session:
        assert canaries(session.execute("SELECT * FROM shared_dataset").fetchall()) == {"first", "second"}
        with session.transaction():
            session.execute("SELECT takeout.act_for('second')")
            assert canaries(session.execute("SELECT * FROM shared_dataset").fetchall()) == {"second"}
            assert canaries(session.execute("SELECT takeout.export_stream('shared', 'csv')").fetchall()) == {"second"}

    # The standby's own record has each of them, and the chain holds.
    events = dict(replica.execute("""SELECT event, count(*) FROM takeout.audit_log
        WHERE database = current_database() AND role LIKE 'reader\\_%' GROUP BY event""").fetchall())
    assert events["INTENT"] == events["COMPLETE"] == len(TENANTS) * 7 + 1 and events["DENIED"] >= 1
    assert replica.execute("SELECT * FROM takeout.verify_audit()").fetchall() == []


@pytest.fixture
def limited(connection):
    """A role that may export three times a minute, on each server."""
    role = make_role(connection, 3)
    yield role
    connection.execute(f"DROP ROLE {role}")


def test_a_standby_counts_its_own_exports(database, limited, replica, standby):
    export = "SELECT takeout.export('rows', 'csv', ids => '{1}')"
    with standby.connect(user=limited, dbname=database.dbname) as there, database.connect(user=limited) as here:
        for session in (there, here):
            assert [is_taken(session, export) for _ in range(4)] == [True, True, True, False]
            assert session.execute("SELECT remaining FROM takeout.quota()").fetchone() == (0,)
