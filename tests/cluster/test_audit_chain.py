"""The chain under load, over many files, and what verify_audit() says of files that somebody changed."""

import os
import random
import subprocess
import tempfile
import threading
import time

import pytest

from audited_server import AuditedServer, audit_files, audit_lines, chain_errors

EXPORT = "SELECT length(takeout.export('items', 'csv'))"
CLIENTS = 64


@pytest.fixture(scope="module")
def audited():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        audited = AuditedServer(directory, "takeout.audit_rotation_size=64kB")
        audited.make_dataset()
        yield audited
        audited.remove()


def export(audited, times=1):
    with audited.connect() as session:
        for _ in range(times):
            session.execute(EXPORT)


def export_until_rotation(audited):
    files = len(audit_files(audited.audit))
    with audited.connect() as session:
        while len(audit_files(audited.audit)) == files:
            session.execute(EXPORT)


def test_names_and_filters_from_databases_of_all_encodings(audited):
    with audited.connect() as session:
        for name, encoding in (("latin", "LATIN1"), ("bytes", "SQL_ASCII"), ("unicode", "UTF8")):
            session.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    set_up = """CREATE EXTENSION pg_takeout; CREATE TABLE t (id int PRIMARY KEY, kitty text, tenant text);
                SELECT takeout.create_dataset('t', tenant_column => 'tenant')"""
    for name, tenant in (("latin", "Müller & Söhne"), ("bytes", "a"), ("unicode", "猫" * 200)):
        with audited.connect(dbname=name, client_encoding="utf8" if name != "bytes" else "sql_ascii") as session:
            session.execute(set_up)
            session.execute("INSERT INTO takeout.members VALUES (session_user::regrole, '*')")
            session.execute(f"SELECT takeout.export('t', 'csv', tenant => '{tenant}', columns => '{{kitty}}')")
    lines = {line["tenant"]: line for line in audited.lines("INTENT") if line["database"] in ("latin", "bytes", "unicode")}
    assert set(lines) == {"Müller & Söhne", "a", "猫" * 84 + "…"}
    assert lines["a"]["filter"] == {"columns": ["kitty"]}
    for name, expected in (("latin", ["Müller & Söhne", "a", "?" * 85]), ("unicode", ["Müller & Söhne", "a", "猫" * 84 + "…"])):
        with audited.connect(dbname=name, client_encoding="utf8") as session:
            tenants = session.execute("SELECT tenant FROM takeout.audit_log WHERE database IN ('latin', 'bytes', 'unicode')"
                                      " AND event = 'INTENT' ORDER BY seq").fetchall()
        assert [tenant for [tenant] in tenants] == expected
    assert audited.findings() == []


@pytest.mark.parametrize("times", [20, pytest.param(1_000, marks=pytest.mark.long)])
def test_many_clients_while_files_rotate(audited, times):
    before = len(audited.lines("COMPLETE"))
    problems = []

    def client():
        try:
            export(audited, times)
        except Exception as problem:  # noqa: BLE001 - shown by the assertion below
            problems.append(problem)

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert problems == []
    lines = audited.lines()
    assert len([line for line in lines if line["event"] == "COMPLETE"]) - before == CLIENTS * times
    intents = {line["seq"] for line in lines if line["event"] == "INTENT"}
    assert intents == {line["export"] for line in lines if line["event"] == "COMPLETE"}
    assert len(audit_files(audited.audit)) > 10
    assert all(path.stat().st_size < 64 * 1024 + 4096 for path in audit_files(audited.audit))
    assert audited.findings() == []
    assert chain_errors(audited.audit) == []


def test_each_file_names_the_one_before_and_its_head_is_in_the_server_log(audited):
    export_until_rotation(audited)
    first, last = audit_files(audited.audit)[-2:]
    beginning = audit_lines(audited.audit)[-1 - len(last.read_bytes().splitlines()):]
    segment = next(line for line in beginning if line["event"] == "SEGMENT")
    assert segment["file"] == first.name
    assert f'audit goes on in file "{last.name}"' in audited.log()
    assert segment["hash"] in audited.log()


def some_positions(size, request):
    if request.config.getoption("-m") == "":  # the long run: each of them
        return range(size)
    return sorted(random.Random(4).sample(range(size), 60) + [0, size - 1])


