"""Datasets, fields, members, limits, schedules and runs travel with pg_dump; the secret does not, nor do members that are gone."""

import os
import subprocess

import psycopg
import pytest

OWNER = "takeout_dump_owner"
LEFT = "takeout_dump_left"

PREPARE = f"""
CREATE ROLE {OWNER};
CREATE ROLE {LEFT};
CALL takeout.create_model('crm', owner => '{OWNER}');
INSERT INTO crm.lead (contact_id, created_at, email, ip)
VALUES (md5('1')::uuid, '2026-01-01 00:00+00', 'ä@example.com', '203.0.113.77'),
       (md5('2')::uuid, '2026-01-02 00:00+00', NULL, '2001:db8:1:2::3');
CREATE SCHEMA "My Shop" AUTHORIZATION {OWNER};
SET ROLE {OWNER};
CREATE TABLE "My Shop"."order" (id int PRIMARY KEY, "Customer" text, created_at timestamp, ips inet[], told text);
INSERT INTO "My Shop"."order" VALUES (1, 'default', '2026-01-01', '{{203.0.113.77}}', '198.51.100.1');
SELECT takeout.create_dataset('"My Shop"."order"', tenant_column => 'Customer', mask => '{{told}}');
SELECT takeout.alter_dataset('order', title => 'Orders', field => 'told', standard => 'ip_network', note => 'as told');
GRANT SELECT ON "My Shop".order_dataset TO {LEFT};
CREATE TABLE "My Shop".gone (tenant_id text, id int PRIMARY KEY);
SELECT takeout.create_dataset('"My Shop".gone');
DROP TABLE "My Shop".gone CASCADE;
RESET ROLE;
CREATE ROLE takeout_dump_gone;
INSERT INTO takeout.members VALUES ('{LEFT}', 'default'), ('{LEFT}', 'second'), ('takeout_dump_gone', '*');
SELECT takeout.schedule(name, '0 2 * * *', 'order', 'csv', 'reports', 'Europe/Helsinki', columns => '{{id,told}}',
  options => '{{"delimiter": ";"}}', keep => '3 days') FROM unnest('{{nightly,lost}}'::text[]) name;
UPDATE takeout.schedules SET owner = 'takeout_dump_gone' WHERE name = 'lost';
UPDATE takeout.schedules SET owner = '{OWNER}', exported_until = '2026-01-01 00:00+00' WHERE name = 'nightly';
SELECT takeout.plan_run(s, '2026-01-01 00:00+00') FROM takeout.schedules s;
UPDATE takeout.runs SET state = 'succeeded', finished_at = now(), file = 'orders.csv', keep = '3 days', checksum = true;
DROP ROLE takeout_dump_gone;
INSERT INTO takeout.exclusions VALUES ('Models', 'Weights', 'Trade secrets');
CREATE TABLE "My Shop".weights (id int);
CREATE TABLE "My Shop".forgotten (id int);
INSERT INTO takeout.excluded_relations VALUES ('"My Shop".weights', 'Models'), ('"My Shop".forgotten', 'Models');
DROP TABLE "My Shop".forgotten;
INSERT INTO takeout.limits VALUES ('{OWNER}', 'order', 'export', 10, NULL, NULL), (NULL, 'visits', NULL, NULL, 1000000, '31 days');
"""

DATASETS = "SELECT to_jsonb(d) - 'view' - 'source' FROM takeout.datasets d WHERE name <> 'gone' ORDER BY name"
RELATIONS = "SELECT name, view::text, source::text FROM takeout.datasets WHERE name <> 'gone' ORDER BY name"
FIELDS = "SELECT to_jsonb(f) FROM takeout.fields f ORDER BY dataset, position"
MEMBERS = "SELECT to_jsonb(m) FROM takeout.members m WHERE role IN (SELECT oid FROM pg_roles) ORDER BY role, tenant"
LIMITS = "SELECT to_jsonb(l) FROM takeout.limits l ORDER BY l::text"
SCHEDULES = "SELECT to_jsonb(s) FROM takeout.schedules s WHERE owner IN (SELECT oid FROM pg_roles) ORDER BY id"
RUNS = "SELECT to_jsonb(r) FROM takeout.runs r WHERE owner IN (SELECT oid FROM pg_roles) ORDER BY id"
NUMBERS = "SELECT s.last_value, r.last_value FROM takeout.schedule_ids s, takeout.run_ids r"
EXCLUDED = """SELECT to_jsonb(e) FROM takeout.exclusions e UNION ALL
              SELECT jsonb_build_object(category, relation::text) FROM takeout.excluded_relations
              WHERE to_regclass(relation::text) IS NOT NULL"""
GRANTS = """SELECT grantee, privilege_type FROM information_schema.role_table_grants
            WHERE table_schema = 'My Shop' AND table_name = 'order_dataset' AND grantee <> grantor"""
