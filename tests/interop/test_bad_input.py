"""Bad input: one clear error each, with what, value, limit and way out; a stable SQLSTATE; a session that goes on."""

import psycopg
import pytest

import readers

UNKNOWN_OBJECT, BAD_VALUE, NO_PRIVILEGE, OVER_LIMIT = "42704", "22023", "42501", "54000"
DRIFTED, BAD_ENCODING, TOO_LONG, UNSUPPORTED = "55000", "22021", "22001", "0A000"

EXPORTS = ["SELECT takeout.export({})", "SELECT length(chunk) FROM (SELECT takeout.export_stream({}) AS chunk) c"]


@pytest.fixture(scope="module")
def orders(connection):
    connection.execute("""
        CREATE TABLE orders (id integer PRIMARY KEY, created_at timestamptz, customer text, total numeric, ip inet);
        INSERT INTO orders SELECT i, timestamptz '2026-01-01' + i * interval '1 hour', 'customer ' || i, i / 4.0,
          inet '203.0.113.1' + i FROM generate_series(1, 1000) i""")
    connection.execute("SELECT takeout.create_dataset('orders', tenant => 'default')")


def assert_refused(connection, query, sqlstate, *said):
    """The query fails with that SQLSTATE, its message, DETAIL and HINT say all of that, and the session goes on."""
    with pytest.raises(psycopg.Error) as error:
        with connection.transaction():
            connection.execute(query).fetchall()
    told = error.value.diag
    text = "\n".join(filter(None, [told.message_primary, told.message_detail, told.message_hint]))
    assert told.sqlstate == sqlstate, text
    for part in said:
        assert part in text
    assert not told.message_primary.endswith(".")
    for sentence in filter(None, [told.message_detail, told.message_hint]):
        assert sentence.endswith("."), sentence
    assert connection.execute("SELECT 1").fetchone() == (1,)
    return text


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("arguments, sqlstate, said", [
    ("'order', 'csv'", UNKNOWN_OBJECT, ['"order"', "orders"]),
    ("'', 'csv'", UNKNOWN_OBJECT, ["orders"]),
    ("'orders', 'pdf'", BAD_VALUE, ['"pdf"', "csv, json, jsonl"]),
    ("'orders', 'CSV'", BAD_VALUE, ['"CSV"']),
    ("'orders', 'csv', columns => '{id,naam}'", BAD_VALUE, ['"naam"', "id, created_at, customer"]),
    ("'orders', 'csv', columns => '{id,id}'", BAD_VALUE, ['"id"']),
    ("'orders', 'csv', columns => '{}'", BAD_VALUE, ["columns"]),
    ("'orders', 'csv', columns => ARRAY[NULL]::text[]", "22004", ["NULL"]),
    ("'orders', 'csv', since => '2026-02-01', until => '2026-01-01'", BAD_VALUE, ["2026-02-01", "2026-01-01"]),
    ("'orders', 'csv', ids => ARRAY['one']", "22P02", ['"one"']),
    ("'orders', 'csv', tenant => 'another'", NO_PRIVILEGE, ['"another"']),
    ("'orders', 'csv', options => '{\"dialekt\": \"excel\"}'", BAD_VALUE, ['"dialekt"', "dialect, delimiter, header, null"]),
    ("'orders', 'csv', options => '{\"dialect\": \"tsv\"}'", BAD_VALUE, ['"tsv"', "rfc4180 and excel"]),
    ("'orders', 'csv', options => '{\"delimiter\": \"--\"}'", BAD_VALUE, ['"--"']),
    ("'orders', 'csv', options => '{\"delimiter\": \"\"}'", BAD_VALUE, ["delimiter"]),
    ("'orders', 'csv', options => '{\"delimiter\": \"\\\"\"}'", BAD_VALUE, ["delimiter"]),
    ("'orders', 'csv', options => '{\"header\": \"yes\"}'", BAD_VALUE, ['"header"']),
    ("'orders', 'csv', options => '[1]'", BAD_VALUE, ["options"]),
    ("'orders', 'json', options => takeout.csv_options()", BAD_VALUE, ["json", "pretty"]),
    ("'orders', 'jsonl', options => takeout.json_options(pretty => true)", BAD_VALUE, ["pretty"]),
    ("'orders', 'xlsx', options => '{\"zone\": \"Mars/Olympus\"}'", BAD_VALUE, ['"Mars/Olympus"']),
])
def test_wrong_arguments(connection, orders, export, arguments, sqlstate, said):
    assert_refused(connection, export.format(arguments), sqlstate, *said)