def test_a_flipped_byte_anywhere_is_found_in_its_line(audited, request):
    export_until_rotation(audited)
    export(audited, 2)
    with audited.connect() as session:
        for file in (audit_files(audited.audit)[0], audit_files(audited.audit)[-1]):
            whole = file.read_bytes()
            for position in some_positions(len(whole[:6000]), request):
                flipped = bytearray(whole)
                flipped[position] ^= 1 << position % 8
                file.write_bytes(flipped)
                findings = session.execute("SELECT file, line FROM takeout.verify_audit()").fetchall()
                assert findings[0] == (file.name, 1 + whole[:position].count(b"\n")), position
                assert len(findings) <= 2
            file.write_bytes(whole)
    assert audited.findings() == []


def test_missing_lines_and_files_are_found(audited):
    export_until_rotation(audited)
    export_until_rotation(audited)
    export(audited)
    files = audit_files(audited.audit)
    wholes = {file: file.read_bytes() for file in files}

    def lines_found():
        return [(file, line) for file, line, _ in audited.findings()]

    # The last lines, of the file that the server writes to and of an earlier one.
    for file, found_in in ((files[-1], (files[-1].name, len(wholes[files[-1]].splitlines()) - 1)), (files[1], (files[2].name, 1))):
        file.write_bytes(b"".join(wholes[file].splitlines(True)[:-1]))
        assert lines_found() == [found_in]
        file.write_bytes(wholes[file])
    # A line in the middle.
    lines = wholes[files[1]].splitlines(True)
    files[1].write_bytes(b"".join(lines[:4] + lines[5:]))
    assert lines_found() == [(files[1].name, 5)]
    files[1].write_bytes(wholes[files[1]])
    # A file in the middle, the first, the last one.
    hidden = files[0].with_name("hidden")
    for file, found_in in ((files[1], (files[2].name, 1)), (files[0], (files[1].name, 1)), (files[-1], (files[-1].name, 1))):
        file.rename(hidden)
        assert lines_found() == [found_in]
        hidden.rename(file)
    assert audited.findings() == []


def test_the_view_goes_on_over_damaged_lines(audited):
    file = audit_files(audited.audit)[0]
    whole = file.read_bytes()
    file.write_bytes(whole[:600].replace(b'"seq"', b'"sec"') + whole[600:])
    with audited.connect() as session:
        damaged = session.execute("SELECT file, line, event FROM takeout.audit_log WHERE seq IS NULL").fetchall()
        everything = session.execute("SELECT count(*) FROM takeout.audit_log").fetchone()[0]
    assert damaged[0] == (file.name, 1, None)
    file.write_bytes(whole)
    assert everything == len(audited.lines())


def test_old_files_stay_by_default_and_go_by_their_age(audited):
    export_until_rotation(audited)
    files = audit_files(audited.audit)
    assert files[0].name.startswith("audit-0000000001-")
    two_days_ago = time.time() - 2 * 86400
    for file in files[:3]:
        os.utime(file, (two_days_ago, two_days_ago))
    audited.set(audit_keep="1d")
    export_until_rotation(audited)
    assert audit_files(audited.audit)[0] == files[3]
    assert [line["file"] for line in audited.lines("REMOVED")] == [file.name for file in files[:3]]
    assert f'removed audit file "{files[0].name}"' in audited.log()
    assert audited.findings() == []
    # By other means.
    files[3].rename(files[3].with_name("hidden"))
    assert [(file, line) for file, line, _ in audited.findings()] == [(files[4].name, 1)]
    files[3].with_name("hidden").rename(files[3])
    audited.set(audit_keep="0")


def test_the_hash_is_that_of_a_shell(audited):
    """As docs/audit.md says."""
    for line in audit_files(audited.audit)[-1].read_text().splitlines()[:5]:
        script = """line=$(cat); prev=${line##*\\"prev\\":\\"}; prev=${prev%%\\"*}
                    printf '%s%s}' "$prev" "${line%,\\"hash\\":*}" | sha256sum | cut -d' ' -f1"""
        hashed = subprocess.run(["bash", "-c", script], input=line, capture_output=True, text=True, check=True).stdout.strip()
        assert f'"hash":"{hashed}"' in line
