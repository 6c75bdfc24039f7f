"""Attempts of a reader and a member to get at an unmasked address, by every way that SQL offers."""

import io
import re
import zipfile

import psycopg
import pytest

RAW = ["203.0.113.77", "198.51.100.211", "2001:db8:1:2:3:4:5:6", "192.0.2.99"]
MASKED = ["203.0.113.0/24", "198.51.100.0/24", "2001:db8:1::/48", "192.0.2.0/24"]

PREPARE = """
CREATE SCHEMA web;
CREATE TYPE web.hop AS (at timestamptz, via inet);
CREATE DOMAIN web.host AS inet;
CREATE TABLE web.hit (id int PRIMARY KEY, tenant_id text NOT NULL DEFAULT 'default', ip inet, host web.host, forwarded inet[],
                      hop web.hop, hops web.hop[], told text, seen cidr);
INSERT INTO web.hit (id, ip, host, forwarded, hop, hops, told, seen)
SELECT i, '203.0.113.77', '198.51.100.211', '{2001:db8:1:2:3:4:5:6,192.0.2.99}', ROW('2026-01-01'::timestamptz, '203.0.113.77'::inet)::web.hop,
       ARRAY[ROW('2026-01-01'::timestamptz, '192.0.2.99'::inet)::web.hop], '198.51.100.211', '203.0.113.77/32' FROM generate_series(1, 200) i;
CREATE INDEX ON web.hit (ip);
ANALYZE web.hit;
SELECT takeout.create_dataset('web.hit', mask => '{told}');
CREATE ROLE web_reader LOGIN;
INSERT INTO takeout.members VALUES ('web_reader', 'default');
GRANT USAGE, CREATE ON SCHEMA web TO web_reader;
GRANT SELECT ON web.hit_dataset TO web_reader;
"""

LEAKY = """
CREATE FUNCTION web.leak(anyelement) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'leak %', $1; RETURN true; END $$;
CREATE FUNCTION web.leak(cidr, cidr) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'leak % %', $1, $2; RETURN true; END $$;
CREATE OPERATOR web.=== (LEFTARG = cidr, RIGHTARG = cidr, FUNCTION = web.leak);
"""


@pytest.fixture(scope="module")
def web(database):
    with database.connect() as admin:
        admin.execute(PREPARE)
    yield database
    with database.connect() as admin:
        admin.execute("DROP SCHEMA web CASCADE; DROP OWNED BY web_reader; DROP ROLE web_reader")


@pytest.fixture
def told(web):
    """A reader's session, and all that the server has told it: rows, notices, errors, plans."""
    heard = []
    with web.connect(user="web_reader") as connection:
        connection.add_notice_handler(lambda notice: heard.append(str(notice.message_primary) + str(notice.message_detail)))
        connection.execute("DROP FUNCTION IF EXISTS web.leak(anyelement), web.leak(cidr, cidr) CASCADE")
        connection.execute(LEAKY)

        def ask(query, *parameters):
            try:
                heard.extend(str(row) for row in connection.execute(query, parameters or None).fetchall())
            except psycopg.Error as error:
                heard.extend(filter(None, [error.diag.message_primary, error.diag.message_detail, error.diag.message_hint,
                                           error.diag.context, error.diag.internal_query]))
            return "\n".join(heard)

        yield ask


def assert_masked(text):
    text = text.replace("IPv", "")
    assert not [address for address in RAW if re.search(rf"(?<![0-9a-f:.]){re.escape(address)}(?![0-9.])(?!/(24|48))", text)], text[:2000]


@pytest.mark.parametrize("column", ["ip", "host", "forwarded", "hop", "hops", "told", "seen", "v"])
def test_a_leaky_function_sees_what_the_view_shows(told, column):
    text = told(f"SELECT count(*) FROM web.hit_dataset v WHERE web.leak({column})")
    assert "leak" in text
    assert_masked(text)
    assert any(masked in text for masked in MASKED)


def test_a_leaky_operator_and_order(told):
    assert_masked(told("SELECT ip FROM web.hit_dataset WHERE ip OPERATOR(web.===) '0.0.0.0/0' ORDER BY web.leak(ip), host LIMIT 3"))
    assert_masked(told("SELECT max(ip), min(host), array_agg(told), string_agg(seen::text, ',') FROM web.hit_dataset"))


@pytest.mark.parametrize("options", ["ANALYZE, VERBOSE, COSTS off", "VERBOSE", "ANALYZE, FORMAT json"])
def test_plans(told, options):
    for condition in ("ip = '203.0.113.0/24'", "web.leak(ip)", "ip << '203.0.0.0/8'", "hop IS NOT NULL", "told LIKE '203%%'"):
        assert_masked(told(f"EXPLAIN ({options}) SELECT * FROM web.hit_dataset WHERE {condition}"))


