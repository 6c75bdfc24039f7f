"""takeout export --jobs: several connections, one file, the bytes of one."""

import gzip
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

from faults import faults, held_disk  # fixtures
from governed import make_role
from runner import environment, shown_on_a_terminal, start, takeout
from throwaway_server import wait_until


@pytest.fixture(scope="module")
def slow_parts(connection):
    """Dataset whose parts the server takes minutes for."""
    connection.execute("CREATE TABLE steps AS SELECT i AS id FROM generate_series(1, 100000) i; ALTER TABLE steps ADD PRIMARY KEY (id); ANALYZE steps")
    connection.execute("""CREATE FUNCTION slowly(i int) RETURNS text LANGUAGE plpgsql STABLE AS
                          $$ BEGIN PERFORM pg_sleep(0.002); RETURN repeat(md5(i::text), 100); END $$""")
    connection.execute("CREATE VIEW slow_parts AS SELECT id, slowly(id) AS noise FROM steps")
    connection.execute("SELECT takeout.create_dataset('slow_parts', key => '{id}', tenant => 'default')")
    return "slow_parts"


@pytest.fixture(scope="module")
def breaks(connection):
    """Dataset whose last rows cannot be read."""
    connection.execute("CREATE VIEW breaks AS SELECT id, repeat('x', 100) AS noise, 1 / (90000 - id) AS x FROM steps")
    connection.execute("SELECT takeout.create_dataset('breaks', key => '{id}', tenant => 'default')")
    return "breaks"


def exported(database, *arguments, **parameters):
    done = takeout(database, "export", *arguments, **parameters)
    assert done.returncode == 0, done.stderr
    return done


def sessions(connection):
    return connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'takeout'").fetchone()[0]


def running_parts(connection):
    return connection.execute("""SELECT count(*) FROM pg_stat_activity WHERE application_name = 'takeout' AND state = 'active'
                                 AND query LIKE '%export_part(%'""").fetchone()[0]


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_the_file_is_that_of_one_job(database, rows, tmp_path, file_format):
    one = exported(database, rows, "-f", file_format).stdout
    for jobs in (1, 2, 8):
        exported(database, rows, "--jobs", jobs, "-o", tmp_path / f"rows.{file_format}", "--sha256")
        assert (tmp_path / f"rows.{file_format}").read_bytes() == one
        assert (tmp_path / f"rows.{file_format}.sha256").read_text().split()[0] == hashlib.sha256(one).hexdigest()
    assert exported(database, rows, "-f", file_format, "--jobs", 3).stdout == one
    assert sorted(os.listdir(tmp_path)) == [f"rows.{file_format}", f"rows.{file_format}.sha256"]
    assert (tmp_path / f"rows.{file_format}").stat().st_mode & 0o777 == 0o600


def test_arguments_hold_for_all_parts(database, rows):
    arguments = [rows, "--columns", "noise,id", "--since", "2026-01-01 02:00", "--until", "2026-01-01 09:00:01",
                 "--options", '{"delimiter": ";", "dialect": "excel"}']
    assert exported(database, *arguments, "--jobs", 3).stdout == exported(database, *arguments).stdout
    assert exported(database, rows, "--until", "now", "--jobs", 3,
                    environ=environment(database, PGDATESTYLE="German", PGTZ="Asia/Kathmandu")).stdout.count(b"\r\n") == 50001


def test_compressed_it_unpacks_to_the_same(database, rows, tmp_path):
    one = exported(database, rows).stdout
    exported(database, rows, "--jobs", 2, "-o", tmp_path / "rows.csv.gz")
    assert gzip.decompress((tmp_path / "rows.csv.gz").read_bytes()) == one
    exported(database, rows, "--jobs", 2, "-o", tmp_path / "rows.csv.zst")
    assert subprocess.run(["zstd", "-dc", tmp_path / "rows.csv.zst"], capture_output=True, check=True).stdout == one


