"""takeout export: the server's bytes in a file that appears when it is whole, and an exit code that says how it went."""

import fcntl
import gzip
import json
import os
import random
import resource
import signal
import socket
import subprocess
import time

import pytest

from faults import faults  # fixture
from runner import environment, shown_on_a_terminal, start, takeout
from throwaway_server import wait_until


@pytest.fixture(scope="module")
def stream(connection, rows):
    """The bytes of export_stream, by a driver."""
    def fetch(arguments="'csv'"):
        return b"".join(row[0] for row in connection.execute(f"SELECT takeout.export_stream('{rows}', {arguments})", binary=True))
    return fetch


@pytest.mark.parametrize("file_format", ["csv", "json", "jsonl"])
def test_a_file_is_the_stream(database, stream, tmp_path, file_format):
    done = takeout(database, "export", "rows", "-o", tmp_path / f"rows.{file_format}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"rows.{file_format}").read_bytes() == stream(f"'{file_format}'")
    assert (tmp_path / f"rows.{file_format}").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [f"rows.{file_format}"]


def test_the_format_is_the_datasets_unless_given(database, stream, tmp_path):
    assert takeout(database, "export", "rows").stdout == stream("'csv'")
    assert takeout(database, "export", "rows", "-f", "jsonl", "-o", "-").stdout == stream("'jsonl'")
    done = takeout(database, "export", "rows", "-o", tmp_path / "rows.xlsx")
    assert done.returncode == 0 and (tmp_path / "rows.xlsx").read_bytes()[:4] == b"PK\x03\x04"


def test_arguments_are_those_of_the_function(database, stream):
    done = takeout(database, "export", "rows", "--ids", "7,9", "--ids", "8", "--columns", "noise,id", "--tenant", "default",
                   "--since", "2026-01-01 00:00:08+00", "--until", "2026-01-01 01:00+00", "--unordered",
                   "--options", '{"delimiter": ";", "null": "it\'s"}')
    assert done.stdout == stream("""'csv', ids => '{7,8,9}', columns => '{noise,id}', since => '2026-01-01 00:00:08+00',
        until => '2026-01-01 01:00+00', options => '{"delimiter": ";", "null": "it''s"}'""")
    assert done.stdout.count(b"\r\n") == 3


def test_names_are_values_and_not_sql(database):
    done = takeout(database, "export", "rows'); DROP TABLE rows; --")
    assert done.returncode == 1 and b"does not exist" in done.stderr
    assert takeout(database, "export", "rows").returncode == 0


def test_compressed_by_name_or_option(database, stream, tmp_path):
    for arguments, name, unpack in ((["-o", "a.csv.gz"], "a.csv.gz", gzip.decompress),
                                    (["-o", "b.csv.zst"], "b.csv.zst", unpack_zstd),
                                    (["-o", "c", "--compress", "zstd"], "c", unpack_zstd),
                                    (["-o", "d.csv.gz", "--compress", "none"], "d.csv.gz", bytes)):
        done = takeout(database, "export", "rows", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert unpack((tmp_path / name).read_bytes()) == stream("'csv'"), name
    again = takeout(database, "export", "rows", "--compress", "gzip")
    assert again.stdout == (tmp_path / "a.csv.gz").read_bytes()


def unpack_zstd(data):
    return subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout


def test_the_checksum_is_one_for_sha256sum(database, tmp_path):
    done = takeout(database, "export", "rows", "-o", "rows.csv.gz", "--sha256", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    subprocess.run(["sha256sum", "--check", "--strict", "rows.csv.gz.sha256"], cwd=tmp_path, check=True, capture_output=True)
    report = json.loads(done.stdout)
    assert report["sha256"] == (tmp_path / "rows.csv.gz.sha256").read_text().split()[0]
    assert report["file_bytes"] == (tmp_path / "rows.csv.gz").stat().st_size < report["exported_bytes"]
    assert report["dataset"] == "rows" and report["file"] == "rows.csv.gz" and report["seconds"] > 0


def test_a_file_takes_the_place_of_another_at_once(database, stream, tmp_path):
    old = tmp_path / "rows.csv"
    old.write_text("old")
    with old.open() as reader:
        assert takeout(database, "export", "rows", "-o", old).returncode == 0
        assert reader.read() == "old"
    assert old.read_bytes() == stream()


def test_exit_codes(server, database, connection, tmp_path, rows):
    def code(*arguments, **variables):
        done = takeout(database, *arguments, environ=environment(database, **variables))
        assert done.returncode == 0 or done.stderr.strip()
        return done.returncode

    assert code("version") == 0
    assert code("export", "none_such") == 1
    assert code("export", "rows", "--since", "yesterday or so") == 1
    assert code() == code("export") == code("export", "rows", "--nonsense") == code("export", "rows", "-d", "nonsense=1") == 2
    assert code("export", "rows", "-o", tmp_path) == 2
    assert code("export", "rows", PGPORT="1") == code("export", "rows", "-d", "no_such_database") == 3
    assert code("export", "rows", "-U", "no_such_role") == code("export", "rows", "-h", "127.0.0.1", PGPASSWORD="wrong") == 4
    assert code("export", "rows", "-h", "127.0.0.1", PGPASSWORD="") == 4
    connection.execute("CREATE ROLE stranger LOGIN; CREATE ROLE bounded LOGIN")
    connection.execute("INSERT INTO takeout.members VALUES ('bounded', 'default')")
    connection.execute("INSERT INTO takeout.limits (role, max_rows) VALUES ('bounded', 100)")
    try:
        assert code("export", "rows", "-U", "stranger") == 4
        assert code("export", "rows", "-U", "bounded") == 5
    finally:
        connection.execute("DELETE FROM takeout.limits WHERE role = 'bounded'::regrole; DELETE FROM takeout.members WHERE role = 'bounded'::regrole")
        connection.execute("DROP ROLE stranger, bounded")
    assert code("export", "rows", "-o", tmp_path / "none" / "rows.csv") == 6
    assert code("export", "rows", "-o", "/dev/full") == 6


def test_an_error_as_json_has_the_servers_sqlstate(database):
    done = takeout(database, "export", "none_such", "--json")
    error = json.loads(done.stderr)
    assert error["exit_code"] == done.returncode == 1
    assert error["error"]["sqlstate"] == "42704" and "hint" in error["error"] and done.stdout == b""


def test_no_password_on_the_command_line(database):
    for address in ("host=localhost password=secret1", "postgresql://me:secret1@localhost/x"):
        done = takeout(database, "export", "rows", "-d", address)
        assert done.returncode == 2 and b"password" in done.stderr and b"secret1" not in done.stderr


def test_a_wrong_connection_string_is_told_without_what_may_be_a_password(database):
    assert b'invalid connection option "sslmod"' in takeout(database, "export", "rows", "-d", "sslmod=require").stderr
    for address in ("password=of secret1=words", "postgresql://me:secret1@localhost/x?secret1=2"):
        done = takeout(database, "export", "rows", "-d", address)
        assert done.returncode == 2 and b"invalid connection string" in done.stderr and b"secret1" not in done.stderr


@pytest.fixture
def silent():
    """A port of this machine where a server takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_host_that_is_silent_is_left_for_the_next(database, rows, silent):
    done = takeout(database, "export", rows, "-h", "127.0.0.1,127.0.0.1", "-p", f"{silent},{database.port}", "-d",
                   f"dbname={database.dbname} connect_timeout=2")
    assert done.returncode == 0, done.stderr


def test_a_signal_is_noticed_while_the_server_is_silent(database, rows, silent):
    running = start(database, "export", rows, "-h", "127.0.0.1", "-p", silent)
    time.sleep(0.5)
    running.terminate()
    assert running.wait(5) == -signal.SIGTERM


def test_the_time_to_connect_is_the_users(database, rows, silent, tmp_path):
    (tmp_path / "services").write_text("[crm]\nconnect_timeout=2\n")
    for variables in ({"PGCONNECT_TIMEOUT": "2"}, {"PGSERVICE": "crm", "PGSERVICEFILE": str(tmp_path / "services")}):
        begin = time.monotonic()
        done = takeout(database, "export", rows, "-h", "127.0.0.1", "-p", silent, environ=environment(database, **variables))
        assert done.returncode == 3 and b"timeout" in done.stderr and time.monotonic() - begin < 8


def exports_running(connection):
    return connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'takeout' AND state = 'active'").fetchone()[0]


@pytest.fixture(scope="module")
def endless(connection):
    """A dataset whose export takes minutes: the server sleeps between rows."""
    connection.execute("""CREATE FUNCTION slowly(i int) RETURNS text LANGUAGE plpgsql AS
                          $$ BEGIN PERFORM pg_sleep(0.01); RETURN repeat(md5(i::text), 100); END $$""")
    connection.execute("CREATE VIEW endless AS SELECT i AS id, slowly(i) AS noise FROM generate_series(1, 100000) i")
    connection.execute("SELECT takeout.create_dataset('endless', key => '{id}', tenant => 'default')")
    return "endless"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_no_file_and_no_query(database, connection, endless, tmp_path, number):
    running = start(database, "export", endless, "--unordered", "-o", tmp_path / "rows.csv")
    wait_until(lambda: exports_running(connection))
    time.sleep(random.random() * 0.5)
    asked = time.monotonic()
    running.send_signal(number)
    assert running.wait(10) == -number
    assert time.monotonic() - asked < 5
    assert os.listdir(tmp_path) == []
    wait_until(lambda: not exports_running(connection))


def test_standard_output_is_shared_with_other_programs(database, stream, tmp_path):
    """Whatever it is and however slow its reader: all bytes, behind those that are there, and no flag of it changed."""
    file = os.open(tmp_path / "rows.csv", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    for near, far in os.pipe(), map(socket.socket.detach, socket.socketpair()), (file, os.dup(file)):
        flags = fcntl.fcntl(far, fcntl.F_GETFL)
        os.write(far, b"first\n")
        running = start(database, "export", "rows", stdout=far)
        received = b""
        while near != file and len(received) < 1_000_000:
            received += os.read(near, 5_000)
        assert fcntl.fcntl(far, fcntl.F_GETFL) == flags
        if near == file:
            assert running.wait(30) == 0
            os.lseek(file, 0, os.SEEK_SET)
        os.close(far)
        with os.fdopen(near, "rb") as rest:
            assert received + rest.read() == b"first\n" + stream("'csv'")
        assert running.wait(30) == 0


def test_a_signal_is_noticed_while_the_reader_takes_nothing(database, connection, rows):
    running = start(database, "export", rows, stdout=subprocess.PIPE)
    wait_until(lambda: exports_running(connection))
    time.sleep(0.3)
    running.terminate()
    assert running.wait(10) == -signal.SIGTERM
    running.stdout.close()
    wait_until(lambda: not exports_running(connection))


def test_a_reader_that_has_enough_ends_it_without_a_word(database, rows):
    running = start(database, "export", rows, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout.readline() == b"id,created_at,noise\r\n"
    running.stdout.close()
    assert running.stderr.read() == b"" and running.wait(10) == -signal.SIGPIPE


def test_a_connection_that_is_cut_leaves_no_file(database, connection, endless, tmp_path):
    running = start(database, "export", endless, "-o", tmp_path / "rows.csv")
    wait_until(lambda: exports_running(connection))
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'takeout'")
    assert running.wait(10) == 3
    assert os.listdir(tmp_path) == []


def test_an_error_in_the_middle_leaves_no_file(database, connection, tmp_path):
    connection.execute("CREATE VIEW broken AS SELECT i AS id, 1 / (40000 - i) AS x FROM generate_series(1, 100000) i")
    connection.execute("SELECT takeout.create_dataset('broken', key => '{id}', tenant => 'default')")
    done = takeout(database, "export", "broken", "--unordered", "-o", tmp_path / "rows.csv")
    assert done.returncode == 1 and b"division by zero" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_grow_is_no_file(database, tmp_path):
    done = takeout(database, "export", "rows", "-o", tmp_path / "rows.csv",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)))
    assert done.returncode == 6 and b"File too large" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("fault", ["fsync", "renameat"])
def test_what_the_disk_refuses_is_an_error_and_no_file(database, faults, rows, tmp_path, fault):
    (tmp_path / "rows.csv").write_text("old")
    done = takeout(database, "export", "rows", "-o", tmp_path / "rows.csv", environ=faults(database, fault))
    assert done.returncode == 6 and b"Input/output error" in done.stderr
    assert os.listdir(tmp_path) == ["rows.csv"] and (tmp_path / "rows.csv").read_text() == "old"
    if fault == "fsync":
        assert takeout(database, "export", "rows", "--no-sync", "-o", tmp_path / "rows.csv", environ=faults(database, fault)).returncode == 0


def test_file_systems_without_unnamed_files_do_too(database, faults, stream, tmp_path):
    done = takeout(database, "export", "rows", "-o", tmp_path / "rows.csv", environ=faults(database, "tmpfile"))
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == ["rows.csv"] and (tmp_path / "rows.csv").read_bytes() == stream()
    done = takeout(database, "export", "none_such", "-o", tmp_path / "other.csv", environ=faults(database, "tmpfile"))
    assert done.returncode == 1 and os.listdir(tmp_path) == ["rows.csv"]


@pytest.mark.parametrize("fault", ["removal of a temporary file", "rename without a lock"])
def test_the_temporary_file_is_not_taken_for_abandoned(database, faults, stream, tmp_path, fault):
    done = takeout(database, "export", "rows", "-o", tmp_path / "rows.csv", environ=faults(database, fault))
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == ["rows.csv"] and (tmp_path / "rows.csv").read_bytes() == stream()


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(database, endless, tmp_path):
    elsewhere = takeout(database, "export", "rows", "-o", tmp_path / "rows.csv")
    assert elsewhere.stdout == b"" and elsewhere.stderr.startswith(str(tmp_path / "rows.csv").encode() + b": 6.")
    assert elsewhere.stderr.count(b"\n") == 1 and b"\r" not in elsewhere.stderr
    assert takeout(database, "export", "rows", "-q", "-o", tmp_path / "rows.csv").stderr == b""

    shown = shown_on_a_terminal(database, "export", endless, "--unordered", "-o", tmp_path / "rows.csv")
    assert b"%" in shown and b" left" in shown
    assert b"MB/s" in shown or b"kB/s" in shown or b"bytes/s" in shown