@pytest.mark.parametrize("expression", [
    "ip::text::int", "1 / (masklen(ip) - 24)", "forwarded::text::int", "hop::text::date", "hops::text::json", "told::int",
    "row_to_json(v)::text::int", "v::text::int", "to_jsonb(v)::text::inet", "seen::text::timestamptz", "host(ip)::macaddr",
    "(SELECT f FROM unnest(forwarded) f LIMIT 1)::text::int", "set_masklen(ip, 99)", "repeat(ip::text, 1000000000)",
    "lo_from_bytea(0, ip::text::bytea)::text::date", "xmlparse(document ip::text)", "format('%%I', ip)::regclass::text"])
def test_error_messages(told, expression):
    assert_masked(told(f"SELECT {expression} FROM web.hit_dataset v"))


@pytest.mark.parametrize("expression", [
    "v", "v.*::text", "row_to_json(v)", "to_jsonb(v)", "array_agg(ip)", "json_agg(v)", "jsonb_object_agg(id, ip)",
    "host(ip)", "text(ip)", "abbrev(ip)", "hop", "(hop).via", "hops[1]", "forwarded[1]", "told", "inet_merge(ip, host)",
    "broadcast(ip)", "network(ip)", "family(ip)", "hostmask(ip)", "ip::inet & '255.255.255.255'", "xmlforest(ip)"])
def test_values_and_casts(told, expression):
    group = " GROUP BY id" if "agg" in expression else ""
    assert_masked(told(f"SELECT {expression} FROM web.hit_dataset v{group}"))


def test_statistics(told):
    for query in ("SELECT * FROM pg_stats WHERE schemaname = 'web'", "SELECT * FROM pg_stats_ext",
                  "SELECT * FROM pg_statistic", "SELECT * FROM web.hit", "TABLE pg_stat_activity",
                  "EXPLAIN SELECT * FROM web.hit_dataset WHERE ip = '203.0.113.77'::inet"):
        text = told(query)
        assert "198.51.100.211" not in text and "192.0.2.99" not in text


def test_files(told, web):
    with web.connect(user="web_reader") as connection:
        for file_format in ("csv", "json", "jsonl", "xlsx"):
            for call in (f"takeout.export('hit', '{file_format}')", f"(takeout.export_page('hit', '{file_format}')).data",
                         f"(SELECT takeout.{file_format}_file(v) FROM web.hit_dataset v)"):
                file = bytes(connection.execute(f"SELECT {call}").fetchone()[0])
                if file_format == "xlsx":
                    with zipfile.ZipFile(io.BytesIO(file)) as archive:
                        file = b"".join(archive.read(name) for name in archive.namelist())
                assert_masked(file.decode())
                assert "203.0.113.0/24" in file.decode()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT takeout.csv_file(h) FROM web.hit h")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET takeout.ipv4_prefix = 32")
    # Whoever may read the table itself gets masked files of it all the same.
    with web.connect() as admin:
        admin.execute("GRANT SELECT ON web.hit TO web_reader")
    try:
        with web.connect(user="web_reader") as connection:
            for function in ("csv_file", "json_file", "jsonl_file"):
                text = bytes(connection.execute(f"SELECT takeout.{function}(h) FROM (SELECT ip, host, forwarded, hop, hops, seen FROM web.hit) h")
                             .fetchone()[0]).decode()
                assert_masked(text)
    finally:
        with web.connect() as admin:
            admin.execute("REVOKE SELECT ON web.hit FROM web_reader")


def test_files_of_rows_that_go_into_them_as_they_are_in_the_table(web):
    """Addresses in them are masked on their way only."""
    with web.connect() as admin:
        admin.execute("""CREATE TABLE web.visitor AS SELECT i AS id, inet '203.0.113.77' + i AS ip, 'default' AS tenant_id, cidr '203.0.113.77/32' AS net
                         FROM generate_series(0, 9) i""")
        admin.execute("ALTER TABLE web.visitor ADD PRIMARY KEY (id); ANALYZE web.visitor")
        admin.execute("SELECT takeout.create_dataset('web.visitor', columns => '{id,ip}')")
        admin.execute("SELECT takeout.create_dataset('web.visitor', 'everything')")
    with web.connect(user="web_reader") as connection:
        for dataset, masked in (("visitor", 10), ("everything", 20)):
            for file_format in ("csv", "json", "jsonl"):
                for arguments in ("", ", ordered => false", ", ids => '{0,1,2,3,4,5,6,7,8,9}'", ", columns => '{ip,id}'"):
                    file = connection.execute(f"SELECT takeout.export('{dataset}', '{file_format}'{arguments})").fetchone()[0]
                    expected = 10 if "columns" in arguments else masked
                    assert file.count(b"203.0.113.0/24") == file.count(b"203.0.113.") == expected, (dataset, file_format, arguments)
    with web.connect() as admin:
        admin.execute("SELECT takeout.drop_dataset('visitor'); SELECT takeout.drop_dataset('everything'); DROP TABLE web.visitor")