def test_too_many_ids(connection, orders):
    most = 100_000
    ids = "ids => (SELECT array_agg(i::text) FROM generate_series(1, {}) i)"
    for export in EXPORTS:
        connection.execute(export.format(f"'orders', 'csv', {ids.format(most)}")).fetchall()
        assert_refused(connection, export.format(f"'orders', 'csv', {ids.format(most + 1)}"), OVER_LIMIT,
                       str(most), str(most + 1))


def test_a_limit_of_rows_tells_limit_and_way_out(connection, orders):
    connection.execute("INSERT INTO takeout.limits (dataset, max_rows) VALUES ('orders', 999)")
    try:
        for export in EXPORTS:
            assert_refused(connection, export.format("'orders', 'csv'"), OVER_LIMIT, "999")
            connection.execute(export.format("'orders', 'csv', since => '2026-01-01 02:00+00'")).fetchall()  # 999 rows
    finally:
        connection.execute("DELETE FROM takeout.limits")


def test_a_limit_of_bytes_tells_limit_and_way_out(connection, orders):
    connection.execute("INSERT INTO takeout.limits (dataset, max_bytes) VALUES ('orders', 10000)")
    try:
        for export in EXPORTS:
            for format in ("csv", "json", "jsonl", "xlsx"):
                assert_refused(connection, export.format(f"'orders', '{format}'"), OVER_LIMIT, "10000")
            connection.execute(export.format("'orders', 'csv', ids => '{1,2,3}'")).fetchall()
    finally:
        connection.execute("DELETE FROM takeout.limits")


def test_a_limit_of_period_wants_a_period_and_holds_it(connection, orders):
    connection.execute("INSERT INTO takeout.limits (dataset, max_period) VALUES ('orders', '7 days')")
    try:
        for export in EXPORTS:
            assert_refused(connection, export.format("'orders', 'csv'"), OVER_LIMIT, "7 days", "since")
            assert_refused(connection, export.format("'orders', 'csv', since => '2026-01-01'"), OVER_LIMIT, "7 days")
            assert_refused(connection, export.format("'orders', 'csv', since => '2026-01-01', until => '2026-01-08 00:00:01'"),
                           OVER_LIMIT, "7 days")
            connection.execute(export.format("'orders', 'csv', since => '2026-01-01', until => '2026-01-08'")).fetchall()
    finally:
        connection.execute("DELETE FROM takeout.limits")


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "xlsx"])
def test_a_result_over_max_result_bytes_points_to_the_stream(connection, orders, format):
    connection.execute("SET takeout.max_result_bytes = 12000")
    try:
        assert_refused(connection, f"SELECT takeout.export('orders', '{format}')", OVER_LIMIT, "12000", "export_stream")
        assert_refused(connection, f"SELECT takeout.{format}_file(o) FROM orders o", OVER_LIMIT, "12000")
        chunks = connection.execute(f"SELECT takeout.export_stream('orders', '{format}')").fetchall()
        assert sum(len(chunk) for chunk, in chunks) > 12000
    finally:
        connection.execute("RESET takeout.max_result_bytes")


def test_max_result_bytes_cannot_be_raised_over_what_the_protocol_carries(connection):
    assert_refused(connection, "SET takeout.max_result_bytes = '501MB'", BAD_VALUE)
    connection.execute("SET takeout.max_result_bytes = '500MB'; RESET takeout.max_result_bytes")


@pytest.mark.parametrize("setting", ["max_result_bytes", "ipv4_prefix", "ipv6_prefix"])
def test_only_a_superuser_changes_what_protects(connection, database, setting):
    connection.execute("DROP ROLE IF EXISTS takeout_anyone; CREATE ROLE takeout_anyone LOGIN")
    with database.connect(user="takeout_anyone", password="") as anyone:
        assert_refused(anyone, f"SET takeout.{setting} = 32", NO_PRIVILEGE)
    connection.execute("DROP ROLE takeout_anyone")


