"""The process that takeout is: its signals, its descriptors, pipes that nobody reads, what the processes that it starts get of it."""

import json
import os
import resource
import signal
import subprocess
import time

import pytest

from runner import environment, start, takeout
from workplace import workplace  # fixture


@pytest.fixture(scope="module")
def loud(connection):
    """A dataset that has something to say for each of its rows."""
    connection.execute("""CREATE FUNCTION told(i int) RETURNS int LANGUAGE plpgsql AS
                          $$ BEGIN RAISE NOTICE 'this is row %', i; RETURN i; END $$""")
    connection.execute("CREATE VIEW loud AS SELECT told(i) AS id FROM generate_series(1, 1000) i")
    connection.execute("SELECT takeout.create_dataset('loud', key => '{id}', tenant => 'default')")
    return "loud"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_it_was_started_to_ignore_is_ignored(database, rows, number):
    """As nohup and the background jobs of a shell's script."""
    running = start(database, "export", rows, stdout=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    running.stdout.read(1)
    running.send_signal(number)
    time.sleep(0.5)
    assert running.poll() is None
    running.terminate()
    assert running.wait(10) == -signal.SIGTERM
    running.stdout.close()


def test_a_pipe_without_a_reader_is_waited_for_and_a_signal_noticed(database, rows, tmp_path):
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    for number in (signal.SIGTERM, signal.SIGINT):
        running = start(database, "export", rows, "-o", pipe)
        time.sleep(0.5)
        running.send_signal(number)
        assert running.wait(5) == -number
    running = start(database, "export", rows, "-o", pipe)
    time.sleep(0.5)
    assert pipe.read_bytes() == takeout(database, "export", rows).stdout
    assert running.wait(10) == 0 and os.listdir(tmp_path) == ["rows.csv"]


def test_dev_stdout_is_standard_output(database, rows, tmp_path):
    # Root could put a file in the place of /dev/stdout.
    user = "nobody" if os.geteuid() == 0 else None
    with open(tmp_path / "rows.csv", "wb") as file:
        file.write(b"first\n")
        file.flush()
        done = takeout(database, "export", rows, "-h", "127.0.0.1", "-o", "/dev/stdout", user=user,
                       capture_output=False, stdout=file, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "rows.csv").read_bytes() == b"first\n" + takeout(database, "export", rows).stdout


def test_a_link_to_an_open_file_stays_one(database, rows, tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/proc/self/fd/1")
    with open(tmp_path / "file", "wb") as file:
        done = takeout(database, "export", rows, "-o", link, capture_output=False, stdout=file, stderr=subprocess.PIPE)
    assert done.returncode == 2 and b"another name of an open file" in done.stderr
    assert link.is_symlink() and (tmp_path / "file").read_bytes() == b""


def test_what_is_said_does_not_get_into_the_file_where_standard_error_is_closed(database, loud, tmp_path):
    closed = {"stdout": None, "stderr": None, "preexec_fn": lambda: os.closerange(0, 3)}
    assert start(database, "export", loud, "-o", tmp_path / "loud.csv", **closed).wait(30) == 0
    assert (tmp_path / "loud.csv").read_bytes() == takeout(database, "export", loud).stdout
    assert start(database, "export", loud, **closed).wait(30) == 6


def test_standard_output_that_cannot_be_written_is_an_error(database, rows, tmp_path):
    for arguments in (["version"], ["--help"], ["next", "@daily"], ["export", rows, "--json", "-o", tmp_path / "rows.csv"]):
        with open("/dev/full", "wb") as full:
            done = takeout(database, *arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 6 and b"standard output: No space left" in done.stderr, arguments
    near, far = os.pipe()
    os.close(near)
    assert start(database, "next", "@daily", stdout=far).wait(30) == -signal.SIGPIPE
    os.close(far)


def test_no_descriptor_left_is_an_error(database, rows):
    done = takeout(database, "export", rows, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
    assert done.returncode == 6 and b"standard output" in done.stderr


def test_no_room_for_a_thread_is_an_error(database, rows):
    larger_than_memory_can_be = (1 << 60, resource.getrlimit(resource.RLIMIT_STACK)[1])
    done = takeout(database, "export", rows, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, larger_than_memory_can_be))
    assert done.returncode == 1 and b"cannot start a thread: Resource temporarily unavailable" in done.stderr


def test_notices_and_wrong_command_lines_are_json_where_that_is_wanted(database, loud, tmp_path):
    done = takeout(database, "export", loud, "--json", "-o", tmp_path / "loud.csv")
    told = [json.loads(line)["notice"]["message"] for line in done.stderr.splitlines()]
    assert done.returncode == 0 and "this is row 1000" in told
    done = takeout(database, "export", loud, "--json", "--nonsense")
    error = json.loads(done.stderr)
    assert error["exit_code"] == done.returncode == 2 and "--nonsense" in error["error"]["message"]


def test_a_service_is_that_of_its_connection_alone(workplace, connection, tmp_path):
    services = tmp_path / "services"
    services.write_text(f"[crm]\ndbname={workplace.database.dbname}\napplication_name=crm\n")
    workplace.configure(f"""
        [server.main]
        connection = "service=crm"
        read_from = "dbname={workplace.database.dbname}"
        [destination.reports]
        command = ["/bin/sh", "-c", "env > {tmp_path}/env"]
        """)
    workplace.schedule(columns=["id"])
    workplace.due_now()
    done = workplace.once(environ=environment(workplace.database, PGSERVICEFILE=str(services)))
    assert done.returncode == 0, done.stderr
    assert "PGSERVICE=" not in (tmp_path / "env").read_text()
    assert connection.execute("""SELECT application_name FROM takeout.audit_log WHERE event = 'COMPLETE' AND dataset = 'rows'
                                 ORDER BY seq DESC LIMIT 1""").fetchone() == ("takeout run",)


def test_a_service_whose_login_is_refused_does_not_begin(workplace):
    refused = workplace.start(environ=environment(workplace.database, PGHOST="127.0.0.1", PGPASSWORD="wrong"))
    assert refused.wait(10) == 4
