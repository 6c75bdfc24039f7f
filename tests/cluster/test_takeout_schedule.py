"""takeout schedule, next and history: the SQL functions from a shell."""

import json
import threading

import pytest

from runner import takeout
from throwaway_server import wait_until


@pytest.fixture
def command(database, connection, rows):
    connection.execute("DELETE FROM takeout.schedules; DELETE FROM takeout.runs")
    return lambda *arguments: takeout(database, *arguments)


def test_add_list_remove(command, connection):
    done = command("schedule", "add", "nightly", "30 2 * * *", "rows", "--to", "reports", "--zone", "Europe/Helsinki", "--period",
                   "yesterday", "--columns", "id,noise", "--options", '{"delimiter": ";"}', "--keep", "30 days", "--compress", "zstd",
                   "--file-name", "{date}.{extension}", "--catch-up", "all", "--overlap", "queue", "--timeout", "2 h",
                   "--max-attempts", "7", "--retry-delay", "10 s", "--tenant", "default", "--sha256", "-f", "csv")
    assert done.returncode == 0, done.stderr
    assert b"nightly is due next at" in done.stdout and b"02:30:00 (Europe/Helsinki)" in done.stdout
    assert connection.execute("""SELECT cron, zone, dataset, format, destination, period, columns, options, keep::text, compression,
        file_name, catch_up, overlap, timeout::text, max_attempts, retry_delay::text, tenant, checksum, enabled
        FROM takeout.schedules""").fetchall() == [
            ("30 2 * * *", "Europe/Helsinki", "rows", "csv", "reports", "yesterday", ["id", "noise"], {"delimiter": ";"}, "30 days",
             "zstd", "{date}.{extension}", "all", "queue", "02:00:00", 7, "00:00:10", "default", True, True)]
    assert command("schedule", "add", "other", "@daily", "rows", "--to", "x", "--disabled").returncode == 0
    listed = command("schedule", "list").stdout.decode().splitlines()
    assert [line.split()[0] for line in listed] == ["name", "nightly", "other"]
    assert json.loads(command("schedule", "list", "--json").stdout.splitlines()[1])["enabled"] is False
    assert command("schedule", "remove", "nightly").returncode == 0
    assert command("schedule", "remove", "nightly").returncode == 1
    assert connection.execute("SELECT name FROM takeout.schedules").fetchall() == [("other",)]


def test_two_sessions_that_make_one_name_make_one_schedule(database, connection, rows):
    add = "SELECT takeout.schedule('both', '0 2 * * *', 'rows', %s, 'reports')"
    made = []

    def make():
        with database.connect() as second:
            made.append(second.execute(add, ["jsonl"]).fetchone())

    with database.connect(autocommit=False) as first:
        made.append(first.execute(add, ["csv"]).fetchone())
        waiting = threading.Thread(target=make)
        waiting.start()
        wait_until(lambda: connection.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'both'").fetchall())
        first.commit()
        waiting.join()
    assert made[0] == made[1]
    assert connection.execute("SELECT format FROM takeout.schedules WHERE name = 'both'").fetchall() == [("jsonl",)]
    connection.execute("SELECT takeout.unschedule('both')")


def test_a_wrong_cron_is_shown_where_it_is_wrong(command):
    for arguments in (("schedule", "add", "x", "0 25 * * *", "rows", "--to", "y"), ("next", "0 25 * * *")):
        done = command(*arguments)
        assert done.returncode == 2
        assert done.stderr.decode().splitlines()[:4] == [
            'takeout: invalid cron expression: "0 25 * * *"', "DETAIL: At character 3: hour 25 is not between 0 and 23.",
            "  0 25 * * *", "    ^"]


def test_next_is_on_the_clocks_of_the_zone(command):
    done = command("next", "30 6 * * mon", "--zone", "Europe/Helsinki", "-n", "3")
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "due" and len(lines) == 4 and all(line.endswith("06:30 Mon") for line in lines[1:])
    assert len(command("next", "@hourly", "--json").stdout.splitlines()) == 10


def test_history_is_the_latest_first(command, connection):
    connection.execute("""INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before, file, error)
        SELECT 1, 'nightly', session_user::regrole, 'default', 'reports', d, 'failed', d, 'a.csv', 'no way'
        FROM generate_series(timestamptz '2026-01-01', '2026-01-05', '1 day') d""")
    lines = command("history", "nightly", "-n", "3").stdout.decode().splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["2026-01-05", "2026-01-04", "2026-01-03"]
    assert "reports:a.csv" in lines[1] and lines[1].endswith("no way")
    assert command("history", "other").stdout.decode().splitlines()[1:] == []
    assert json.loads(command("history", "--json").stdout.splitlines()[0])["state"] == "failed"
