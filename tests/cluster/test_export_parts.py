"""takeout.export_parts and takeout.export_part: the bytes of one export by several sessions, and none of its rules around."""

import hashlib
import itertools

import psycopg
import pytest

from governed import make_role
from throwaway_server import wait_until

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@pytest.fixture(scope="module")
def datasets(connection):
    """name: rows, of tables whose order is hard to cut: several tenants, no time, no key, texts, times that repeat or are NULL."""
    time = "timestamptz '2026-01-01' + i * interval '1 minute'"
    tables = {
        "tenanted": (f"i AS id, {time} AS created_at, CASE WHEN i % 10 < 7 THEN 'default' ELSE 'other' END AS tenant", 20000),
        "timeless": ("i AS id, md5(i::text) AS noise", 20000),
        "named": ("md5(i::text) || E'\\'\"\\\\' AS id, i AS number", 20000),
        "holes": (f"i AS id, CASE WHEN i % 3 > 0 THEN {time} END AS created_at", 20000),
        "unknown_times": ("i AS id, NULL::timestamptz AS created_at", 1000),
        "crowded": ("i AS id, timestamptz '2026-01-01' + (i / 5000) * interval '1 minute' AS created_at", 20000),
        "at_once": ("i AS id, timestamptz '2026-01-01' AS created_at", 1000),
        "days": ("i AS id, date '2026-01-01' + i / 100 AS created_at", 20000),
        "far_days": ("i AS id, CASE WHEN i % 2 = 0 THEN date '2026-01-01' ELSE date '5000000-01-01' END + i / 100 AS created_at", 20000),
        "local_times": (f"i AS id, ({time})::timestamp AS created_at", 20000),
        "few": (f"i AS id, {time} AS created_at", 2),
        "none": (f"i AS id, {time} AS created_at", 0),
        "unanalyzed": (f"i AS id, {time} AS created_at", 20000)}
    for name, (columns, count) in tables.items():
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM generate_series(1, {count}) i ORDER BY md5(i::text)")
        connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (id)" + ("" if name == "unanalyzed" else f"; ANALYZE {name}"))
        owner = "tenant_column => 'tenant'" if name == "tenanted" else "tenant => 'default'"
        connection.execute(f"SELECT takeout.create_dataset('{name}', {owner})")
    connection.execute("CREATE VIEW seen AS SELECT id, created_at + interval '1 hour' AS created_at FROM holes")
    connection.execute("SELECT takeout.create_dataset('seen', key => '{id}', tenant => 'default')")
    connection.execute("CREATE VIEW orderless AS SELECT id FROM timeless ORDER BY id")
    connection.execute("SELECT takeout.create_dataset('orderless', tenant => 'default')")
    return [*tables, "seen", "orderless"]


def stream(connection, arguments):
    return b"".join(row[0] for row in connection.execute(f"SELECT takeout.export_stream({arguments})", binary=True))