@pytest.fixture
def drifting(connection):
    """A dataset of a table whose columns a test may change."""
    connection.execute("""DROP TABLE IF EXISTS drifting CASCADE;
        CREATE TABLE drifting (id integer PRIMARY KEY, name text, extra text); INSERT INTO drifting VALUES (1, 'a', 'b')""")
    connection.execute("SELECT takeout.create_dataset('drifting', tenant => 'default')")
    yield
    connection.execute("SELECT takeout.drop_dataset('drifting'); DROP TABLE IF EXISTS drifting CASCADE")


@pytest.mark.parametrize("change, said", [
    ("DROP TABLE drifting CASCADE", ["drifting"]),
    ("ALTER TABLE drifting DROP COLUMN name CASCADE", ["drifting"]),
    ("ALTER TABLE drifting RENAME name TO title", ['"name"']),
    ("ALTER TABLE drifting RENAME name TO title; ALTER TABLE drifting RENAME extra TO name", ['"extra"']),
    ("DO $$ DECLARE v regclass := (SELECT view FROM takeout.datasets WHERE name = 'drifting'); BEGIN"
     " EXECUTE format('DROP VIEW %s', v);"
     " ALTER TABLE drifting ALTER name TYPE varchar(3); END $$", ["drifting"]),
    ("DO $$ DECLARE v regclass := (SELECT view FROM takeout.datasets WHERE name = 'drifting'); BEGIN"
     " EXECUTE format('ALTER VIEW %s RENAME COLUMN name TO title', v); END $$", ['"name"']),
])
@pytest.mark.parametrize("export", EXPORTS)
def test_a_changed_source_is_refused_and_can_be_renewed(connection, drifting, export, change, said):
    connection.execute(export.format("'drifting', 'csv'")).fetchall()
    connection.execute(change)
    assert_refused(connection, export.format("'drifting', 'csv'"), DRIFTED, '"drifting"', "create_dataset", *said)
    if "DROP TABLE" not in change:
        connection.execute("SELECT takeout.create_dataset('drifting', tenant => 'default')")
        connection.execute(export.format("'drifting', 'csv'")).fetchall()


def test_a_table_moved_or_renamed_is_no_drift(connection, drifting):
    connection.execute("CREATE SCHEMA IF NOT EXISTS elsewhere; ALTER TABLE drifting RENAME TO moved;"
                       " ALTER TABLE moved SET SCHEMA elsewhere; ALTER TABLE elsewhere.moved ADD COLUMN later integer")
    data = connection.execute("SELECT takeout.export('drifting', 'csv')").fetchone()[0]
    assert bytes(data) == b"id,name,extra\r\n1,a,b\r\n"
    connection.execute("ALTER TABLE elsewhere.moved SET SCHEMA public; ALTER TABLE moved RENAME TO drifting")


def test_a_column_that_cannot_be_read(connection, database, orders):
    """Aggregates follow plain GRANTs; the view's owner needs what the view reads."""
    connection.execute("""DROP ROLE IF EXISTS takeout_reader; CREATE ROLE takeout_reader LOGIN;
        GRANT SELECT (id, total) ON orders TO takeout_reader""")
    try:
        with database.connect(user="takeout_reader", password="") as reader:
            for format in ("csv", "json", "jsonl", "xlsx"):
                assert_refused(reader, f"SELECT takeout.{format}_file(o) FROM orders o", NO_PRIVILEGE, "orders")
                reader.execute(f"SELECT takeout.{format}_file(o) FROM (SELECT id, total FROM orders) o").fetchall()
    finally:
        connection.execute("DROP OWNED BY takeout_reader; DROP ROLE takeout_reader")