def test_it_is_one_request_and_one_group_on_record(database, connection, last_recorded, rows, tmp_path):
    role = make_role(connection, per_minute=1)
    exported(database, rows, "--jobs", 3, "-U", role, "-o", tmp_path / "rows.csv")
    assert takeout(database, "export", rows, "--jobs", 3, "-U", role).returncode == 5
    lines = connection.execute("""SELECT event, method, bytes, part_of IS NOT NULL FROM takeout.audit_log
                                  WHERE seq > %s AND role = %s AND event = 'COMPLETE' ORDER BY seq""", [last_recorded, role]).fetchall()
    size = (tmp_path / "rows.csv").stat().st_size
    assert lines[-1] == ("COMPLETE", "export_parts", size, False)
    assert len(lines) == 4 and sum(line[2] for line in lines[:-1]) == size and all(line[3] for line in lines[:-1])


def test_limits_are_those_of_the_whole(database, connection, rows, tmp_path):
    role = make_role(connection, None)
    connection.execute("UPDATE takeout.limits SET max_rows = 49999 WHERE role = %s::regrole", [role])
    done = takeout(database, "export", rows, "--jobs", 2, "-U", role, "-o", tmp_path / "rows.csv")
    assert done.returncode == 5 and b"more rows than the limit" in done.stderr
    assert os.listdir(tmp_path) == []


def test_formats_without_parts_are_refused_before_anything_is_exported(database, connection, last_recorded, rows, tmp_path):
    connection.execute("CREATE TABLE documents (id int PRIMARY KEY)")
    connection.execute("SELECT takeout.create_dataset('documents', tenant => 'default', default_format => 'json')")
    for arguments in ([rows, "-f", "json"], [rows, "-o", tmp_path / "rows.xlsx"], ["documents"], [rows, "--unordered"]):
        done = takeout(database, "export", *arguments, "--jobs", 2)
        assert done.returncode == 2 and done.stderr.startswith(b"takeout: ") and done.stdout == b"", arguments
    assert takeout(database, "export", rows, "--jobs", 0).returncode == takeout(database, "export", rows, "--jobs", 65).returncode == 2
    assert connection.execute("SELECT count(*) FROM takeout.audit_log WHERE seq > %s", [last_recorded]).fetchone()[0] == 0
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_all_sessions_and_leaves_no_file(database, connection, slow_parts, tmp_path, number):
    running = start(database, "export", slow_parts, "--jobs", 3, "-o", tmp_path / "rows.csv")
    wait_until(lambda: running_parts(connection) == 3)
    running.send_signal(number)
    assert running.wait(10) == -number
    assert os.listdir(tmp_path) == []
    wait_until(lambda: not sessions(connection))


def test_a_signal_is_noticed_while_the_reader_takes_nothing(database, connection, rows):
    running = start(database, "export", rows, "--jobs", 2, stdout=subprocess.PIPE)
    wait_until(lambda: sessions(connection))
    time.sleep(0.5)
    running.terminate()
    assert running.wait(10) == -signal.SIGTERM
    running.stdout.close()
    wait_until(lambda: not sessions(connection))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGALRM])
def test_a_signal_is_noticed_while_parts_are_joined(database, held_disk, gate, tmp_path, ending):
    """From a disk that takes some time; and from one that takes too long, which is not waited for."""
    disk = held_disk("pread")
    running = start(database, "export", gate.dataset, "--jobs", 2, "-o", tmp_path / "rows.csv", environ=disk.environ)
    gate.reached(2)  # the second part has something that was not joined yet
    gate.open()
    disk.reached()
    running.terminate()
    if ending == signal.SIGTERM:
        disk.go_on()
    assert running.wait(30) == -ending
    assert os.listdir(tmp_path) == []


