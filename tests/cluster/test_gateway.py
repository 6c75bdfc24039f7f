"""docs/managed-servers.md, run on two servers: one without the extension, and a gateway that exports its tables."""

import csv
import io
import pathlib
import re
import tempfile

import psycopg
import pytest

from throwaway_server import TOP, Server

DOCUMENT = TOP / "docs" / "managed-servers.md"

TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.order (
  order_id bigint PRIMARY KEY, customer_id text NOT NULL, created_at timestamptz NOT NULL, item text, price numeric(10, 2), ip inet);
INSERT INTO shop.order
SELECT i, (ARRAY['nordic-shop', 'other-shop'])[i % 2 + 1], timestamptz '2026-01-01 00:00+00' + i * interval '1 minute',
       'item ' || i, i / 100.0, inet '203.0.113.0' + i % 256
FROM generate_series(1, 20000) i;
CREATE INDEX ON shop.order (customer_id, created_at, order_id);
ANALYZE shop.order;
"""


def blocks():
    """(where, SQL) of each statement block of the document."""
    for text in re.findall(r"^```sql\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        where, statements = re.fullmatch(r"-- (on the managed server|on the gateway|as nordic)\n(.*)", text, re.DOTALL).groups()
        yield where, statements


@pytest.fixture(scope="module")
def managed():
    with tempfile.TemporaryDirectory(prefix="takeout") as directory:
        server = Server.start(pathlib.Path(directory) / "server", "shared_preload_libraries=", "log_statement=all")
        with server.connect() as connection:
            connection.execute("CREATE DATABASE shop")
        with server.connect(dbname="shop") as connection:
            connection.execute(TABLES)
        yield server
        server.stop()


@pytest.fixture(scope="module")
def gateway(server, managed):
    """The document from top to bottom; only the address is this machine's."""
    with server.connect() as connection:
        connection.execute("CREATE DATABASE takeout_gateway TEMPLATE template0")
    answers = []
    for where, statements in blocks():
        statements = statements.replace("db.example.com", managed.host).replace("'5432'", f"'{managed.port}'")
        statements = statements.replace("verify-full", "prefer")
        if where == "on the managed server":
            parameters = dict(server=managed, dbname="shop")
        elif where == "on the gateway":
            parameters = dict(server=server, dbname="takeout_gateway")
        else:
            parameters = dict(server=server, dbname="takeout_gateway", user="nordic", password="another one", host=server.host)
        with parameters.pop("server").connect(**parameters) as connection:
            cursor = connection.execute(statements)
            while cursor.nextset():
                pass
            answers.append((where, cursor.fetchall() if cursor.description else None))
    yield answers
    with server.connect() as connection:
        connection.execute("DROP DATABASE takeout_gateway WITH (FORCE)")
        connection.execute("DROP ROLE nordic, shop_owner")


@pytest.fixture
def nordic(server, gateway):
    with server.connect(dbname="takeout_gateway", user="nordic", password="another one", host=server.host) as connection:
        yield connection


@pytest.fixture
def admin(server, gateway):
    with server.connect(dbname="takeout_gateway") as connection:
        yield connection


def rows_of(file):
    return list(csv.DictReader(io.StringIO(bytes(file).decode("utf-8"), newline="")))


def remote_queries(managed, connection, query):
    """What the managed server was asked while the query ran."""
    before = len(managed.log())
    connection.execute(query).fetchall()
    return re.findall(r"DECLARE c\d+ CURSOR FOR\s+(SELECT .*)", managed.log()[before:])


def test_the_document_sets_up_a_gateway_that_has_nothing_wrong(gateway):
    assert [rows for where, rows in gateway if where == "on the gateway"][-1] == []
    [[file]] = [rows for where, rows in gateway if where == "as nordic"][-1]
    assert len(rows_of(file)) == 10000


