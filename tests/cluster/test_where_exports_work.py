"""Exports in every place where a query can stand: read-only transactions, plpgsql, prepared statements, parallel plans."""

import hashlib

import psycopg
import pytest

FORMATS = ["csv", "json", "jsonl", "xlsx"]


def value(connection, query, *arguments):
    result = connection.execute(query, arguments or None).fetchone()[0]
    return bytes(result) if isinstance(result, (bytes, memoryview)) else result


@pytest.fixture(scope="module")
def orders(connection):
    connection.execute("""CREATE TABLE orders AS SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 minute' AS created_at,
        (ARRAY['FI', 'DE', 'SE'])[i % 3 + 1] AS country, md5(i::text) AS note, i / 8.0 AS total
        FROM generate_series(1, 3000) i""")
    connection.execute("ALTER TABLE orders ADD PRIMARY KEY (id); ANALYZE orders")
    connection.execute("SELECT takeout.create_dataset('orders', tenant => 'default')")


@pytest.fixture(scope="module")
def files(connection, orders):
    """The dataset in the formats that give the same bytes each time; an XLSX file states its time."""
    return {format: value(connection, f"SELECT takeout.export('orders', '{format}')") for format in ("csv", "json", "jsonl")}


def test_read_only_transactions(connection, files):
    for mode in ("READ ONLY", "ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE", "ISOLATION LEVEL REPEATABLE READ"):
        with connection.transaction():
            connection.execute(f"SET TRANSACTION {mode}")
            for format, file in files.items():
                assert value(connection, f"SELECT takeout.export('orders', '{format}')") == file
                assert b"".join(bytes(chunk) for chunk, in connection.execute(
                    f"SELECT takeout.export_stream('orders', '{format}')")) == file
                value(connection, f"SELECT takeout.{format}_file(o) FROM orders o")
            assert value(connection, "SELECT takeout.export('orders', 'xlsx')")[:2] == b"PK"
            assert value(connection, "SELECT row_count FROM takeout.export_page('orders', 'csv', page_rows => 7)") == 7


def test_a_result_is_one_snapshot_even_while_others_write(connection, database, files):
    with connection.transaction(), database.connect() as other:
        connection.execute("DECLARE c CURSOR FOR SELECT takeout.export_stream('orders', 'csv')")
        other.execute("UPDATE orders SET note = 'changed'")
        assert b"".join(bytes(chunk) for chunk, in connection.execute("FETCH ALL FROM c")) == files["csv"]
    connection.execute("UPDATE orders SET note = md5(id::text)")
    assert value(connection, "SELECT takeout.export('orders', 'csv')") == files["csv"]


def test_plpgsql_functions_and_exception_blocks(connection, files):
    connection.execute("""CREATE FUNCTION robust(dataset text, format text) RETURNS bytea LANGUAGE plpgsql AS $$
        DECLARE file bytea;
        BEGIN
          BEGIN
            file := takeout.export(dataset, 'pdf');
          EXCEPTION WHEN invalid_parameter_value THEN
            file := takeout.export(dataset, format);
          END;
          BEGIN
            PERFORM takeout.export('no such dataset', 'csv');
          EXCEPTION WHEN undefined_object THEN NULL;
          END;
          RETURN file;
        END $$""")
    for format, file in files.items():
        assert value(connection, "SELECT robust('orders', %s)", format) == file


def test_sql_functions(connection, files):
    connection.execute("""CREATE FUNCTION as_csv() RETURNS bytea BEGIN ATOMIC SELECT takeout.export('orders', 'csv'); END;
        CREATE FUNCTION as_chunks() RETURNS SETOF bytea LANGUAGE sql AS $$ SELECT takeout.export_stream('orders', 'csv') $$""")
    assert value(connection, "SELECT as_csv()") == files["csv"]
    assert b"".join(bytes(chunk) for chunk, in connection.execute("SELECT as_chunks()")) == files["csv"]
    assert b"".join(bytes(chunk) for chunk, in connection.execute("SELECT * FROM as_chunks()")) == files["csv"]


