"""The chain goes on after a crash, a torn line, a copy of its files, and on a standby."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from audited_server import AuditedServer, audit_files, chain_errors
from test_standby import Standby

EXPORT = "SELECT length(takeout.export('items', 'csv'))"


@pytest.fixture(scope="module")
def audited():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        # Inside the data directory, where base backups find it.
        audited = AuditedServer(directory, "takeout.audit_directory=pg_takeout_audit")
        audited.audit = audited.directory / "data" / "pg_takeout_audit"
        audited.make_dataset()
        with audited.connect() as session:
            session.execute("CREATE TABLE many_items AS SELECT i AS id, md5(i::text) AS noise FROM generate_series(1, 50000) i")
            session.execute("SELECT takeout.create_dataset('many_items', key => '{id}', tenant => 'acme')")
        export(audited)
        yield audited
        audited.remove()


def export(server):
    with server.connect() as session:
        assert session.execute(EXPORT).fetchone()[0] > 0


def newest(audited):
    return audit_files(audited.audit)[-1]


def test_a_start_warns_of_a_directory_that_base_backups_copy(audited):
    assert 'WARNING:  audit directory "pg_takeout_audit" lies inside the data directory' in audited.log()


def test_the_head_is_in_the_server_log_at_shutdown(audited):
    audited.stop()
    head = audited.lines()[-1]
    assert f"audit ends at line {head['seq']}" in audited.log()
    assert head["hash"] in audited.log()
    audited.start()


def test_a_clean_restart_goes_on_in_the_same_file(audited):
    files = audit_files(audited.audit)
    audited.stop()
    audited.start()
    export(audited)
    assert audit_files(audited.audit) == files
    assert audited.findings() == []


def test_a_killed_server_keeps_what_it_recorded(audited):
    session = audited.connect()
    session.execute("BEGIN; DECLARE c CURSOR FOR SELECT takeout.export_stream('many_items', 'csv'); FETCH 1 FROM c")
    before = audited.lines()
    assert before[-1]["event"] == "INTENT"
    audited.kill()
    session.close()
    audited.start()
    after = audited.lines()
    # The backend may have lived to write its end.
    assert after[:len(before)] == before and [line["event"] for line in after[len(before):]] in ([], ["ABANDONED"])
    export(audited)
    assert audited.findings() == []


@pytest.mark.parametrize("torn", [b'{"seq":99,"time":"2026', b"\0" * 5000, b'{"seq":1}\0\0\n'], ids=["text", "zeros", "both"])
def test_a_torn_last_line_is_cut_off_and_the_cut_is_on_record(audited, torn):
    audited.kill()
    file = newest(audited)
    whole = file.read_bytes()
    file.write_bytes(whole + torn)
    audited.start()
    assert file.read_bytes().startswith(whole + b'{"seq":')
    recovered = audited.lines()[-1]
    assert recovered["event"] == "RECOVERED" and recovered["bytes"] == len(torn)
    assert f'audit file "{file.name}" ended in a torn line, which was cut off' in audited.log()
    export(audited)
    assert audited.findings() == []
    assert chain_errors(audited.audit) == []


def test_a_line_torn_in_its_middle_is_cut_off(audited):
    export(audited)
    audited.kill()
    file = newest(audited)
    whole = file.read_bytes()
    last = len(whole.splitlines(True)[-1])
    for kept in (1, last // 2, last - 1):
        os.truncate(file, len(whole) - last + kept)
        audited.start()
        assert audited.lines()[-1]["event"] == "RECOVERED"
        assert audited.findings() == []
        audited.kill()
        file.write_bytes(whole)
    os.truncate(file, len(whole) - last)
    audited.start()


def test_a_file_whose_first_line_was_torn_is_put_aside(audited):
    audited.stop()
    last = newest(audited)
    number = int(last.name.split("-")[1]) + 1
    torn = last.with_name(f"audit-{number:010}-{last.name.split('-')[2]}")
    torn.write_bytes(b'{"seq":')
    shutil.chown(torn, last.stat().st_uid, last.stat().st_gid)
    audited.start()
    assert torn.with_name(torn.name + ".torn").read_bytes() == b'{"seq":'
    export(audited)
    assert newest(audited) == last
    assert audited.findings() == []


def test_a_copied_data_directory_begins_a_chain_of_its_own(audited):
    audited.stop()
    kept = audited.lines()
    data = pathlib.Path(os.path.realpath(audited.directory / "data"))
    original = data.with_name("original")
    data.rename(original)
    subprocess.run(["cp", "-a", original, data], check=True)
    audited.start()
    first_chain, second_chain = (audited.lines("SEGMENT")[i] for i in (-2, -1))
    assert second_chain["chain"] != first_chain["chain"]
    assert second_chain["prev"] == kept[-1]["hash"] and second_chain["file"] == audit_files(audited.audit)[-2].name
    export(audited)
    assert audited.findings() == []
    subprocess.run(["rm", "-rf", original], check=True)


def test_a_standby_records_its_own_exports(audited):
    primary_files = {path.name for path in audit_files(audited.audit)}
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        standby = Standby(audited.server, directory)
        try:
            with standby.connect(user=audited.server.user, dbname="postgres") as session:
                assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
                assert session.execute(EXPORT).fetchone()[0] > 0
                assert session.execute("SELECT * FROM takeout.verify_audit()").fetchall() == []
                ends = session.execute("SELECT event, rows FROM takeout.audit_log ORDER BY seq DESC LIMIT 3").fetchall()
            assert ends == [("COMPLETE", 3), ("INTENT", None), ("SEGMENT", None)]
            own = [path for path in audit_files(f"{directory}/data/pg_takeout_audit") if path.name not in primary_files]
            assert len(own) == 1
            assert chain_errors(f"{directory}/data/pg_takeout_audit") == []
        finally:
            standby.stop()
    assert {path.name for path in audit_files(audited.audit)} == primary_files


def test_a_changed_last_line_is_not_taken_for_a_torn_one(audited):
    audited.stop()
    file = newest(audited)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"rows":3', b'"rows":2'))
    audited.start()
    export(audited)
    assert file.read_bytes() == whole.replace(b'"rows":3', b'"rows":2')
    changed = [(file.name, number) for number, line in enumerate(whole.splitlines(), 1) if b'"rows":3' in line]
    assert [(name, line) for name, line, _ in audited.findings()] == changed
