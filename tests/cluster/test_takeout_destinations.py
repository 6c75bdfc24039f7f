"""Where files go: commands and standard output, what they do wrong, and that nothing goes there twice."""

import json
import os
import signal
import subprocess
import time

import pytest

from runner import TAKEOUT, environment, start
from throwaway_server import Database, wait_until
from workplace import Workplace, workplace  # workplace: fixture

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'takeout run'"


def into_a_command(workplace, script):
    workplace.configure(f"[destination.reports]\ncommand = {json.dumps(['/bin/sh', '-c', script])}\n")
    workplace.schedule(columns=["id"], retry_delay="1 second")
    workplace.due_now()


def ids(workplace):
    return workplace.stream("'csv', columns => '{id}'")


@pytest.mark.parametrize("script, said", [
    (r"printf 'schl\344cht\n' >&2; exit 1", "ended with status 1: schl\ufffdcht"),
    ("yes ö | tr -d '\\n' | head -c 3000 >&2; exit 1", "ended with status 1: " + 250 * "ö"),
    ("exit 1", "ended with status 1"),
    ("kill -9 $$", "was ended by signal 9")])
def test_what_a_command_says_of_its_failure_is_on_record(workplace, script, said):
    into_a_command(workplace, script)
    assert workplace.once().returncode == 1
    assert workplace.runs("state, error") == [("retrying", "/bin/sh " + said)]


def test_a_database_of_another_encoding_has_what_it_can_of_it(server, tmp_path):
    with server.connect() as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    latin = Database(server, "latin")
    try:
        with latin.connect(client_encoding="UTF8") as connection:
            connection.execute("CREATE EXTENSION pg_takeout; INSERT INTO takeout.members VALUES (session_user::regrole, 'default')")
            connection.execute("CREATE TABLE rows (id int PRIMARY KEY); SELECT takeout.create_dataset('rows', tenant => 'default')")
            workplace = Workplace(latin, connection, tmp_path)
            into_a_command(workplace, "echo '5 → 6' >&2; exit 1")
            assert workplace.once().returncode == 1
            assert workplace.runs("error") == [("/bin/sh ended with status 1: 5 ??? 6",)]
    finally:
        with server.connect() as connection:
            connection.execute("DROP DATABASE latin WITH (FORCE)")


@pytest.mark.parametrize("program, reason", [("/nonexistent/program", "No such file or directory"), ("/etc/passwd", "Permission denied")])
def test_a_program_that_cannot_be_started_is_named_with_the_reason(workplace, program, reason):
    workplace.configure(f'[destination.reports]\ncommand = ["{program}"]\n')
    workplace.schedule(columns=["id"])
    workplace.due_now()
    assert workplace.once().returncode == 1
    assert workplace.runs("error") == [(f"{program} could not be started: {reason}",)]


def test_a_command_ends_where_the_end_of_children_is_ignored(workplace):
    into_a_command(workplace, "cat > /dev/null")
    done = subprocess.run([TAKEOUT, "run", "--once", "-c", workplace.configuration], env=environment(workplace.database),
                          preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), timeout=30)
    assert done.returncode == 0 and workplace.runs() == [("nightly", "succeeded")]


def test_what_a_command_started_may_go_on(workplace):
    pid = workplace.path / "pid"
    into_a_command(workplace, f"cat > /dev/null; yes & sleep 3600 & echo $! > {pid}")
    assert workplace.once(timeout=60).returncode == 0
    os.kill(int(pid.read_text()), signal.SIGTERM)  # it does


@pytest.mark.parametrize("how", ["for ever", "once"])
def test_a_connection_that_is_cut_after_delivery_delivers_nothing_twice(workplace, how):
    into_a_command(workplace, f'cat >> {workplace.files}/all; psql -Xqc "{CUT}"')
    if how == "once":
        done = workplace.once()
        assert done.returncode == 0, done.stderr
    else:
        running = workplace.start()
        try:
            wait_until(lambda: workplace.runs() == [("nightly", "succeeded")])
        finally:
            running.terminate()
            assert running.wait(10) == 0
    assert (workplace.files / "all").read_bytes() == ids(workplace)
    assert workplace.runs("state, attempts, token, row_count") == [("succeeded", 1, 1, None)]