def test_a_source_that_calls_an_export_itself(connection, files):
    """It would export on the membership of whoever exports the view: refused, and the session goes on."""
    connection.execute("""CREATE VIEW sizes AS SELECT 1 AS id, length(takeout.export('orders', 'csv')) AS csv;
        SELECT takeout.create_dataset('sizes', tenant => 'default', key => '{id}')""")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT takeout.export('sizes', 'csv')")
    assert value(connection, "SELECT takeout.export('orders', 'csv')") == files["csv"]


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
def test_prepared_statements(connection, files, mode):
    connection.execute(f"SET plan_cache_mode = {mode}")
    connection.execute("""PREPARE exporting(text, text) AS SELECT takeout.export($1, $2);
        PREPARE aggregating(int) AS SELECT takeout.csv_file(o ORDER BY id) FROM orders o WHERE id <= $1;
        PREPARE streaming(text, text) AS SELECT takeout.export_stream($1, $2)""")
    try:
        for _ in range(7):
            for format, file in files.items():
                assert value(connection, f"EXECUTE exporting('orders', '{format}')") == file
                assert b"".join(bytes(c) for c, in connection.execute(f"EXECUTE streaming('orders', '{format}')")) == file
            assert value(connection, "EXECUTE aggregating(2)").count(b"\r\n") == 3
            assert value(connection, "EXECUTE aggregating(3000)") == files["csv"]
    finally:
        connection.execute("DEALLOCATE ALL; RESET plan_cache_mode")


def test_a_prepared_statement_follows_a_changed_table(connection):
    connection.execute("CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)")
    connection.execute("PREPARE changing AS SELECT takeout.csv_file(c) FROM changing c")
    assert value(connection, "EXECUTE changing") == b"a\r\n1\r\n"
    connection.execute("ALTER TABLE changing ADD COLUMN b text DEFAULT 'x', ADD COLUMN gone int")
    connection.execute("ALTER TABLE changing DROP COLUMN gone")
    assert value(connection, "EXECUTE changing") == b"a,b\r\n1,x\r\n"
    connection.execute("DEALLOCATE changing")


@pytest.fixture
def parallel(connection):
    """Plans with workers wherever they are allowed."""
    settings = ["force_parallel_mode = on", "parallel_setup_cost = 0", "parallel_tuple_cost = 0",
                "min_parallel_table_scan_size = 0", "max_parallel_workers_per_gather = 2"]
    for setting in settings:
        connection.execute(f"SET {setting}")
    yield
    for setting in settings:
        connection.execute(f"RESET {setting.split()[0]}")


def test_aggregates_in_parallel_plans(connection, files, parallel):
    plan = "\n".join(line for line, in connection.execute(
        "EXPLAIN SELECT takeout.csv_file(o ORDER BY id) FROM orders o"))
    assert "Gather" in plan
    for format, file in files.items():
        assert value(connection, f"SELECT takeout.{format}_file(o ORDER BY id) FROM orders o") == file
    # Without an order the rows come as they come, each of them once.
    unordered = value(connection, "SELECT takeout.csv_file(o) FROM orders o")
    assert sorted(unordered.split(b"\r\n")) == sorted(files["csv"].split(b"\r\n"))
    grouped = connection.execute("SELECT country, takeout.jsonl_file(o ORDER BY id) FROM orders o GROUP BY country").fetchall()
    assert len(grouped) == 3 and sum(bytes(file).count(b"\n") for _, file in grouped) == 3000


def test_dataset_exports_while_parallel_plans_are_forced(connection, files, parallel):
    for format, file in files.items():
        assert value(connection, f"SELECT takeout.export('orders', '{format}')") == file
        assert b"".join(bytes(chunk) for chunk, in connection.execute(
            f"SELECT takeout.export_stream('orders', '{format}')")) == file


