"""takeout run: what is due is exported once, arrives whole, and what went wrong is tried again and recorded."""

from concurrent.futures import ThreadPoolExecutor
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import time

import pytest

from runner import start
from throwaway_server import wait_until
from workplace import slow, workplace  # fixtures


def test_what_is_due_is_delivered_and_recorded(workplace):
    workplace.schedule(file_name="{dataset}/{schedule}-{date}.{extension}", compression="gzip", checksum=True)
    assert workplace.once().returncode == 0 and workplace.runs() == []
    workplace.due_now()
    done = workplace.once()
    assert done.returncode == 0, done.stderr
    [[state, row_count, size, file_size, digest, file, attempts, fresh]] = workplace.runs(
        "state, row_count, bytes, file_bytes, sha256, file, attempts, finished_at > started_at AND lease_until IS NULL")
    data = (workplace.files / file).read_bytes()
    assert gzip.decompress(data) == workplace.stream()
    assert (state, row_count, size, file_size, attempts, fresh) == ("succeeded", 50000, len(workplace.stream()), len(data), 1, True)
    assert digest == hashlib.sha256(data).hexdigest()
    assert (workplace.files / (file + ".sha256")).read_text() == f"{digest}  {os.path.basename(file)}\n"
    assert file.startswith("rows/nightly-20") and file.endswith(".csv.gz")
    assert (workplace.files / file).stat().st_mode & 0o777 == 0o600
    assert workplace.once().returncode == 0 and len(workplace.runs()) == 1


@pytest.mark.parametrize("policy, expected", [("all", ["succeeded"] * 4), ("once", ["succeeded"]), ("skip", ["skipped"])])
def test_missed_runs_by_policy(workplace, policy, expected):
    workplace.schedule(catch_up=policy, columns=["id"])
    workplace.connection.execute("""UPDATE takeout.schedules
        SET cron = to_char((now() - interval '30 minutes') AT TIME ZONE 'UTC', 'MI HH24 * * *'),
            next_due = date_trunc('minute', now() - interval '3 days 30 minutes')""")
    assert workplace.once().returncode == 0
    assert [state for _, state in workplace.runs()] == expected
    assert len(list(workplace.files.iterdir())) == expected.count("succeeded")