class Parts:
    """An export that a session of its own has begun; ends with the block."""

    def __init__(self, database, dataset, parts, arguments="format => 'csv'", **parameters):
        self.database, self.dataset, self.arguments, self.parameters = database, dataset, arguments, parameters
        self.leader = database.connect(prepare_threshold=None, **parameters)
        self.leader.execute(BEGIN)
        self.snapshot = self.leader.execute("SELECT pg_export_snapshot()").fetchone()[0]
        self.tokens = [row[0] for row in self.leader.execute(
            f"SELECT takeout.export_parts('{dataset}', {parts}, {arguments})")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leader.close()

    def query(self, token):
        return f"SELECT takeout.export_part('{self.dataset}', '{token}', {self.arguments})"

    def session(self, **parameters):
        session = self.database.connect(prepare_threshold=None, **{**self.parameters, **parameters})
        session.execute(BEGIN)
        session.execute(f"SET TRANSACTION SNAPSHOT '{self.snapshot}'")
        return session

    def export(self, number, query=None, **parameters):
        with self.session(**parameters) as session:
            return b"".join(row[0] for row in session.execute(query or self.query(self.tokens[number]), binary=True))

    def refusal(self, number, query=None, **parameters):
        with pytest.raises(psycopg.Error) as error:
            self.export(number, query, **parameters)
        return error.value.sqlstate


@pytest.mark.parametrize("file_formats, counts", [(["csv"], [3]), pytest.param(["csv", "jsonl"], [1, 2, 8], marks=pytest.mark.long)])
def test_parts_one_behind_the_other_are_the_stream(database, connection, datasets, file_formats, counts):
    for dataset, file_format, parts in itertools.product(datasets, file_formats, counts):
        arguments = f"format => '{file_format}', tenant => 'default'"
        with Parts(database, dataset, parts, arguments) as export:
            assert 1 <= len(export.tokens) <= parts
            # In whatever order they run.
            files = {number: export.export(number) for number in reversed(range(len(export.tokens)))}
        assert b"".join(files[number] for number in sorted(files)) == stream(connection, f"'{dataset}', {arguments}"), (dataset, parts)


def test_parts_are_of_about_the_same_size(database, datasets):
    for dataset in ("tenanted", "named", "days", "seen", "far_days"):
        until = ", until => '2027-01-01'" if dataset == "far_days" else ""
        with Parts(database, dataset, 4, "tenant => 'default', format => 'csv'" + until) as export:
            sizes = [len(export.export(number)) for number in range(4)]
        largest = 2.2 if dataset == "seen" else 1.3  # a third of its rows has no time, and is the end of the last part
        assert max(sizes) < largest * sum(sizes) / 4, (dataset, sizes)


def test_a_period_and_options_and_columns_are_those_of_the_whole(database, connection, datasets):
    for arguments in ("""format => 'csv', since => '2026-01-03', until => '2026-01-09 12:00+00', columns => '{created_at,id}',
                         options => '{"dialect": "excel", "delimiter": ";"}'""",
                      """format => 'csv', until => '2026-01-02', options => '{"header": false}'""",
                      """format => 'jsonl', since => '2026-02-01'""",
                      """format => 'csv', ids => '{5,17,900,18}'"""):
        for dataset in ("holes", "days"):
            with Parts(database, dataset, 3, arguments) as export:
                joined = b"".join(export.export(number) for number in range(len(export.tokens)))
            assert joined == stream(connection, f"'{dataset}', {arguments}"), (dataset, arguments)


def test_all_parts_have_the_rows_of_one_moment(database, connection, datasets):
    before = stream(connection, "'holes', 'csv'")
    with Parts(database, "holes", 3) as export:
        first = export.export(0)
        connection.execute("INSERT INTO holes SELECT -i, '2026-01-05' FROM generate_series(1, 100) i; DELETE FROM holes WHERE id = 7")
        try:
            assert first + export.export(1) + export.export(2) == before
        finally:
            connection.execute("DELETE FROM holes WHERE id < 0; INSERT INTO holes VALUES (7, timestamptz '2026-01-01' + interval '7 minutes')")


def test_a_part_under_another_snapshot_is_refused(database, connection, datasets):
    with Parts(database, "holes", 2) as export:
        connection.execute("CREATE TABLE later (); DROP TABLE later")
        with database.connect() as session, pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="snapshot"):
            session.execute(export.query(export.tokens[0]))


def test_a_part_is_exported_once(database, datasets):
    with Parts(database, "holes", 2) as export:
        export.export(0)
        assert export.refusal(0) == "55000"
        export.export(1)


def test_no_part_after_the_leaders_transaction(database, connection, datasets):
    for end in ("COMMIT", "ROLLBACK"):
        with Parts(database, "holes", 2) as export:
            with export.session() as worker:
                export.leader.execute(end)
                with pytest.raises(psycopg.errors.InvalidParameterValue):
                    worker.execute(export.query(export.tokens[0]))


def test_a_part_that_runs_ends_with_the_leaders_transaction(database, rows):
    with Parts(database, rows, 2) as export, export.session() as worker:
        worker.execute(f"DECLARE part CURSOR FOR {export.query(export.tokens[0])}")
        assert worker.execute("FETCH part").fetchone()
        export.leader.execute("COMMIT")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="ended"):
            worker.execute("FETCH ALL FROM part")


def test_a_savepoint_rolled_back_ends_the_export(database, connection, datasets):
    with database.connect() as leader:
        leader.execute(BEGIN)
        leader.execute("SAVEPOINT a")
        token = leader.execute("SELECT takeout.export_parts('holes', 2, 'csv')").fetchone()[0]
        leader.execute("ROLLBACK TO a")
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            leader.execute(f"SELECT takeout.export_part('holes', '{token}', 'csv')")


def test_a_token_is_for_the_role_and_the_call_that_it_was_given_to(database, connection, datasets):
    role, other = make_role(connection, None, ["default", "other"]), make_role(connection, None, ["default", "other"])
    arguments = "format => 'csv', tenant => 'default', since => '2026-01-02'"
    with Parts(database, "tenanted", 2, arguments, user=role) as export:
        token = export.tokens[1]

        def refused(called="'tenanted'", part=token, rest=arguments, **parameters):
            return export.refusal(0, f"SELECT takeout.export_part({called}, '{part}', {rest})", **parameters) == "22023"

        assert refused(user=other)
        assert refused(rest=arguments.replace("'default'", "'other'"))
        assert refused(rest=arguments.replace("csv", "jsonl"))
        assert refused(rest=arguments.replace("2026-01-02", "2026-01-01"))
        assert refused(rest=arguments + ", columns => '{id}'")
        assert refused(rest=arguments + """, options => '{"delimiter": ";"}'""")
        assert refused(rest=arguments + ", ids => '{1}'")
        assert refused(called="'holes'")
        for changed in (token[:-1] + "7", token[:-1], token + "0", "", "x" * 66, ("0" if token[0] != "0" else "1") + token[1:]):
            assert refused(part=changed), changed
        assert export.export(1)