def test_grouped_and_ordered_aggregates(connection, orders):
    rows = connection.execute("""SELECT country, takeout.csv_file(o ORDER BY id DESC), takeout.csv_file(o ORDER BY id)
        FROM (SELECT id, country FROM orders WHERE id <= 9) o GROUP BY country ORDER BY country""").fetchall()
    assert [(country, bytes(down), bytes(up)) for country, down, up in rows] == [
        (country, *(b"id,country\r\n" + b"".join(b"%d,%s\r\n" % (id, country.encode()) for id in order)
                    for order in (ids[::-1], ids)))
        for country, ids in [("DE", [1, 4, 7]), ("FI", [3, 6, 9]), ("SE", [2, 5, 8])]]


def test_a_value_of_many_pages_has_the_bytes_of_copy(connection):
    """Its memory is put together from large pieces, whole pages of which change their place."""
    connection.execute("CREATE TABLE wide AS SELECT i AS id, repeat(md5(i::text), i % 60) AS note FROM generate_series(1, 140000) i")
    with connection.cursor().copy("COPY wide TO STDOUT (FORMAT csv, HEADER)") as copy:
        theirs = b"".join(copy).replace(b"\n", b"\r\n")
    assert len(theirs) > 130_000_000
    connection.execute("SET takeout.max_result_bytes = '500MB'")
    assert value(connection, "SELECT sha256(takeout.csv_file(w)) FROM wide w") == hashlib.sha256(theirs).digest()
    connection.execute("RESET takeout.max_result_bytes; DROP TABLE wide")


def test_distinct_filter_rollup_and_nested_subqueries(connection, orders):
    twice = "(SELECT country FROM orders WHERE id <= 6) o"
    assert value(connection, f"SELECT takeout.csv_file(DISTINCT o) FROM {twice}").count(b"\r\n") == 4
    assert value(connection, f"SELECT takeout.csv_file(o) FILTER (WHERE country = 'FI') FROM {twice}") == \
        b"country\r\nFI\r\nFI\r\n"
    rows = connection.execute(
        f"SELECT country, length(takeout.csv_file(o)) FROM {twice} GROUP BY ROLLUP (country) ORDER BY 1").fetchall()
    assert rows == [("DE", 17), ("FI", 17), ("SE", 17), (None, 33)]
    nested = value(connection, """SELECT takeout.json_file(g) FROM (
        SELECT country, (SELECT convert_from(takeout.csv_file(i ORDER BY id), 'UTF8') FROM orders i
                         WHERE i.country = o.country AND i.id < 4) AS file
        FROM orders o WHERE id < 4 ORDER BY country) g""")
    assert nested.count(b'"file":"id,created_at,country,note,total\\r\\n') == 3


def test_files_of_each_group_go_to_rows_of_a_table(connection, orders):
    connection.execute("""CREATE TABLE made AS SELECT country, takeout.xlsx_file(o) AS file FROM orders o GROUP BY country;
        INSERT INTO made SELECT country, takeout.csv_file(o) FROM orders o GROUP BY country""")
    assert connection.execute("SELECT count(*), min(length(file)) > 1000 FROM made").fetchone() == (6, True)


@pytest.mark.parametrize("format", FORMATS)
def test_as_a_window_function_it_is_refused_clearly(connection, orders, format):
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="window function"):
        connection.execute(f"SELECT takeout.{format}_file(o) OVER (PARTITION BY country) FROM orders o")
    assert value(connection, "SELECT 1") == 1


@pytest.mark.parametrize("format", FORMATS)
def test_called_by_hand_the_aggregates_functions_refuse(connection, format):
    functions = connection.execute("""SELECT DISTINCT p.oid::regprocedure::text, p.pronargs FROM pg_aggregate a
        JOIN pg_proc p ON p.oid IN (a.aggtransfn, a.aggfinalfn)
        WHERE a.aggfnoid::regproc::text = %s""", [f"takeout.{format}_file"]).fetchall()
    assert functions
    for signature, arguments in functions:
        name = signature.split("(")[0]
        for nulls in (["NULL"] * arguments, ["NULL"] + ["ROW(1)"] + ["NULL"] * (arguments - 2)):
            with pytest.raises(psycopg.Error):
                connection.execute(f"SELECT {name}({', '.join(nulls[:arguments])})")
    assert value(connection, "SELECT 1") == 1