def test_the_daemon_wakes_when_a_schedule_is_made_and_ends_on_sigterm(workplace):
    workplace.configure(workplace.configuration.read_text().replace("poll = 1", "poll = 600"))
    running = workplace.start()
    try:
        wait_until(lambda: workplace.connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'takeout run' AND query LIKE '%next_wakeup%'").fetchone()[0])
        workplace.schedule(columns=["id"])
        workplace.due_now()
        workplace.connection.execute("NOTIFY takeout")
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")])
        running.terminate()
        assert running.wait(10) == 0
    finally:
        running.kill()


def test_many_runners_make_each_run_once(workplace):
    count = 60
    for i in range(count):
        workplace.schedule(name=f"s{i}", columns=["id"], file_name="{schedule}.csv")
    workplace.due_now("s%")
    runners = [workplace.start() for _ in range(5)]
    try:
        wait_until(lambda: [state for _, state in workplace.runs()].count("succeeded") == count, 90)
    finally:
        for runner in runners:
            runner.terminate()
        codes = [runner.wait(15) for runner in runners]
    assert codes == [0] * 5
    assert set(workplace.runs("attempts, token")) == {(1, 1)}
    assert len(list(workplace.files.iterdir())) == count


def test_killed_runners_lose_no_run_and_leave_no_part_of_a_file(workplace, slow):
    workplace.schedule(dataset=slow, cron="* * * * *", file_name="slow.csv", max_attempts=10)
    workplace.due_now()
    for _ in range(6):
        running = workplace.start()
        time.sleep(random.uniform(0.2, 2.5))
        running.kill()
        running.wait()
        assert all(path.name == "slow.csv" and path.read_bytes().count(b"\n") == 1001 for path in workplace.files.iterdir())
        if workplace.runs() == [("nightly", "succeeded")]:
            break
    [[free]] = workplace.runs("greatest(lease_until, clock_timestamp())") or [[None]]
    running = workplace.start()
    try:
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")])
    finally:
        running.terminate()
        assert running.wait(10) in (0, -signal.SIGTERM)  # the latter where it had not begun yet
    [[begun]] = workplace.runs("started_at")
    assert free is None or (begun - free).total_seconds() < 5
    assert [path.name for path in workplace.files.iterdir()] == ["slow.csv"]


def test_what_kills_its_runner_each_time_is_given_up(workplace):
    workplace.configure(f'''
        lease = 1
        [destination.reports]
        command = ["/bin/sh", "-c", "echo >> {workplace.files}/begun; kill -9 $PPID"]
        ''')
    workplace.schedule(columns=["id"], max_attempts=2)
    workplace.due_now()
    for _ in range(2):
        assert workplace.start().wait(60) == -signal.SIGKILL
    running = workplace.start()
    try:
        wait_until(lambda: workplace.runs() == [("nightly", "failed")])
    finally:
        running.terminate()
        assert running.wait(10) == 0
    assert (workplace.files / "begun").read_text() == "\n" * 2
    [[attempts, error]] = workplace.runs("attempts, error")
    assert attempts == 2 and re.fullmatch(r"runner \S+:\d+ died or was cut off", error)


def test_a_schedule_that_is_changed_while_it_runs_makes_only_the_new_file(workplace, gate):
    workplace.schedule(dataset=gate.dataset, file_name="{dataset}.csv")
    workplace.due_now()
    running = workplace.start()
    try:
        gate.reached()
        workplace.schedule(cron=workplace.connection.execute("SELECT cron FROM takeout.schedules").fetchone()[0], file_name="{dataset}.csv")
        gate.open()
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")])
    finally:
        running.terminate()
        assert running.wait(10) == 0
    assert os.listdir(workplace.files) == ["rows.csv"]
    assert (workplace.files / "rows.csv").read_bytes() == workplace.stream()
    assert workplace.runs("attempts, file") == [(1, "rows.csv")]


def test_a_schedule_is_changed_while_its_run_ends(workplace, connection):
    workplace.schedule(period="new")
    workplace.due_now()
    [[run, token]] = connection.execute("SELECT run, token FROM takeout.claim_run('me', '{reports}', '1 hour')").fetchall()
    with workplace.database.connect(autocommit=False) as changing, workplace.database.connect() as finishing:
        changing.execute("SELECT FROM takeout.schedules FOR UPDATE")
        with ThreadPoolExecutor(1) as thread:
            finished = thread.submit(lambda: finishing.execute(
                "SELECT takeout.finish_run(%s, %s, 0, 0, 0, NULL)", [run, token]).fetchone()[0])
            wait_until(lambda: connection.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%finish_run%' AND pid <> pg_backend_pid()").fetchone()[0])
            changing.execute("SELECT takeout.schedule('nightly', '0 2 * * *', 'rows', 'json', 'reports')")
            changing.commit()
            assert finished.result(20) is False
    assert workplace.runs("state, token") == [("due", 2)]


def test_sigterm_in_the_middle_gives_the_run_back(workplace, gate):
    workplace.schedule(dataset=gate.dataset)
    workplace.due_now()
    running = workplace.start()
    gate.reached()
    running.terminate()
    assert running.wait(10) == 0
    assert workplace.runs("state, attempts") == [("due", 0)] and list(workplace.files.iterdir()) == []
    gate.open()
    assert workplace.once().returncode == 0
    assert workplace.runs("state, attempts") == [("succeeded", 1)]


@pytest.mark.parametrize("noticed", ["by its heartbeat", "at its end"])
def test_a_runner_whose_run_was_taken_over_delivers_nothing(workplace, gate, noticed):
    if noticed == "at its end":
        workplace.configure(workplace.configuration.read_text().replace("lease = 3", "lease = 3600"))
    workplace.schedule(dataset=gate.dataset)
    workplace.due_now()
    running = start(workplace.database, "run", "--once", "-c", workplace.configuration)
    gate.reached()
    workplace.connection.execute("UPDATE takeout.runs SET token = token + 1, lease_until = now() + interval '1 hour'")
    if noticed == "at its end":
        gate.open()
    running.wait(60)
    assert list(workplace.files.iterdir()) == [] and workplace.runs("state, token") == [("running", 2)]


def test_a_cut_connection_is_made_anew_and_the_run_made(workplace, gate):
    workplace.schedule(dataset=gate.dataset, retry_delay="1 second")
    workplace.due_now()
    running = workplace.start()
    try:
        gate.reached()
        workplace.connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'takeout run'")
        assert list(workplace.files.iterdir()) == []
        gate.open()
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")], 30)
    finally:
        running.terminate()
        assert running.wait(10) == 0


def commands_running():
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_text(errors="replace")
        except OSError:  # it has ended
            continue


def test_sigterm_ends_a_command_that_does_not_want_to(workplace):
    workplace.configure(f"""
        [destination.reports]
        command = ["/bin/sh", "-c", "trap '' TERM; touch {workplace.files}/begun; while :; do sleep 0.1; done"]
        """)
    workplace.schedule(columns=["id"])
    workplace.due_now()
    running = workplace.start()
    wait_until(lambda: os.listdir(workplace.files) == ["begun"])
    running.terminate()
    assert running.wait(10) == 0
    assert workplace.runs("state, attempts") == [("due", 0)]
    assert not any(f"touch {workplace.files}/begun" in command for command in commands_running())


def test_a_failure_is_recorded_and_tried_again(workplace):
    workplace.schedule(retry_delay="1 second", max_attempts=3)
    workplace.due_now()
    workplace.files.rmdir()
    assert workplace.once().returncode == 1
    [[state, attempts, code, error]] = workplace.runs("state, attempts, error_code, error")
    assert (state, attempts, code) == ("retrying", 1, None) and "cannot open directory" in error
    workplace.files.mkdir()
    time.sleep(1.1)
    assert workplace.once().returncode == 0
    assert workplace.runs("state, attempts, error") == [("succeeded", 2, None)]


def test_what_would_fail_again_is_not_tried_again(workplace, connection):
    workplace.schedule()
    connection.execute("UPDATE takeout.schedules SET options = '{\"nonsense\": 1}'")
    workplace.due_now()
    assert workplace.once().returncode == 1
    assert workplace.runs("state, attempts, error_code") == [("failed", 1, "22023")]
    assert connection.execute("SELECT failed, last_error FROM takeout.schedule_health").fetchone() == (
        True, 'format csv has no option "nonsense"')


def test_a_timeout_ends_an_attempt(workplace, gate):
    workplace.schedule(dataset=gate.dataset, timeout="1 second", max_attempts=1)
    workplace.due_now()
    assert workplace.once().returncode == 1
    [[state, error]] = workplace.runs("state, error")
    assert state == "failed" and "timeout of 1 s" in error and list(workplace.files.iterdir()) == []
    assert workplace.runs("finished_at - started_at < interval '5 seconds'") == [(True,)]


def test_a_command_gets_the_whole_file_and_no_shell(workplace):
    target = workplace.path / "out"
    workplace.configure(f"""
        [destination.reports]
        command = ["/bin/sh", "-c", "cat > \\"$1\\"; echo $TAKEOUT_SCHEDULE $TAKEOUT_DATASET $PGPASSWORD >&2", "sh", "{target}/{{file}}"]
        [notify]
        success = ["/bin/sh", "-c", "echo $TAKEOUT_STATE >> {workplace.path}/told"]
        failure = ["/bin/sh", "-c", "echo $TAKEOUT_STATE $TAKEOUT_ERROR >> {workplace.path}/told"]
        """)
    target.mkdir()
    workplace.schedule(file_name="$(touch x); {schedule} 'a'.csv", max_attempts=1)
    workplace.due_now()
    done = workplace.once()
    assert done.returncode == 0, done.stderr
    assert os.listdir(target) == ["$(touch x); nightly 'a'.csv"]
    assert (target / "$(touch x); nightly 'a'.csv").read_bytes() == workplace.stream()
    assert (workplace.path / "told").read_text() == "succeeded\n"

    workplace.configure(workplace.configuration.read_text().replace("cat >", "echo no room >&2; exit 3; cat >"))
    workplace.schedule(name="other", max_attempts=1)
    workplace.due_now("other")
    assert workplace.once().returncode == 1
    assert workplace.runs("state, error")[-1] == ("failed", "/bin/sh ended with status 3: no room")
    assert (workplace.path / "told").read_text().splitlines()[1] == "failed /bin/sh ended with status 3: no room"


def test_period_new_misses_nothing_and_repeats_nothing(workplace, connection, database):
    connection.execute("CREATE TABLE event (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now())")
    connection.execute("SELECT takeout.create_dataset('event', tenant => 'default')")
    workplace.schedule(dataset="event", period="new", file_name="{schedule}.csv", columns=["id"])
    seen = []

    def export():
        connection.execute("UPDATE takeout.runs SET due = timestamptz '2000-01-01' + id * interval '1 minute'")
        workplace.due_now()
        assert workplace.once().returncode == 0
        [file] = connection.execute("SELECT file FROM takeout.runs ORDER BY id DESC LIMIT 1").fetchone()
        ids = [int(line) for line in (workplace.files / file).read_text().split()[1:]]
        seen.extend(ids)
        return ids

    connection.execute("INSERT INTO event VALUES (1)")
    time.sleep(1.1)
    assert export() == [1]
    with database.connect(autocommit=False) as late:
        late.execute("INSERT INTO event VALUES (2)")
        connection.execute("INSERT INTO event VALUES (3)")
        time.sleep(1.1)
        assert export() == []
        late.commit()
    time.sleep(1.1)
    assert export() == [2, 3]
    assert export() == []
    assert seen == [1, 2, 3]


def test_files_are_kept_as_long_as_they_should(workplace, connection):
    workplace.schedule(columns=["id"], keep="1 day", checksum=True)
    workplace.due_now()
    assert workplace.once().returncode == 0
    (workplace.files / "somebody-elses.csv").write_text("stays")
    assert len(os.listdir(workplace.files)) == 3
    connection.execute("UPDATE takeout.runs SET finished_at = now() - interval '23 hours'")
    assert workplace.once().returncode == 0 and len(os.listdir(workplace.files)) == 3
    connection.execute("UPDATE takeout.runs SET finished_at = now() - interval '25 hours'")
    assert workplace.once().returncode == 0
    assert os.listdir(workplace.files) == ["somebody-elses.csv"]
    assert workplace.runs("removed_at IS NOT NULL") == [(True,)]


def test_files_of_a_removed_schedule_are_kept_no_longer(workplace, connection):
    workplace.schedule(columns=["id"], keep="1 day", checksum=True)
    workplace.due_now()
    assert workplace.once().returncode == 0
    connection.execute("SELECT takeout.unschedule('nightly')")
    assert workplace.once().returncode == 0 and len(os.listdir(workplace.files)) == 2
    connection.execute("UPDATE takeout.runs SET finished_at = now() - interval '25 hours'")
    assert workplace.once().returncode == 0
    assert os.listdir(workplace.files) == [] and workplace.runs("removed_at IS NOT NULL") == [(True,)]


def test_what_a_command_took_is_not_on_record_as_removed(workplace, connection):
    workplace.configure("[destination.reports]\ncommand = ['/bin/sh', '-c', 'cat > /dev/null']\n")
    workplace.schedule(columns=["id"], keep="1 day")
    workplace.due_now()
    assert workplace.once().returncode == 0
    connection.execute("UPDATE takeout.runs SET finished_at = now() - interval '25 hours'")
    assert workplace.once().returncode == 0
    assert workplace.runs("state, removed_at") == [("succeeded", None)]


def test_each_end_of_a_run_is_notified(workplace, connection):
    with workplace.database.connect() as listener:
        told = []
        listener.add_notify_handler(lambda notification: told.append(json.loads(notification.payload)))
        listener.execute("LISTEN takeout_runs")
        workplace.schedule(columns=["id"], max_attempts=2, retry_delay="1 second")
        workplace.due_now()
        workplace.files.rmdir()
        assert workplace.once().returncode == 1
        workplace.files.mkdir()
        time.sleep(1.1)
        assert workplace.once().returncode == 0
        listener.execute("SELECT 1")  # takes in what has come
    assert [(one["schedule"], one["state"]) for one in told] == [("nightly", "retrying"), ("nightly", "succeeded")]


def test_runs_that_are_skipped_are_notified_too(workplace, connection):
    with workplace.database.connect() as listener:
        told = []
        listener.add_notify_handler(lambda notification: told.append(json.loads(notification.payload)))
        listener.execute("LISTEN takeout_runs")
        workplace.schedule(name="late", catch_up="skip")
        connection.execute("UPDATE takeout.schedules SET next_due = now() - interval '2 days'")
        connection.execute("SELECT takeout.plan_runs('{reports}')")
        workplace.schedule(name="disabled")
        workplace.due_now("disabled")
        connection.execute("SELECT takeout.plan_runs('{reports}')")
        workplace.schedule(name="disabled", enabled=False)
        listener.execute("SELECT 1")  # takes in what has come
    assert [(one["schedule"], one["state"]) for one in told] == [("late", "skipped"), ("disabled", "skipped")]