def test_the_leaders_transaction_must_keep_its_snapshot_and_only_read(database, datasets):
    with database.connect() as session:
        for begin in ("BEGIN", "BEGIN READ ONLY", "BEGIN ISOLATION LEVEL REPEATABLE READ"):
            session.execute(begin)
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="snapshot"):
                session.execute("SELECT takeout.export_parts('holes', 2, 'csv')")
            session.execute("ROLLBACK")


def test_what_cannot_be_joined_is_refused(database, datasets):
    for arguments, sqlstate in (("2, 'json'", "0A000"), ("2, 'xlsx'", "0A000"), ("0, 'csv'", "22023"), ("65, 'csv'", "22023"),
                                ("NULL, 'csv'", "22023")):
        with database.connect() as session:
            session.execute(BEGIN)
            with pytest.raises(psycopg.Error) as error:
                session.execute(f"SELECT takeout.export_parts('holes', {arguments})")
            assert error.value.sqlstate == sqlstate, arguments


def test_who_is_no_member_begins_nothing(database, connection, datasets):
    connection.execute("CREATE ROLE outsider LOGIN")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        Parts(database, "holes", 2, user="outsider")


def test_the_limits_hold_for_the_sum_of_the_parts(database, connection, datasets):
    for limit, refused in (("max_rows", 19999), ("max_bytes", 500000)):
        role = make_role(connection, None)
        connection.execute(f"UPDATE takeout.limits SET {limit} = %s WHERE role = %s::regrole", [refused, role])
        with Parts(database, "timeless", 2, user=role) as export:
            export.export(0)
            assert export.refusal(1) == "54000", limit
        connection.execute("UPDATE takeout.limits SET max_rows = 20000, max_bytes = 5000000 WHERE role = %s::regrole", [role])
        with Parts(database, "timeless", 2, user=role) as export:
            assert export.export(0) + export.export(1) == stream(connection, "'timeless', 'csv'")


def test_a_longest_period_ends_for_all_parts_as_for_the_whole(database, connection):
    connection.execute("""CREATE TABLE coming AS SELECT i AS id, now() + (i - 1000) * interval '1 minute' AS created_at
                          FROM generate_series(1, 2000) i; ALTER TABLE coming ADD PRIMARY KEY (id); ANALYZE coming""")
    connection.execute("SELECT takeout.create_dataset('coming', tenant => 'default')")
    role = make_role(connection, None)
    connection.execute("UPDATE takeout.limits SET max_period = '25 hours' WHERE role = %s::regrole", [role])
    since = connection.execute("SELECT now() - interval '1 day'").fetchone()[0]
    with Parts(database, "coming", 3, f"format => 'csv', since => '{since}'", user=role) as export:
        rows = sum(export.export(number).count(b"\r\n") for number in range(len(export.tokens))) - 1
    assert rows == connection.execute("SELECT count(*) FROM coming WHERE created_at < %s::timestamptz + interval '25 hours'",
                                      [since]).fetchone()[0]
    assert 1050 < rows < 1070
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        Parts(database, "coming", 3, user=role)


def test_an_export_in_parts_is_one_request(database, connection, datasets):
    role = make_role(connection, per_minute=1)
    with Parts(database, "holes", 3, user=role) as export:
        for number in range(3):
            export.export(number)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            Parts(database, "holes", 3, user=role)


def lines_since(connection, mark):
    columns = "seq, event, export, part_of, method, filter, rows, bytes, sha256, sqlstate"
    found = connection.execute(f"SELECT {columns} FROM takeout.audit_log WHERE seq > %s ORDER BY seq", [mark])
    names = columns.split(", ")
    return [dict(zip(names, row)) for row in found]


@pytest.fixture
def recorded(connection, last_recorded):
    return lambda: lines_since(connection, last_recorded)