def test_a_source_whose_view_owner_lost_its_privilege(connection, database):
    connection.execute("""DROP ROLE IF EXISTS takeout_owner; CREATE ROLE takeout_owner;
        CREATE SCHEMA owned AUTHORIZATION takeout_owner; SET ROLE takeout_owner;
        CREATE TABLE owned.things (id integer PRIMARY KEY, secret text);
        SELECT takeout.create_dataset('owned.things', tenant => 'default'); RESET ROLE;
        REVOKE SELECT ON owned.things FROM takeout_owner""")
    try:
        for export in EXPORTS:
            assert_refused(connection, export.format("'things', 'csv'"), NO_PRIVILEGE, "things")
    finally:
        connection.execute("DROP OWNED BY takeout_owner CASCADE; DROP ROLE takeout_owner")


def test_an_overlong_xlsx_cell_names_row_column_and_another_format(connection):
    connection.execute("""DROP TABLE IF EXISTS long_cells CASCADE;
        CREATE TABLE long_cells AS SELECT i AS id, CASE i WHEN 7 THEN repeat('x', 32768) ELSE 'short' END AS "the text"
        FROM generate_series(1, 9) i; ALTER TABLE long_cells ADD PRIMARY KEY (id)""")
    connection.execute("SELECT takeout.create_dataset('long_cells', tenant => 'default')")
    for export in EXPORTS:
        assert_refused(connection, export.format("'long_cells', 'xlsx'"), TOO_LONG, "the text", "7", "32768", "32767", "CSV")
    connection.execute("UPDATE long_cells SET \"the text\" = repeat('\U0001f600', 16384) WHERE id = 7")
    assert_refused(connection, "SELECT takeout.xlsx_file(t ORDER BY id) FROM long_cells t", TOO_LONG, "the text", "7", "32768")
    connection.execute("UPDATE long_cells SET \"the text\" = repeat('\U0001f600', 16383) || 'x' WHERE id = 7")
    data = bytes(connection.execute("SELECT takeout.export('long_cells', 'xlsx')").fetchone()[0])
    assert next(iter(readers.xlsx_by_openpyxl(data).values()))[7][1] == "\U0001f600" * 16383 + "x"


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "xlsx"])
def test_a_json_column_that_holds_no_json(connection, format):
    """A cast without a function can put anything into a json column; json and json lines would be spoilt by it."""
    connection.execute("""DROP TYPE IF EXISTS fake CASCADE; CREATE DOMAIN fake AS text;
        DROP TABLE IF EXISTS spoilt; CREATE TABLE spoilt (id integer, document json); INSERT INTO spoilt VALUES (1, '{}')""")
    connection.execute("""DO $$ BEGIN CREATE CAST (bytea AS json) WITHOUT FUNCTION;
                          EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
    connection.execute("INSERT INTO spoilt VALUES (2, '{\"a\": '::bytea::json)")
    try:
        assert_refused(connection, f"SELECT takeout.{format}_file(s) FROM spoilt s", "22P02")
    finally:
        connection.execute("DROP CAST (bytea AS json)")


def test_a_report_or_model_dataset_that_was_not_made(connection):
    for call in ("leads()", "visitor_profiles()", "journey_insights()", "organization_profiles()",
                 "analytical_reports('conversions_by_day')"):
        assert_refused(connection, f"SELECT takeout.{call}", UNKNOWN_OBJECT, "create_model")


def test_aggregates_refuse_what_is_no_row_and_unknown_options(connection):
    assert_refused(connection, "SELECT takeout.csv_file(ROW(1), '{\"sheet\": \"x\"}')", BAD_VALUE, '"sheet"')
    assert_refused(connection, "SELECT takeout.xlsx_file(t, takeout.csv_options()) FROM (SELECT 1 AS a) t", BAD_VALUE)


def test_more_columns_than_excel_has(connection):
    """PostgreSQL's own limit of 1,600 columns lies below Excel's 16,384, so all that PostgreSQL can hold fits."""
    columns = ", ".join(f"{number} AS c{number}" for number in range(1600))
    data = bytes(connection.execute(f"SELECT takeout.xlsx_file(t) FROM (SELECT {columns}) t").fetchone()[0])
    assert next(iter(readers.xlsx_by_openpyxl(data).values()))[1][:1600] == list(range(1600))