def test_a_server_that_does_not_take_the_outcome_at_once_is_asked_again(workplace, connection):
    into_a_command(workplace, f"cat >> {workplace.files}/all")
    connection.execute("""CREATE SEQUENCE refusals;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.state = 'succeeded' AND nextval('public.refusals') < 3 THEN RAISE query_canceled; END IF; RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON takeout.runs FOR EACH ROW EXECUTE FUNCTION refuse()""")
    try:
        done = workplace.once()
    finally:
        connection.execute("DROP TRIGGER refuse ON takeout.runs; DROP FUNCTION refuse; DROP SEQUENCE refusals")
    assert done.returncode == 0, done.stderr
    assert (workplace.files / "all").read_bytes() == ids(workplace)
    assert workplace.runs("state, attempts") == [("succeeded", 1)]


def into_standard_output(workplace):
    workplace.configure("lease = 3\n[destination.reports]\nstdout = true\n")
    workplace.schedule()
    workplace.due_now()


def test_standard_output_gets_the_whole_file(workplace):
    into_standard_output(workplace)
    assert workplace.once().stdout == workplace.stream()


def test_of_a_run_that_fails_in_its_middle_nothing_is_on_standard_output(workplace, connection):
    connection.execute("CREATE TABLE number AS SELECT i AS id FROM generate_series(1, 100000) i; ALTER TABLE number ADD PRIMARY KEY (id)")
    connection.execute("CREATE VIEW broken AS SELECT id, 1 / (90000 - id) AS x FROM number")
    connection.execute("SELECT takeout.create_dataset('broken', key => '{id}', tenant => 'default')")
    workplace.configure("[destination.reports]\nstdout = true\n")
    workplace.schedule(dataset="broken")
    workplace.due_now()
    done = workplace.once(environ=environment(workplace.database, PGOPTIONS="-c enable_sort=off"))
    assert done.returncode == 1 and done.stdout == b""
    assert workplace.runs("error") == [("division by zero",)]


def test_a_standard_output_that_nobody_reads_any_more_ends_it(workplace):
    into_standard_output(workplace)
    running = start(workplace.database, "run", "-c", workplace.configuration, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout.readline() == b"id,created_at,noise\r\n"
    running.stdout.close()
    assert b"nobody reads standard output" in running.stderr.read() and running.wait(10) == 6
    assert workplace.runs("state, attempts") == [("due", 0)]


def test_a_slow_reader_of_standard_output_does_not_cost_the_lease(workplace):
    into_standard_output(workplace)
    running = start(workplace.database, "run", "--once", "-c", workplace.configuration, stdout=subprocess.PIPE)
    received = running.stdout.read(10)
    time.sleep(5)  # longer than the lease
    assert workplace.connection.execute("SELECT lease_until > now() FROM takeout.runs").fetchall() == [(True,)]
    assert received + running.stdout.read() == workplace.stream() and running.wait(10) == 0


def test_standard_output_of_several_servers_is_one_file_behind_the_other(workplace):
    workplace.configure(f"""
        poll = 1
        [server.first]
        connection = "dbname={workplace.database.dbname}"
        [server.second]
        connection = "dbname={workplace.database.dbname}"
        [destination.reports]
        stdout = true
        """)
    columns = ["id", "noise"], ["noise", "id"], ["id", "created_at", "noise"], ["noise", "created_at"]
    for number, chosen in enumerate(columns):
        workplace.schedule(name=f"s{number}", columns=chosen)
    files = [workplace.stream(f"'csv', columns => '{{{','.join(chosen)}}}'") for chosen in columns]
    workplace.due_now()
    running = start(workplace.database, "run", "-c", workplace.configuration, stdout=subprocess.PIPE)
    try:
        wait_until(lambda: len({runner for runner, in workplace.runs("runner")} - {None}) == 2)
        received = running.stdout.read(sum(map(len, files)))
        wait_until(lambda: {state for _, state in workplace.runs()} == {"succeeded"})
    finally:
        running.terminate()
        assert running.wait(10) == 0
    assert all(file in received for file in files)
