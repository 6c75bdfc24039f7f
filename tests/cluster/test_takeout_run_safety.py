"""takeout run gives nobody more than they have: no path outside of a destination, no secret, no right."""

import os
import random
import threading
import time

import pytest

from runner import environment
from workplace import workplace  # fixture


def test_no_name_and_no_link_leads_out_of_the_directory(workplace, connection):
    outside = workplace.path / "outside"
    outside.mkdir()
    (workplace.files / "link").symlink_to(outside)
    (workplace.files / "file.csv").symlink_to(outside / "file.csv")
    (outside / "file.csv").write_text("untouched")
    # What the functions would refuse is written past them: the runner checks for itself.
    for number, name in enumerate(["../outside/x", "/tmp/x", "link/x", "a/../../outside/x", "..", ".hidden", "a//b", "-rf", "a\nb"]):
        workplace.schedule(name=f"bad{number}", columns=["id"], max_attempts=1)
        connection.execute("UPDATE takeout.schedules SET next_due = '-infinity' WHERE name = %s", [f"bad{number}"])
        connection.execute("""INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before, file)
            SELECT id, name, owner, tenant, destination, now(), 'due', now(), %s FROM takeout.schedules WHERE name = %s""",
                           [name, f"bad{number}"])
    connection.execute("UPDATE takeout.schedules SET next_due = 'infinity'")
    workplace.schedule(name="good", columns=["id"], file_name="file.csv")
    workplace.due_now("good")
    assert workplace.once().returncode == 1
    assert {state for name, state in workplace.runs() if name != "good"} == {"failed"}
    assert os.listdir(outside) == ["file.csv"] and (outside / "file.csv").read_text() == "untouched"
    assert (workplace.files / "file.csv").read_bytes() == workplace.stream("'csv', columns => '{id}'")
    assert sorted(os.listdir(workplace.files)) == ["file.csv", "link"]


def test_links_that_are_swapped_in_lead_nowhere(workplace):
    outside, inside = workplace.path / "outside", workplace.files / "sub"
    outside.mkdir()
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            (workplace.path / "link").symlink_to(outside)
            (workplace.path / "folder").mkdir()
            for name in ("link", "folder"):
                if inside.is_symlink():
                    inside.unlink()
                elif inside.exists():
                    inside.rename(workplace.path / f"away{time.monotonic_ns()}")
                try:
                    (workplace.path / name).rename(inside)
                except OSError:  # the runner has made the folder meanwhile
                    (workplace.path / name).rename(workplace.path / f"away{time.monotonic_ns()}")
                time.sleep(random.uniform(0, 0.002))

    for number in range(30):
        workplace.schedule(name=f"s{number}", columns=["id"], file_name="sub/{schedule}.csv", max_attempts=1)
    workplace.due_now()
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        workplace.once()
    finally:
        stop.set()
        swapper.join()
    assert len(workplace.runs()) == 30 and os.listdir(outside) == []


def test_no_secret_in_tables_logs_and_what_is_started(workplace, connection):
    connection.execute("CREATE ROLE secretive LOGIN PASSWORD 'hunter-two'")
    try:
        connection.execute("INSERT INTO takeout.members VALUES ('secretive', 'default')")
        connection.execute("SELECT takeout.allow_runner('secretive')")
        database = workplace.database
        workplace.configure(f"""
            [server.main]
            connection = "host=127.0.0.1 port={database.port} dbname={database.dbname} user=secretive password=hunter-two"
            [destination.reports]
            command = ["/bin/sh", "-c", "env > {workplace.path}/env; cat /proc/$PPID/cmdline | tr '\\\\0' ' '; exit 1"]
            """)
        workplace.configuration.chmod(0o600)
        workplace.schedule(columns=["id"], max_attempts=1)
        workplace.due_now()
        environ = environment(database)
        environ.pop("PGPASSWORD")
        done = workplace.once(environ={**environ, "PGPASSWORD": "other-secret"})
        assert done.returncode == 1
        [[error]] = workplace.runs("error")
        assert "takeout run --once" in error  # the command did see its command line
        for text in ((workplace.path / "env").read_text(), done.stderr.decode(), error, database.server.log(), str(connection.execute("SELECT r, s FROM takeout.runs r, takeout.schedules s").fetchall())):
            assert "hunter-two" not in text and "other-secret" not in text
    finally:
        connection.execute("DELETE FROM takeout.members WHERE role = 'secretive'::regrole; DROP OWNED BY secretive; DROP ROLE secretive")