EXPORTS = "SELECT takeout.export('leads'), takeout.export('order'), takeout.analytical_reports('bots')"
SECRET = "SELECT key FROM takeout.secret"


def program(name):
    pg_config = os.environ.get("PG_CONFIG", "pg_config")
    directory = subprocess.run([pg_config, "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    return os.path.join(directory, name)


@pytest.fixture(scope="module")
def prepared(database):
    with database.connect() as connection:
        connection.execute(PREPARE)
    yield database
    with database.connect() as connection:
        connection.execute(
            f"DROP SCHEMA crm, \"My Shop\" CASCADE; DROP OWNED BY {OWNER}, {LEFT}; DELETE FROM takeout.limits;"
            "DELETE FROM takeout.members WHERE tenant <> 'default';"
            "DELETE FROM takeout.excluded_relations; DELETE FROM takeout.exclusions;"
            f"DROP ROLE {OWNER}, {LEFT}"
        )


@pytest.fixture
def empty(server):
    """A database without the extension."""
    dbname = "takeout_restored"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {dbname} TEMPLATE template0")
    yield dbname
    with server.connect() as connection:
        connection.execute(f"DROP DATABASE {dbname} WITH (FORCE)")


def answers(database, *queries, **parameters):
    with database.connect(**parameters) as connection:
        return [connection.execute(query).fetchall() for query in queries]


@pytest.mark.parametrize("options", [[], ["--no-owner", "--no-privileges"]], ids=["as it is", "without owners"])
def test_a_plain_dump_carries_the_configuration(server, prepared, empty, options):
    dump = subprocess.run(
        [program("pg_dump"), *options], env=prepared.environment(), check=True, capture_output=True
    ).stdout
    server.psql("-q", dbname=empty, input=dump)

    queries = [DATASETS, RELATIONS, FIELDS, MEMBERS, LIMITS, SCHEDULES, RUNS, NUMBERS, EXCLUDED, EXPORTS]
    if not options:
        queries.append(GRANTS)
    assert answers(server, *queries, dbname=empty) == answers(prepared, *queries)
    assert answers(server, "SELECT relation::text FROM takeout.excluded_relations", dbname=empty) == [
        [('"My Shop".weights',)]
    ]
    [restored], [original] = answers(server, SECRET, dbname=empty), answers(prepared, SECRET)
    assert len(restored) == len(original) == 1
    assert answers(server, "SELECT role FROM takeout.members WHERE tenant = '*'", dbname=empty) == [[]]
    assert answers(server, "SELECT name FROM takeout.schedules", "SELECT name FROM takeout.runs", dbname=empty) == [[("nightly",)]] * 2
    assert restored != original


def test_an_archive_restores_in_parallel(server, prepared, empty, tmp_path):
    archive = tmp_path / "dump"
    subprocess.run([program("pg_dump"), "-Fd", "-f", archive], env=prepared.environment(), check=True)
    subprocess.run(
        [program("pg_restore"), "-j", "2", "--exit-on-error", "-d", empty, archive],
        env=server.environment(empty),
        check=True,
    )
    queries = [DATASETS, RELATIONS, FIELDS, MEMBERS, LIMITS, SCHEDULES, RUNS, NUMBERS, EXCLUDED, GRANTS, EXPORTS]
    assert answers(server, *queries, dbname=empty) == answers(prepared, *queries)


def test_the_restored_dataset_can_be_changed_by_its_owner(server, prepared, empty):
    dump = subprocess.run([program("pg_dump")], env=prepared.environment(), check=True, capture_output=True).stdout
    server.psql("-q", dbname=empty, input=dump)
    with server.connect(dbname=empty) as connection:
        connection.execute(f"SET ROLE {OWNER}")
        connection.execute("SELECT takeout.alter_dataset('order', columns => '{id,ips}', time_column => '')")
        assert connection.execute("SELECT takeout.export('order')").fetchone()[0] == (
            b'id,ips\r\n1,"[""203.0.113.0/24""]"\r\n'
        )
        connection.execute("SELECT takeout.drop_dataset('gone')")
        connection.execute(f"SET ROLE {LEFT}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT takeout.drop_dataset('order')")


def test_a_dump_of_the_dump_is_the_same(server, prepared, empty):
    """Rows of the configuration are neither lost nor doubled on the way."""
    def dump(environment):
        text = subprocess.run(
            [program("pg_dump")], env=environment, check=True, capture_output=True, text=True
        ).stdout
        # pg_dump 15.14 and later guard a dump by a random key.
        return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]

    first = dump(prepared.environment())
    server.psql("-q", dbname=empty, input="\n".join(first).encode())
    assert dump(server.environment(empty)) == first
