"""takeout.check() says what the server lacks, says nothing new of a restored database, and is quick on a large one."""

import os
import pathlib
import re
import subprocess
import tempfile

import pytest

from test_dump_restore import program
from throwaway_server import TOP, Server, processor_time

CHECK = "SELECT severity, object, finding, fix FROM takeout.check()"


def server_findings(connection):
    return {name: (severity, fix) for severity, name, _, fix in connection.execute(CHECK)}


@pytest.fixture(scope="module")
def bare():
    """A server that does not preload the library."""
    with tempfile.TemporaryDirectory(prefix="takeout") as directory:
        server = Server.start(pathlib.Path(directory) / "server", "shared_preload_libraries=auto_explain, pg_prewarm")
        yield server
        server.stop()


def test_a_server_that_does_not_preload_the_library(bare):
    with bare.connect() as connection:
        connection.execute("CREATE EXTENSION pg_takeout")
        severity, fix = server_findings(connection)["shared_preload_libraries"]
        assert (severity, fix) == (
            "error",
            "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_prewarm', 'pg_takeout'; -- and restart the server",
        )
        connection.execute(fix)
        connection.execute("SELECT pg_reload_conf()")


def test_a_view_that_reads_by_its_readers_privileges_is_found(database):
    with database.connect() as connection:
        if connection.info.server_version < 150000:
            pytest.skip("views of this kind came with PostgreSQL 15")
        connection.execute("CREATE TABLE things (id int PRIMARY KEY)")
        connection.execute("SELECT takeout.create_dataset('things', tenant => 'default')")
        connection.execute("ALTER VIEW things_dataset SET (security_invoker)")
        [(severity, finding, fix)] = connection.execute(
            "SELECT severity, finding, fix FROM takeout.check() WHERE object = 'dataset \"things\"'").fetchall()
        assert severity == "error" and "its reader's privileges" in finding
        connection.execute(fix)
        assert not connection.execute("SELECT FROM takeout.check() WHERE object = 'dataset \"things\"'").fetchall()


@pytest.fixture(scope="module")
def careful():
    """A server whose record of exports lies where it should."""
    with tempfile.TemporaryDirectory(prefix="takeout") as directory, tempfile.TemporaryDirectory(dir="/tmp") as audit:
        os.chmod(audit, 0o777)
        server = Server.start(pathlib.Path(directory) / "server", f"takeout.audit_directory={audit}/files")
        yield server, pathlib.Path(audit)
        server.stop()


def test_a_set_up_as_documented_has_nothing_wrong(careful):
    """The five statements for the model and the three for a table of one's own, and limits."""
    server, _ = careful
    governance = (TOP / "docs" / "governance.md").read_text(encoding="utf-8")
    model, rows, own_table = re.findall(r"^```sql\n(.*?)^```$", governance, re.MULTILINE | re.DOTALL)[:3]
    assert (model.count(";"), own_table.count(";")) == (5, 3)
    server.psql("-q", "-f", str(TOP / "demo" / "shop.sql"))
    with server.connect() as connection:
        connection.execute(model + rows + own_table)
        connection.execute("ANALYZE")
        [finding] = connection.execute(CHECK).fetchall()
        assert finding[1] == "takeout.limits"
        connection.execute(finding[3])
        assert connection.execute(CHECK).fetchall() == []
        assert connection.execute("SELECT * FROM takeout.unclassified()").fetchall() == []


def test_a_record_that_cannot_be_written(careful):
    server, audit = careful
    os.rename(audit / "files", audit / "elsewhere")
    with server.connect() as connection:
        if not connection.execute("SELECT to_regproc('takeout.check')").fetchone()[0]:
            connection.execute("CREATE EXTENSION pg_takeout")
        found = connection.execute(CHECK).fetchall()
        assert [row[:2] for row in found if row[0] == "error"] == [("error", "takeout.audit_directory")]
        assert "nothing is exported: No such file or directory" in found[0][2]
    os.rename(audit / "elsewhere", audit / "files")


def test_prefixes_that_let_more_bits_leave(database, connection):
    assert "takeout.ipv4_prefix" not in server_findings(connection)
    connection.execute("SET takeout.ipv4_prefix = 16; SET takeout.ipv6_prefix = 64")
    assert "takeout.ipv4_prefix" not in server_findings(connection)
    assert server_findings(connection)["takeout.ipv6_prefix"] == (
        "warning",
        "ALTER SYSTEM RESET takeout.ipv6_prefix; SELECT pg_catalog.pg_reload_conf();",
    )
    connection.execute("RESET takeout.ipv4_prefix; RESET takeout.ipv6_prefix")


def test_governed_views_are_known_again_where_they_are_restored(server, database, connection):
    """The definition of a restored view was written by PostgreSQL, not by us; it is still the dataset's."""
    connection.execute("""
        CALL takeout.create_model('crm');
        CREATE SCHEMA "My Shop";
        CREATE DOMAIN "My Shop".who AS varchar(20);
        CREATE TABLE "My Shop"."order" (id int PRIMARY KEY, "Customer" "My Shop".who NOT NULL, code char(3), ips inet[],
                                        told text, net cidr, number int NOT NULL);
        SELECT takeout.create_dataset('"My Shop"."order"', tenant_column => 'Customer', mask => '{told}'),
               takeout.create_dataset('"My Shop"."order"', 'numbers', tenant_column => 'number'),
               takeout.create_dataset('"My Shop"."order"', 'fixed', tenant => 'default', columns => '{id,code}')""")
    before = connection.execute(CHECK).fetchall()
    assert not [row for row in before if row[0] == "error"]
    dump = subprocess.run([program("pg_dump")], env=database.environment(), check=True, capture_output=True).stdout
    connection.execute("CREATE DATABASE takeout_checked TEMPLATE template0")
    try:
        server.psql("-q", dbname="takeout_checked", input=dump)
        with server.connect(dbname="takeout_checked") as restored:
            assert restored.execute(CHECK).fetchall() == before
            assert restored.execute("SELECT * FROM takeout.unclassified()").fetchall() == []
    finally:
        connection.execute("DROP DATABASE takeout_checked WITH (FORCE)")


def test_a_thousand_tables_are_looked_through_in_no_time(connection):
    connection.execute("""
        CREATE SCHEMA large;
        DO $$ BEGIN
          FOR i IN 1 .. 1000 LOOP
            EXECUTE format('CREATE TABLE large.t%s (id int, tenant_id text, created_at timestamptz, a text, b text, c text, d inet,
                                                    e jsonb, f int, g int, h int, i int, j int, k int, l int)', i);
            IF i % 10 = 0 THEN
              PERFORM takeout.create_dataset(format('large.t%s', i)::regclass, key => '{id}', columns => '{id,created_at,a}');
            END IF;
          END LOOP;
        END $$""")
    query = "SELECT object FROM takeout.unclassified() WHERE object LIKE 'large.%'"
    seconds = []
    for _ in range(5):
        begin = processor_time(connection.info.backend_pid)
        found = {name for name, in connection.execute(query)}
        seconds.append(processor_time(connection.info.backend_pid) - begin)
    assert len(found) == 900 + 100 * 11
    assert "large.t1" in found and "large.t10.b" in found
    assert "large.t10" not in found and "large.t10.tenant_id" not in found
    print(f"unclassified: {min(seconds) * 1000:.0f} ms")
    assert min(seconds) < 1  # 0.2 where a processor has nothing else to do
