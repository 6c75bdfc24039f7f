"""A disk that is full, broken or slow: the error is on record, no file is there that is not whole, and the run is tried again."""

import hashlib
import os
import signal
import subprocess
import time

import pytest

from faults import faults, held_disk  # fixtures
from runner import TAKEOUT, environment, start
from throwaway_server import wait_until
from workplace import workplace  # fixture


def prepare(workplace, **arguments):
    workplace.schedule(file_name="rows.csv", checksum=True, retry_delay="1 second", **arguments)
    (workplace.files / "rows.csv").write_text("old")
    workplace.due_now()


def assert_refused(workplace, reason):
    [[state, attempts, error]] = workplace.runs("state, attempts, error")
    assert (state, attempts) == ("retrying", 1) and reason in error, error


def assert_done_at_the_second_attempt(workplace):
    time.sleep(1.1)
    done = workplace.once()
    assert done.returncode == 0, done.stderr
    data = (workplace.files / "rows.csv").read_bytes()
    assert data == workplace.stream()
    assert (workplace.files / "rows.csv.sha256").read_text() == f"{hashlib.sha256(data).hexdigest()}  rows.csv\n"
    assert sorted(os.listdir(workplace.files)) == ["rows.csv", "rows.csv.sha256"]
    assert workplace.runs("state, attempts, error") == [("succeeded", 2, None)]


@pytest.mark.parametrize("fault, reason", [
    ("write", 'cannot write "rows.csv": No space left on device'), ("fsync", 'cannot write to the disk "rows.csv": Input/output error'),
    ("linkat", 'cannot name "rows.csv"'), ("renameat", 'cannot rename to "rows.csv"')])
def test_what_the_disk_refuses_is_on_record_and_tried_again(workplace, faults, fault, reason):
    prepare(workplace)
    assert workplace.once(environ=faults(workplace.database, fault)).returncode == 1
    assert_refused(workplace, reason)
    assert os.listdir(workplace.files) == ["rows.csv"] and (workplace.files / "rows.csv").read_text() == "old"
    assert_done_at_the_second_attempt(workplace)


def test_a_file_whose_name_may_not_be_on_the_disk_is_delivered_again(workplace, faults):
    prepare(workplace)
    assert workplace.once(environ=faults(workplace.database, "fsync of a directory")).returncode == 1
    assert_refused(workplace, "cannot write to the disk the directory")
    assert os.listdir(workplace.files) == ["rows.csv"] and (workplace.files / "rows.csv").read_bytes() == workplace.stream()
    assert_done_at_the_second_attempt(workplace)


def test_a_file_whose_folder_may_not_be_on_the_disk_is_not_delivered(workplace, faults):
    workplace.schedule(file_name="new/rows.csv", columns=["id"])
    workplace.due_now()
    assert workplace.once(environ=faults(workplace.database, "fsync of a directory")).returncode == 1
    assert_refused(workplace, "cannot write to the disk the folder")
    assert os.listdir(workplace.files / "new") == []


def test_a_file_that_cannot_have_its_mode_leaves_nothing(workplace, faults):
    workplace.configure(workplace.configuration.read_text() + 'mode = "0640"')
    workplace.schedule(columns=["id"])
    workplace.due_now()
    assert workplace.once(environ=faults(workplace.database, "fchmod")).returncode == 1
    assert_refused(workplace, "cannot set the mode")
    assert os.listdir(workplace.files) == []


def test_a_container_that_does_not_know_openat2_may_have_folders(workplace, faults):
    workplace.schedule(file_name="new/rows.csv", columns=["id"])
    workplace.due_now()
    done = workplace.once(environ=faults(workplace.database, "openat2"))
    assert done.returncode == 0, done.stderr
    assert os.listdir(workplace.files / "new") == ["rows.csv"]


def test_what_a_dead_runner_left_is_removed_where_only_who_may_write_may_lock(workplace, faults):
    workplace.schedule(file_name="rows.csv", columns=["id"], retry_delay="1 second")
    workplace.due_now()
    assert workplace.once(environ=faults(workplace.database, "fsync")).returncode == 1
    (workplace.files / ".takeout-0123456789abcdef").touch(0o600)
    time.sleep(1.1)
    assert workplace.once(environ=faults(workplace.database, "lock for readers")).returncode == 0
    assert os.listdir(workplace.files) == ["rows.csv"]


# A file system of its own, which only the program sees, and what is in it at the end.
SMALL = 'mount -t tmpfs -o size=256k small "$1" && echo old > "$1/rows.csv" && { shift; "$@"; status=$?; ls -A "$DIRECTORY"; exit $status; }'