def test_a_member_gets_the_rows_of_its_tenant_with_addresses_masked(managed, nordic):
    file = nordic.execute("SELECT takeout.export('orders', 'csv')").fetchone()[0]
    with managed.connect(dbname="shop") as connection:
        expected = connection.execute("""SELECT order_id::text, item, price::text, set_masklen(ip, 24)::cidr::text AS ip
            FROM shop.order WHERE customer_id = 'nordic-shop' ORDER BY created_at, order_id""").fetchall()
    assert [(row["order_id"], row["item"], row["price"], row["ip"]) for row in rows_of(file)] == expected
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        nordic.execute("SELECT takeout.export('orders', 'csv', tenant => 'other-shop')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        nordic.execute('SELECT * FROM shop."order"')


def test_streams_pages_and_the_view_are_the_same_rows(admin, nordic):
    whole = bytes(nordic.execute("SELECT takeout.export('orders', 'csv')").fetchone()[0])
    chunks = nordic.execute("SELECT takeout.export_stream('orders', 'csv')").fetchall()
    assert b"".join(bytes(chunk) for [chunk] in chunks) == whole
    after, rows = None, []
    while True:
        data, after, complete = nordic.execute(
            "SELECT data, next, complete FROM takeout.export_page('orders', 'csv', after => %s, page_rows => 3000)", [after]
        ).fetchone()
        rows += rows_of(data)
        if complete:
            break
    assert rows == rows_of(whole)
    admin.execute("GRANT USAGE ON SCHEMA shop TO nordic; GRANT SELECT ON shop.orders TO nordic")
    assert nordic.execute("SELECT count(*), count(DISTINCT customer_id) FROM shop.orders").fetchone() == (10000, 1)


def test_tenant_period_and_order_are_the_managed_servers_work(managed, admin, nordic):
    [query] = remote_queries(managed, nordic, "SELECT takeout.export('orders', since => '2026-01-02', columns => '{item}')")
    assert "nordic-shop" in query and ">=" in query and "ORDER BY" in query and "item" in query and "price" not in query
    [query] = remote_queries(managed, nordic, "SELECT takeout.export('orders', ids => '{2,4}')")
    assert "ANY" in query
    admin.execute("GRANT USAGE ON SCHEMA shop TO nordic; GRANT SELECT ON shop.orders TO nordic")
    [query] = remote_queries(managed, nordic, "SELECT item FROM shop.orders WHERE order_id = 2")
    assert "customer_id" in query and "order_id = 2" in query


def test_limits_hold(admin, nordic):
    admin.execute("INSERT INTO takeout.limits (role, max_rows) VALUES ('nordic', 9999)")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        nordic.execute("SELECT takeout.export('orders')")
    admin.execute("DELETE FROM takeout.limits")
    assert len(rows_of(nordic.execute("SELECT takeout.export('orders')").fetchone()[0])) == 10000


def test_an_excluded_foreign_table_is_not_exported(admin, nordic):
    admin.execute("INSERT INTO takeout.exclusions VALUES ('a', 'b', 'c')")
    admin.execute("INSERT INTO takeout.excluded_relations VALUES ('shop.order', 'a')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
        nordic.execute("SELECT takeout.export('orders')")
    assert "excluded" in str(refused.value)
    admin.execute("DELETE FROM takeout.excluded_relations")


def test_errors_of_the_managed_server_are_clear(managed, nordic):
    with managed.connect(dbname="shop") as owner:
        owner.execute("ALTER TABLE shop.order RENAME item TO article")
        with pytest.raises(psycopg.errors.UndefinedColumn) as failed:
            nordic.execute("SELECT takeout.export('orders')")
        assert "item" in str(failed.value) and "remote SQL command" in failed.value.diag.context
        owner.execute("ALTER TABLE shop.order RENAME article TO item")
        assert nordic.execute("SELECT length(takeout.export('orders'))").fetchone()[0] > 0
        owner.execute("REVOKE SELECT ON shop.order FROM takeout_gateway")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            nordic.execute("SELECT takeout.export('orders')")
        owner.execute("GRANT SELECT ON shop.order TO takeout_gateway")
        owner.execute("ALTER ROLE takeout_gateway NOLOGIN")
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'takeout_gateway'")
        for _ in range(2):
            with pytest.raises((psycopg.errors.SqlclientUnableToEstablishSqlconnection, psycopg.errors.ConnectionFailure)) as failed:
                nordic.execute("SELECT takeout.export('orders')")
        assert 'could not connect to server "managed"' in str(failed.value)
        owner.execute("ALTER ROLE takeout_gateway LOGIN")
        assert nordic.execute("SELECT length(takeout.export('orders'))").fetchone()[0] > 0