@pytest.fixture
def role(workplace, connection):
    """A role for the runner, a member of no tenant yet; and the environment that logs in as it."""
    connection.execute("CREATE ROLE takeout_runner LOGIN")
    yield environment(workplace.database, PGUSER="takeout_runner")
    for table in ("members", "limits"):
        connection.execute(f"DELETE FROM takeout.{table} WHERE role = 'takeout_runner'::regrole")
    connection.execute("DROP OWNED BY takeout_runner; DROP ROLE takeout_runner")


def test_a_role_of_its_own_runs_them_with_no_more_rights_than_it_needs(workplace, connection, role):
    workplace.schedule(columns=["id"])
    workplace.due_now()
    assert workplace.once(environ=role).returncode == 4
    connection.execute("SELECT takeout.allow_runner('takeout_runner')")
    assert workplace.once(environ=role).returncode == 0 and workplace.runs() == []  # of no tenant of its
    connection.execute("INSERT INTO takeout.members VALUES ('takeout_runner', '*')")
    done = workplace.once(environ=role)
    assert done.returncode == 0, done.stderr
    assert workplace.runs() == [("nightly", "succeeded")]


def test_its_exports_are_limited_and_on_record_like_anyones(workplace, connection, role):
    connection.execute("SELECT takeout.allow_runner('takeout_runner')")
    connection.execute("INSERT INTO takeout.members VALUES ('takeout_runner', '*')")
    connection.execute("INSERT INTO takeout.limits (role, requests_per_minute) VALUES ('takeout_runner', 1)")
    for name in ("first", "second"):
        workplace.schedule(name=name, columns=["id"])
        workplace.due_now(name)
    assert workplace.once(environ=role).returncode == 1
    assert workplace.runs("state, error_code") == [("succeeded", None), ("retrying", "53400")]
    connection.execute("UPDATE takeout.limits SET requests_per_minute = NULL, max_rows = 10 WHERE role = 'takeout_runner'::regrole")
    connection.execute("UPDATE takeout.runs SET not_before = now() WHERE state = 'retrying'")
    assert workplace.once(environ=role).returncode == 1
    assert workplace.runs("state, error_code") == [("succeeded", None), ("failed", "54000")]
    recorded = connection.execute("""SELECT event, tenant, application_name FROM takeout.audit_log
        WHERE role = 'takeout_runner' AND database = current_database() AND event IN ('COMPLETE', 'DENIED') ORDER BY seq""").fetchall()
    assert ("COMPLETE", "default", "takeout run") in recorded and "DENIED" in {event for event, _, _ in recorded}, recorded


def test_a_password_in_a_credential_of_the_service_is_its_own(workplace):
    database = workplace.database
    workplace.configure(f'''
        [server.main]
        connection = "host=127.0.0.1 port={database.port} dbname={database.dbname} user={database.user} password={database.password}"
        [destination.reports]
        directory = "{workplace.files}"
        ''')
    workplace.configuration.chmod(0o440)
    assert workplace.once().returncode == 2
    done = workplace.once(environ=environment(database, CREDENTIALS_DIRECTORY=str(workplace.path)))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text, complaint", [
    ("[destination.x]\ndirectory = 'relative'", ":1: a directory is named by its absolute path"),
    ("[destination.x]\ncommand = 'rm -rf'", ":2: \"command\" must be a list"),
    ("[destination.x]\ncommand = ['/x', 5]", ":2: \"command\" has words in quotes only"),
    ("[destination.x]\n", ":1: a destination has one of"),
    ("nonsense = 1\n[destination.x]\nstdout = true", ":1: unknown key \"nonsense\""),
    ("[destination.'x y']\nstdout = true", "the name of a destination"),
    ("[server.a]\nconnection = 'host=x password=secret1'\n[destination.x]\nstdout = true", ":1: a file with a password must be readable"),
    ("= 1", ":1: "), ("", "there is no [destination.NAME]")])
def test_a_wrong_configuration_is_refused_by_line(workplace, text, complaint):
    workplace.configure(text)
    workplace.configuration.chmod(0o644)
    done = workplace.once()
    assert done.returncode == 2 and complaint in done.stderr.decode() and b"secret1" not in done.stderr, done.stderr