def test_a_full_disk_is_on_record_and_tried_again(workplace):
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", workplace.files], capture_output=True).returncode != 0:
        pytest.skip("no file systems can be mounted here")
    prepare(workplace)
    done = subprocess.run([*unshare, "sh", "-c", SMALL, "sh", workplace.files, TAKEOUT, "run", "--once", "-c", workplace.configuration],
                          env=environment(workplace.database, DIRECTORY=str(workplace.files)), capture_output=True, timeout=60, text=True)
    assert done.returncode == 1, done.stderr
    assert_refused(workplace, "No space left on device")
    assert done.stdout == "rows.csv\n"
    assert_done_at_the_second_attempt(workplace)


def test_a_full_spool_is_on_record_and_the_command_not_started(workplace, faults):
    workplace.configure(f'spool = "{workplace.path}"\n[destination.reports]\ncommand = ["/usr/bin/touch", "{workplace.files}/started"]\n')
    workplace.schedule()
    workplace.due_now()
    assert workplace.once(environ=faults(workplace.database, "write")).returncode == 1
    assert_refused(workplace, f'cannot write to the spool directory "{workplace.path}": No space left on device')
    assert os.listdir(workplace.files) == []


def outlive_a_lease(workplace):
    """Waits for the end of the one that is, by which there must be another."""
    [[end]] = workplace.runs("lease_until")
    wait_until(lambda: workplace.connection.execute("SELECT now() > %s", [end]).fetchone()[0])
    assert workplace.runs("state, token, lease_until > now()") == [("running", 1, True)]


def test_a_disk_that_takes_longer_than_a_lease_keeps_the_run(workplace, held_disk):
    workplace.schedule(file_name="rows.csv", columns=["id"])
    workplace.due_now()
    disk = held_disk("fsync")
    running = workplace.start(environ=disk.environ)
    disk.reached()
    waiting = workplace.start()
    try:
        outlive_a_lease(workplace)
        disk.go_on()
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")])
    finally:
        for runner in (running, waiting):
            runner.terminate()
            assert runner.wait(10) == 0
    assert os.listdir(workplace.files) == ["rows.csv"] and workplace.runs("token") == [(1,)]


def test_a_run_that_was_taken_over_while_the_disk_was_waited_for_is_not_delivered(workplace, held_disk):
    workplace.schedule(file_name="rows.csv", columns=["id"])
    workplace.due_now()
    disk = held_disk("fsync")
    running = start(workplace.database, "run", "--once", "-c", workplace.configuration, environ=disk.environ)
    disk.reached()
    workplace.connection.execute("UPDATE takeout.runs SET token = token + 1, lease_until = now() + interval '1 hour'")
    disk.go_on()
    running.wait(60)
    assert os.listdir(workplace.files) == [] and workplace.runs("state, token") == [("running", 2)]


def test_sigterm_while_the_disk_is_waited_for_gives_the_run_back(workplace, held_disk):
    workplace.schedule(file_name="rows.csv", columns=["id"])
    workplace.due_now()
    disk = held_disk("fsync")
    running = workplace.start(environ=disk.environ)
    disk.reached()
    running.terminate()
    assert running.wait(10) == 0
    assert workplace.runs("state, attempts") == [("due", 0)] and os.listdir(workplace.files) == []


def test_once_it_has_its_name_a_file_is_delivered(workplace, held_disk):
    """Neither a signal nor the end of the lease, while the directory is written to the disk, has it delivered again."""
    workplace.schedule(file_name="rows.csv", columns=["id"])
    workplace.due_now()
    disk = held_disk("fsync of a directory")
    running = workplace.start(environ=disk.environ)
    disk.reached()
    assert os.listdir(workplace.files) == ["rows.csv"]
    waiting = workplace.start()
    running.terminate()
    outlive_a_lease(workplace)
    disk.go_on()
    assert running.wait(10) == 0
    waiting.terminate()
    assert waiting.wait(10) == 0
    assert workplace.runs("state, attempts, token") == [("succeeded", 1, 1)]


@pytest.mark.parametrize("call", ["fsync", "fsync of a directory"])
def test_an_export_that_is_interrupted_while_the_disk_is_waited_for_ends(workplace, held_disk, call):
    path = workplace.files / "rows.csv"
    disk = held_disk(call)
    running = start(workplace.database, "export", "rows", "--quiet", "-o", path, environ=disk.environ)
    disk.reached()
    running.send_signal(signal.SIGINT)
    assert running.wait(10) == -signal.SIGINT
    assert not path.exists() or path.read_bytes() == workplace.stream()
