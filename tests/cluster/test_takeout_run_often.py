"""The promises of takeout run, put to the test many times."""

import datetime
import os
import random
import signal
import time

import pytest

from faults import faults  # fixture
from throwaway_server import wait_until
from workplace import slow, workplace  # fixtures

pytestmark = pytest.mark.long


def test_ten_runners_make_a_thousand_runs_once_each(workplace):
    workplace.schedule(columns=["id"], period="all", file_name="{schedule}.csv")
    workplace.due_now()
    count = 1000
    workplace.connection.execute("""INSERT INTO takeout.schedules (name, owner, enabled, cron, zone, dataset, format, tenant, period, columns,
          destination, file_name, compression, checksum, catch_up, overlap, max_attempts, retry_delay, timeout, next_due)
        SELECT 's' || i, owner, enabled, cron, zone, dataset, format, tenant, period, columns, destination, file_name, compression, checksum,
          catch_up, overlap, max_attempts, retry_delay, timeout, next_due
        FROM takeout.schedules, generate_series(2, %s) i""", [count])
    # A thousand exports in a minute are more than the quota of one role.
    workplace.connection.execute("INSERT INTO takeout.limits (role, requests_per_minute) VALUES (session_user::regrole, 1000)")
    runners = [workplace.start() for _ in range(10)]
    try:
        wait_until(lambda: [state for _, state in workplace.runs()].count("succeeded") == count, 900)
    finally:
        for runner in runners:
            runner.terminate()
        codes = [runner.wait(15) for runner in runners]
        workplace.connection.execute("DELETE FROM takeout.limits WHERE role IS NOT NULL")
    assert codes == [0] * 10
    assert set(workplace.runs("attempts, token")) == {(1, 1)}
    assert len(list(workplace.files.iterdir())) == count


def test_three_hundred_kills(workplace, slow, faults):
    """At random moments of claim, export and delivery: no run lost, no part of a file, nothing left, and whoever comes next
    has the run when the lease of the dead is over."""
    workplace.schedule(dataset=slow, file_name="{schedule}.csv", checksum=True, max_attempts=1000)
    finished, waits = 0, []
    workplace.due_now()
    before = None
    for _ in range(300):
        # An export takes some 3 seconds, as does the lease; the delivery takes as long again where the disk is slow.
        begin = datetime.datetime.now(datetime.timezone.utc)
        disk = random.choice([None, faults(workplace.database, "slow")])
        running = workplace.start(environ=disk)
        time.sleep(random.choice([random.uniform(0, 1), random.uniform(1, 9)]))
        running.kill()
        running.wait()
        for path in workplace.files.glob("*.csv"):
            assert path.read_bytes().count(b"\n") == 1001
        [[*after, state]] = workplace.runs("token, lease_until, started_at, state") or [[0, None, None, "due"]]
        if before and before[1] and after[0] == before[0] + 1:
            waits.append((after[2] - max(before[1], begin)).total_seconds())
        before = after
        if state == "succeeded":
            finished += 1
            workplace.connection.execute("DELETE FROM takeout.runs")
            workplace.due_now()
            before = None
        else:
            assert state in ("due", "running")
    running = workplace.start()
    try:
        wait_until(lambda: workplace.runs() == [("nightly", "succeeded")], 30)
    finally:
        running.terminate()
        assert running.wait(10) == 0
    print(f"{finished} runs finished, {len(waits)} taken over, {max(waits):.2f} s after the lease at most")
    assert finished > 10 and len(waits) > 10 and max(waits) < 2
    assert sorted(os.listdir(workplace.files)) == ["nightly.csv", "nightly.csv.sha256"]


def test_a_hundred_sigterms(workplace, slow):
    workplace.schedule(dataset=slow, file_name="{schedule}.csv")
    workplace.due_now()
    longest = 0
    for _ in range(100):
        running = workplace.start()
        time.sleep(random.uniform(0, 2.5))
        begin = time.monotonic()
        running.terminate()
        # Before it has begun to listen to signals it is simply ended.
        assert running.wait(10) in (0, -signal.SIGTERM)
        longest = max(longest, time.monotonic() - begin)
        [[state]] = workplace.runs("state") or [["due"]]
        assert state in ("due", "succeeded")
        assert os.listdir(workplace.files) == (["nightly.csv"] if state == "succeeded" else [])
        if state == "succeeded":
            workplace.connection.execute("DELETE FROM takeout.runs")
            os.unlink(workplace.files / "nightly.csv")
            workplace.due_now()
    print(f"ended after {longest:.2f} s at most")
    assert longest < 10


def test_fifty_cut_connections(workplace, slow):
    workplace.schedule(dataset=slow, file_name="{schedule}.csv", retry_delay="1 second")
    recoveries = []
    running = workplace.start()
    try:
        for _ in range(50):
            workplace.connection.execute("DELETE FROM takeout.runs")
            workplace.due_now()
            workplace.connection.execute("NOTIFY takeout")
            wait_until(lambda: workplace.runs() == [("nightly", "running")])
            time.sleep(random.uniform(0, 2))
            workplace.connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'takeout run'"
                + random.choice(["", " AND query LIKE 'COPY%'", " AND query NOT LIKE 'COPY%'"]))
            begin = time.monotonic()
            wait_until(lambda: workplace.runs() == [("nightly", "succeeded")], 30)
            recoveries.append(time.monotonic() - begin)
            assert (workplace.files / "nightly.csv").read_bytes().count(b"\n") == 1001
    finally:
        running.terminate()
        assert running.wait(10) == 0
    print(f"recovered after {max(recoveries):.1f} s at most")
    assert os.listdir(workplace.files) == ["nightly.csv"]