def test_rows_of_no_columns_dropped_columns_and_nulls(connection):
    connection.execute("""CREATE TABLE none (); INSERT INTO none DEFAULT VALUES;
        CREATE TABLE dropped (a int, b int, c int); INSERT INTO dropped VALUES (1, 2, 3); ALTER TABLE dropped DROP COLUMN b""")
    assert value(connection, "SELECT takeout.csv_file(d) FROM dropped d") == b"a,c\r\n1,3\r\n"
    assert value(connection, "SELECT takeout.jsonl_file(d) FROM dropped d") == b'{"a":1,"c":3}\n'
    for format in FORMATS:
        assert value(connection, f"SELECT takeout.{format}_file(n) FROM none n") is not None
        # A row that is NULL altogether, as an outer join gives it, is a row of NULLs or none; never a crash.
        assert value(connection, f"""SELECT takeout.{format}_file(d) FROM (SELECT 1 AS x) one
            LEFT JOIN dropped d ON false""") is not None


def test_rows_of_different_shapes_in_one_file_are_refused(connection):
    connection.execute("CREATE TYPE shape_a AS (a int); CREATE TYPE shape_b AS (a text, b text)")
    for format in FORMATS:
        with pytest.raises(psycopg.Error):
            connection.execute(f"""SELECT takeout.{format}_file(r) FROM (
                SELECT CASE i WHEN 1 THEN ROW(1)::shape_a::record ELSE ROW('x', 'y')::shape_b::record END AS r
                FROM generate_series(1, 2) i) t""")
    assert value(connection, "SELECT 1") == 1


def test_explain_exports_nothing(connection, orders):
    connection.execute("""CREATE SEQUENCE touched; CREATE FUNCTION touch() RETURNS bigint LANGUAGE sql VOLATILE
        AS $$ SELECT nextval('touched') $$;
        CREATE VIEW touching AS SELECT 1 AS id, touch() AS n;
        SELECT takeout.create_dataset('touching', tenant => 'default', key => '{id}')""")
    connection.execute("EXPLAIN SELECT takeout.export('touching', 'csv')")
    connection.execute("EXPLAIN SELECT takeout.export_stream('touching', 'csv')")
    assert connection.execute("SELECT is_called FROM touched").fetchone() == (False,)
    connection.execute("SELECT takeout.export('touching', 'csv')")
    assert connection.execute("SELECT is_called FROM touched").fetchone() == (True,)


def test_a_search_path_full_of_traps(connection, files):
    connection.execute("""CREATE SCHEMA traps;
        CREATE FUNCTION traps.boom() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
        CREATE FUNCTION traps.eq(integer, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT traps.boom() $$;
        CREATE OPERATOR traps.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = traps.eq);
        CREATE FUNCTION traps.ge(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS $$ SELECT traps.boom() $$;
        CREATE OPERATOR traps.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = traps.ge);
        CREATE TABLE traps.orders (trap int); CREATE TABLE traps.datasets (trap int); CREATE TABLE traps.orders_dataset (trap int)""")
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = traps, takeout, pg_catalog, public")
        assert value(connection, "SELECT takeout.export('orders', 'csv')") == files["csv"]
        assert value(connection, """SELECT takeout.export('orders', 'csv', ids => '{1,2}', since => '2026-01-01')""").count(
            b"\r\n") == 3


def test_the_same_data_give_the_same_bytes(connection, files):
    for format, file in files.items():
        assert value(connection, f"SELECT takeout.export('orders', '{format}')") == file
