"""Period new while others write: each row that is committed is in one file, whenever its transaction began and ended."""

import itertools
import random
import threading
import time

import psycopg
import pytest

from throwaway_server import wait_until
from workplace import workplace  # fixture


class Writers:
    """Transactions that stay open for a while, some of which are rolled back."""

    def __init__(self, database, count):
        self.database = database
        self.numbers = itertools.count()
        self.committed = set()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.write) for _ in range(count)]

    def write(self):
        with self.database.connect(autocommit=False) as connection:
            while not self.stop.is_set():
                number = next(self.numbers)
                time.sleep(random.uniform(0, 0.2))
                connection.execute("INSERT INTO event (id) VALUES (%s)", [number])
                time.sleep(random.choice([0, 0.1, random.uniform(0, 3)]))
                if random.random() < 0.1:
                    connection.rollback()
                else:
                    connection.commit()
                    self.committed.add(number)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture(autouse=True)
def event(connection):
    connection.execute("CREATE TABLE event (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now())")
    connection.execute("SELECT takeout.create_dataset('event', tenant => 'default')")
    yield
    connection.execute("SELECT takeout.drop_dataset('event')")
    connection.execute("DROP TABLE event")


@pytest.mark.parametrize("files", [3, pytest.param(40, marks=pytest.mark.long)])
def test_no_row_is_missed_and_none_exported_twice(workplace, connection, files):
    workplace.schedule(dataset="event", period="new", file_name="{schedule}.csv", columns=["id"])
    exported = []

    def export():
        connection.execute("UPDATE takeout.runs SET due = timestamptz '2000-01-01' + id * interval '1 minute'")
        workplace.due_now()
        done = workplace.once()
        assert done.returncode == 0, done.stderr
        exported.append([int(line) for line in (workplace.files / "nightly.csv").read_text().split()[1:]])

    with Writers(workplace.database, 8) as writers:
        while sum(map(bool, exported)) < files:
            export()
            time.sleep(random.uniform(0, 0.5))
    time.sleep(1.1)
    export()
    rows = list(itertools.chain(*exported))
    assert len(rows) == len(set(rows)) and set(rows) == writers.committed
    print(f"{len(rows)} rows by {len(exported)} runs")


def test_a_transaction_that_does_not_show_is_waited_for(database, connection):
    with database.connect(autocommit=False) as hidden:
        hidden.execute("SET track_activities = off")
        hidden.commit()
        [begun] = hidden.execute("SELECT now()").fetchone()
        time.sleep(1.1)
        [settled] = connection.execute("SELECT takeout.settled_until()").fetchone()
        assert settled < begun
        hidden.commit()
        [settled] = connection.execute("SELECT takeout.settled_until()").fetchone()
        assert settled > begun


def test_a_run_waits_for_prepared_transactions(workplace, database, connection):
    with database.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO event VALUES (1)")
        writer.execute("PREPARE TRANSACTION 'late'")
    try:
        workplace.schedule(dataset="event", period="new", columns=["id"], file_name="{schedule}.csv")
        workplace.due_now()
        assert workplace.once().returncode == 1
        assert workplace.runs("state, error_code") == [("retrying", "55000")]
    finally:
        connection.execute("COMMIT PREPARED 'late'")
    time.sleep(1.1)
    connection.execute("UPDATE takeout.runs SET not_before = now()")
    assert workplace.once().returncode == 0
    assert (workplace.files / "nightly.csv").read_text().split() == ["id", "1"]


def test_a_transaction_that_is_prepared_in_the_middle_is_not_missed(database, connection):
    said = []

    def settle():
        with database.connect() as session:
            try:
                said.append(session.execute("SELECT takeout.settled_until()").fetchone())
            except psycopg.errors.ObjectNotInPrerequisiteState:
                said.append("prepared")

    with database.connect(autocommit=False) as holder, database.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO event VALUES (1)")
        # Whoever looks at the activity waits.
        holder.execute("SET LOCAL allow_system_table_mods = on")
        holder.execute("ALTER VIEW pg_stat_activity SET (security_barrier = false)")
        settling = threading.Thread(target=settle)
        settling.start()
        wait_until(lambda: connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())
        writer.execute("PREPARE TRANSACTION 'in_the_middle'")
        holder.rollback()
        settling.join()
        writer.execute("COMMIT PREPARED 'in_the_middle'")
    assert said == ["prepared"]
