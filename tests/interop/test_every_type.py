"""A table with a column of every type that PostgreSQL ships, in every format, as other programs read it."""

import re

import pytest
from psycopg import sql

import every_type
import readers
from expectation import Serial, assert_csv, assert_json, assert_xlsx, expect, xlsx_cell_is_right
from readers import as_openpyxl_shows, without_guard

SHIPPED = """
SELECT typname FROM pg_type
WHERE typnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND typtype IN ('b', 'd', 'e', 'r', 'm') AND NOT (typcategory = 'A' AND typname LIKE '\\_%')
ORDER BY oid
"""


@pytest.fixture(scope="module")
def shipped_types(connection):
    return [row[0] for row in connection.execute(SHIPPED)]


@pytest.fixture(scope="module")
def every_type_table(connection, shipped_types):
    """One column a type and one an array of it; each row has the next literal, NULL where a type has no more."""
    connection.execute(every_type.OWN_TYPES)
    connection.execute("CREATE TABLE correlated AS SELECT i % 5 AS a, i % 5 AS b FROM generate_series(1, 100) i")
    connection.execute("CREATE STATISTICS correlation (ndistinct, dependencies, mcv) ON a, b FROM correlated")
    connection.execute("ANALYZE correlated")
    user = connection.info.user

    literals = {**every_type.LITERALS, **every_type.OWN_LITERALS}
    types = shipped_types + list(every_type.OWN_LITERALS)
    columns = ["row_number integer PRIMARY KEY"]
    for name in types:
        schema = connection.execute("SELECT typnamespace::regnamespace::text FROM pg_type WHERE typname = %s",
                                    [name]).fetchone()[0]
        columns.append(f'"is_{name}" {schema}."{name}"')
        if name not in every_type.UNTYPABLE:
            columns.append(f'"of_{name}" {schema}."{name}"[]')
    connection.execute(f"CREATE TABLE every_type ({', '.join(columns)})")

    rows = max(len(values) for values in literals.values()) + 1
    for number in range(rows):
        names, values, arguments = ["row_number"], [str(number)], []
        for name in types:
            if every_type.UNTYPABLE.get(name) and number == 0:
                names.append(f'"is_{name}"')
                values.append(f"({every_type.UNTYPABLE[name]})")
            elif number < len(literals.get(name, [])):
                own = [literal.format(user=user) if name in ("aclitem", "regrole") else literal
                       for literal in literals[name]]
                names += [f'"is_{name}"', f'"of_{name}"']
                values += ["%s", "%s"]
                # An array with that value, a NULL, and the first value; the first row's is empty.
                items = [own[number], None, own[0]] if number > 0 else []
                arguments += [own[number], array_literal(items, ";" if name == "box" else ",")]
        connection.execute(f"INSERT INTO every_type ({', '.join(names)}) VALUES ({', '.join(values)})", arguments)
    return "every_type"