def test_a_session_that_is_ended_ends_the_others(database, connection, slow_parts, tmp_path):
    for order in ("ASC", "DESC"):  # the leader, which began first; another
        running = start(database, "export", slow_parts, "--jobs", 3, "-o", tmp_path / "rows.csv", stderr=subprocess.PIPE)
        wait_until(lambda: running_parts(connection) == 3)
        connection.execute(f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'takeout'
                               ORDER BY backend_start {order} LIMIT 1""")
        assert running.wait(10) == 3, running.stderr.read()
        running.stderr.close()
        assert os.listdir(tmp_path) == []
        wait_until(lambda: not sessions(connection))


def test_the_error_is_that_of_the_part_that_failed(database, connection, slow_parts, breaks, tmp_path):
    done = takeout(database, "export", breaks, "--jobs", 3, "-o", tmp_path / "rows.csv")
    assert done.returncode == 1 and b"division by zero" in done.stderr
    assert os.listdir(tmp_path) == []
    wait_until(lambda: not sessions(connection))


def test_no_room_for_connections_is_an_error_and_no_file(database, connection, rows, tmp_path):
    role = make_role(connection, None)
    connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT 2")
    done = takeout(database, "export", rows, "--jobs", 4, "-U", role, "-o", tmp_path / "rows.csv")
    assert done.returncode == 3 and b"too many connections" in done.stderr
    assert os.listdir(tmp_path) == []


def test_parts_that_cannot_be_kept_are_no_file(database, rows, tmp_path):
    done = takeout(database, "export", rows, "--jobs", 2, "-o", tmp_path / "rows.csv",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)))
    assert done.returncode == 6 and b"File too large" in done.stderr
    assert os.listdir(tmp_path) == []


def test_file_systems_without_unnamed_files_do_too(database, faults, rows, tmp_path):
    done = takeout(database, "export", rows, "--jobs", 2, "-o", tmp_path / "rows.csv", environ=faults(database, "tmpfile"))
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == ["rows.csv"] and (tmp_path / "rows.csv").stat().st_size > 6_000_000


def test_the_summary_counts_all_parts(database, rows, tmp_path):
    one = json.loads(exported(database, rows, "--json", "-o", tmp_path / "one.csv").stdout)
    several = json.loads(exported(database, rows, "--json", "--jobs", 2, "-o", tmp_path / "several.csv").stdout)
    assert several["exported_bytes"] == several["file_bytes"] == one["exported_bytes"] == (tmp_path / "several.csv").stat().st_size
    assert re.search(rb"several.csv: 6\.\d MB", exported(database, rows, "--jobs", 2, "-o", tmp_path / "several.csv").stderr)


def test_progress_is_of_all_parts(database, slow_parts, tmp_path):
    shown = shown_on_a_terminal(database, "export", slow_parts, "--jobs", 2, "-o", tmp_path / "rows.csv")
    assert b"B/s" in shown or b"bytes/s" in shown


@pytest.mark.long
def test_a_million_rows_by_many_jobs(database, connection, tmp_path):
    connection.execute("CALL takeout.create_model('crm')")
    connection.execute("""INSERT INTO crm.lead (contact_id, created_at, email, phone, city, score, ip, tenant_id)
        SELECT gen_random_uuid(), timestamptz '2025-01-01' + (i / 3) * interval '30 seconds',
          'lead' || i || '@example.com', '+35840' || i, 'Town, ' || i % 700, i % 100, '203.0.113.7', CASE WHEN i % 4 > 0 THEN 'default' ELSE 'other' END
        FROM generate_series(1, 1300000) i; ANALYZE crm.lead""")
    connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'other')")
    for file_format in ("csv", "jsonl"):
        expected = hashlib.sha256(exported(database, "leads", "--tenant", "default", "-f", file_format).stdout).hexdigest()
        for jobs in (2, 3, 8):
            exported(database, "leads", "--tenant", "default", "--jobs", jobs, "--sha256", "-o", tmp_path / f"leads.{file_format}")
            assert (tmp_path / f"leads.{file_format}.sha256").read_text().split()[0] == expected, (file_format, jobs)