def test_the_record_has_the_whole_and_its_parts(database, datasets, recorded):
    with Parts(database, "holes", 2) as export:
        files = [export.export(0), export.export(1)]
    whole, *parts, end = recorded()
    assert (whole["event"], whole["method"], whole["filter"], whole["part_of"]) == ("INTENT", "export_parts", {"parts": 2}, None)
    assert [line["event"] for line in parts] == ["INTENT", "COMPLETE"] * 2
    assert {line["part_of"] for line in parts} == {whole["seq"]} and {line["method"] for line in parts} == {"export_part"}
    assert [line["filter"] for line in parts[::2]] == [{"part": 1}, {"part": 2}]
    for file, line in zip(files, parts[1::2]):
        assert (line["bytes"], line["sha256"]) == (len(file), hashlib.sha256(file).hexdigest())
    assert (end["event"], end["export"], end["method"]) == ("COMPLETE", whole["seq"], "export_parts")
    assert (end["rows"], end["bytes"]) == (20000, sum(map(len, files))) and end["rows"] == parts[1]["rows"] + parts[3]["rows"]


def test_a_whole_without_all_of_its_parts_is_abandoned(database, datasets, recorded):
    with Parts(database, "holes", 2) as export:
        file = export.export(0)
        export.leader.execute("ROLLBACK")
    end = recorded()[-1]
    assert (end["event"], end["method"], end["bytes"]) == ("ABANDONED", "export_parts", len(file))


def test_a_part_that_fails_ends_the_others_and_the_whole(database, gate, recorded):
    with Parts(database, gate.dataset, 2) as export:
        with export.session() as first, export.session() as second:
            first.execute(f"DECLARE part CURSOR FOR {export.query(export.tokens[0])}")
            first.execute("FETCH part")
            second.execute(f"DECLARE part CURSOR FOR {export.query(export.tokens[1])}")
            second.execute("FETCH part")
            second.execute("SAVEPOINT a")
            second.execute("SET statement_timeout = 100")
            with pytest.raises(psycopg.errors.QueryCanceled):
                second.execute("FETCH ALL FROM part")
            gate.open()
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="ended"):
                first.execute("FETCH ALL FROM part")
        export.leader.execute("COMMIT")
    ends = [(line["event"], line["method"], line["sqlstate"]) for line in recorded() if line["event"] != "INTENT"]
    assert ends == [("FAILED", "export_part", "57014"), ("FAILED", "export_part", "55000"), ("FAILED", "export_parts", "57014")]


def test_a_part_that_is_left_ends_the_others_and_the_whole(database, rows, recorded):
    with Parts(database, rows, 2) as export:
        with export.session() as first, export.session() as second:
            first.execute(f"DECLARE part CURSOR FOR {export.query(export.tokens[0])}")
            first.execute("FETCH part")
            second.execute(export.query(export.tokens[1]) + " LIMIT 1")
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="ended"):
                first.execute("FETCH ALL FROM part")
        assert export.refusal(1) == "55000"
        export.leader.execute("COMMIT")
    ends = [(line["event"], line["method"], line["sqlstate"]) for line in recorded() if line["event"] not in ("INTENT", "DENIED")]
    assert ends == [("ABANDONED", "export_part", None), ("FAILED", "export_part", "55000"), ("FAILED", "export_parts", "55000")]


def test_a_part_that_was_refused_does_no_harm(database, connection, datasets):
    with Parts(database, "holes", 2) as export:
        first = export.export(0)
        assert export.refusal(0) == "55000"
        with database.connect() as session:
            session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            session.execute(f"SET TRANSACTION SNAPSHOT '{export.snapshot}'")
            session.execute("DELETE FROM holes WHERE id = 9")
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="only reads"):
                session.execute(export.query(export.tokens[1]))
            session.execute("ROLLBACK")
        assert first + export.export(1) == stream(connection, "'holes', 'csv'")


def hold(held, database, **parameters):
    """Another export in parts; the server may still be ending those of sessions that are gone."""
    def begun():
        try:
            held.append(Parts(database, "few", 2, **parameters))
            return True
        except psycopg.errors.ConfigurationLimitExceeded:
            return False
    wait_until(begun)


def test_one_role_has_room_for_8_exports_at_once(database, connection, datasets, recorded):
    held = []
    role, other = make_role(connection), make_role(connection, 3)
    try:
        for _ in range(8):
            hold(held, database, user=role)
        before = len(recorded())
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="one role has room"):
            Parts(database, "few", 2, user=role)
        assert [(line["event"], line["method"]) for line in recorded()[before:]] == [("DENIED", "export_parts")]
        hold(held, database, user=other)
        held.pop(0).leader.close()
        hold(held, database, user=role)
    finally:
        for export in held:
            export.leader.close()


@pytest.mark.long
def test_there_is_room_for_64_exports_at_once(database, connection, datasets):
    held = []
    try:
        for role in [make_role(connection) for _ in range(8)]:
            for _ in range(8):
                hold(held, database, user=role)
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="server has room"):
            Parts(database, "few", 2)
        held.pop().leader.close()
        hold(held, database)
    finally:
        for export in held:
            export.leader.close()
