"""next_runs beside other implementations: croniter for the expressions and Python's zoneinfo for the clocks, with the
rules of both changes of the clocks written out here; and croner for all at once, away from these changes."""

import datetime
import functools
import itertools
import json
import subprocess
import zoneinfo
from pathlib import Path

import pytest
from croniter import croniter

HERE = Path(__file__).parent
UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
FROM, UNTIL = datetime.datetime(2012, 1, 1), datetime.datetime(2032, 1, 1)

# Half an hour of summer time, quarters of an hour, changes at midnight, a change of the standard time, none at all.
ZONES = ("UTC", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "America/Sao_Paulo",
         "Africa/Cairo", "Asia/Pyongyang", "Asia/Kolkata", "America/St_Johns")

EXPRESSIONS = ("30 2 * * *", "45 1 * * *", "0 0 * * *", "15,45 2-3 * * *", "0 */6 * * *", "0 3 * * sun",
               "59 23 28-31 * *", "0 0 29 2 *", "5 4 1,15 * fri", "0 0 1 jan,jul *", "20 2 * 3,4,10,11 *")


def due_by_rule(local, zone):
    """The instant of a local time: the first where it comes twice, the next valid minute's where it is skipped."""
    while True:
        instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local:
            return instant
        local += MINUTE


@functools.cache
def local_times(expression):
    schedule = croniter(expression, FROM)
    return list(itertools.takewhile(lambda local: local < UNTIL, iter(lambda: schedule.get_next(datetime.datetime), None)))


def runs_by_croniter(expression, zone):
    """croniter goes through local times of no zone; instants that fall together are one run."""
    return sorted({due_by_rule(local, zone) for local in local_times(expression)})


def our_runs(connection, expression, zone, count):
    rows = connection.execute("SELECT takeout.next_runs(%s, %s, %s, %s)",
                              [expression, zone.key, count, FROM.replace(tzinfo=zone)])
    return [instant.astimezone(UTC) for [instant] in rows]


@pytest.mark.parametrize("name", ZONES)
def test_twenty_years_are_those_of_croniter_and_zoneinfo(connection, name):
    zone = zoneinfo.ZoneInfo(name)
    for expression in EXPRESSIONS:
        expected = runs_by_croniter(expression, zone)
        assert our_runs(connection, expression, zone, len(expected)) == expected, expression


def changes_of(zone):
    """Days on which the clocks change, and those beside them."""
    days = set()
    day = datetime.timedelta(days=1)
    instant = FROM.replace(tzinfo=UTC) - day
    while instant < UNTIL.replace(tzinfo=UTC) + day:
        if instant.astimezone(zone).utcoffset() != (instant + day).astimezone(zone).utcoffset():
            days.update((instant + n * day).date() for n in (-1, 0, 1, 2))
        instant += day
    return days


def runs_by_croner(requests):
    output = subprocess.run(["node", HERE / "node" / "print_runs.js"], input="\n".join(map(json.dumps, requests)),
                            capture_output=True, check=True, text=True).stdout
    return [[datetime.datetime.fromtimestamp(run / 1000, UTC) for run in json.loads(line)] for line in output.splitlines()]


def test_croner_agrees_away_from_changes_of_the_clocks(connection):
    # croner 9 loses 2012-03-01 of "1,15 * fri": the expressions here restrict one day field.
    expressions = [expression for expression in EXPRESSIONS[5:-1] if "fri" not in expression]
    cases = [(expression, zoneinfo.ZoneInfo(name)) for name in ZONES for expression in expressions]
    answers = runs_by_croner([{"cron": expression, "zone": zone.key,
                               "after": FROM.replace(tzinfo=zone).timestamp() * 1000,
                               "until": UNTIL.replace(tzinfo=zone).timestamp() * 1000} for expression, zone in cases])
    assert len(answers) == len(cases)
    for (expression, zone), theirs in zip(cases, answers):
        changes = changes_of(zone)
        ours = our_runs(connection, expression, zone, len(theirs) + 20)
        away = [[run for run in runs if run < UNTIL.replace(tzinfo=zone) and run.date() not in changes]
                for runs in (ours, theirs)]
        assert away[0] == away[1], (expression, zone.key)
        assert len(away[1]) > (4 if "29 2" in expression else 25)