def array_literal(items, delimiter):
    quoted = ["NULL" if item is None else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + delimiter.join(quoted) + "}"


@pytest.fixture(scope="module")
def expected(connection, every_type_table):
    """to_jsonb() knows nothing of masking: nested addresses are the business of a test of their own."""
    columns = [row[0] for row in connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'every_type'::regclass AND attnum > 0 ORDER BY attnum")]
    hidden = ["of_inet", "of_cidr", "of_address"]
    kept = sql.SQL(", ").join(sql.Identifier(column) for column in columns if column not in hidden)
    connection.execute(sql.SQL("CREATE VIEW plain_types AS SELECT {} FROM every_type").format(kept))
    return expect(connection, "plain_types")


def test_no_shipped_type_is_forgotten(shipped_types):
    assert set(shipped_types) == set(every_type.LITERALS) | set(every_type.UNTYPABLE)


def test_csv(expected, export):
    data = export("SELECT takeout.csv_file(t ORDER BY row_number) FROM plain_types t")
    assert_csv(expected, *readers.csv_by_python(data))
    assert_csv(expected, *readers.csv_by_pandas(data))


def test_json(expected, export):
    assert_json(expected, readers.json_by_python(
        export("SELECT takeout.json_file(t ORDER BY row_number) FROM plain_types t")))


def test_pretty_json(expected, export):
    assert_json(expected, readers.json_by_python(export(
        "SELECT takeout.json_file(t, takeout.json_options(pretty => true) ORDER BY row_number) FROM plain_types t")))


def test_json_lines(expected, export):
    assert_json(expected, readers.json_lines_by_python(
        export("SELECT takeout.jsonl_file(t ORDER BY row_number) FROM plain_types t")))


def test_json_is_json_for_jq(expected, export):
    data = export("SELECT takeout.json_file(t ORDER BY row_number) FROM plain_types t")
    lines = export("SELECT takeout.jsonl_file(t ORDER BY row_number) FROM plain_types t")
    objects = readers.json_by_jq(data)
    assert [list(row) for row in objects] == [expected.names] * len(expected.texts)
    assert objects == readers.json_lines_by_jq(lines)


def test_xlsx(expected, export):
    data = export("SELECT takeout.xlsx_file(t ORDER BY row_number) FROM plain_types t")
    first = next(iter(readers.xlsx_by_openpyxl(data).values()))
    assert_xlsx(expected, first, openpyxl_cell_is_right)
    assert_xlsx(expected, next(iter(readers.xlsx_by_node("sheetjs", data).values())))


def openpyxl_cell_is_right(kind, text, cell):
    if kind == "time" and text is not None and "23:59:59.9995" <= text < "24":
        return isinstance(cell, Serial)  # openpyxl rounds to milliseconds, here into the next day
    if isinstance(cell, str) and text is not None and kind != "nested":
        return xlsx_cell_is_right(kind, as_openpyxl_shows(text), without_guard(cell))
    return xlsx_cell_is_right(kind, text, cell)


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "xlsx"])
def test_no_whole_address_leaves_however_deep_it_lies(connection, export, format):
    connection.execute("""
        DROP TABLE IF EXISTS hidden_addresses; DROP TYPE IF EXISTS seen, hop, inet_range CASCADE;
        DROP DOMAIN IF EXISTS home;
        CREATE DOMAIN home AS inet;
        CREATE TYPE inet_range AS RANGE (subtype = inet);
        CREATE TYPE hop AS (via home, at timestamptz);
        CREATE TYPE seen AS (route hop[], first cidr);
        CREATE TABLE hidden_addresses AS SELECT
          inet '198.51.100.77' AS plain, home '198.51.100.77' AS domain, ARRAY[inet '198.51.100.77', NULL] AS list,
          ARRAY[[home '198.51.100.77']] AS domains, inet_range('198.51.100.77', '198.51.100.78') AS range,
          inet_multirange(inet_range('198.51.100.77', '198.51.100.78')) AS multirange,
          ROW(ARRAY[ROW('198.51.100.77', now())::hop], '198.51.100.77/32')::seen AS composite,
          ARRAY[ROW(ARRAY[ROW('2001:db8:1:2:3:4:5:77', now())::hop], '2001:db8:1:2:3:4:5:77/128')::seen] AS composites,
          ARRAY[inet '2001:db8:1:2:3:4:5:77'] AS six""")
    data = export(f"SELECT takeout.{format}_file(t) FROM hidden_addresses t")
    if format == "xlsx":
        seen = "\n".join(str(cell) for row in next(iter(readers.xlsx_by_openpyxl(data).values())) for cell in row)
    else:
        seen = data.decode()
    assert "198.51.100.77" not in seen and "198.51.100.78" not in seen
    assert not re.search(r"2001:db8:1:2\b", seen)
    assert seen.count("198.51.100.0/24") >= 7 and seen.count("2001:db8:1::/48") >= 3


def test_nested_addresses_keep_their_shape(connection, export):
    data = export("""SELECT takeout.json_file(t) FROM (
        SELECT '{198.51.100.77,NULL,2001:db8:1:2::3}'::inet[] AS list, '{{10.1.2.3},{10.1.2.4}}'::inet[] AS grid,
               '{}'::inet[] AS empty, NULL::cidr[] AS missing) t""")
    assert readers.json_by_python(data) == [{
        "list": ["198.51.100.0/24", None, "2001:db8:1::/48"], "grid": [["10.1.2.0/24"], ["10.1.2.0/24"]],
        "empty": [], "missing": None}]
