"""Period new while others write: each row that is committed is in one file, whenever its transaction began and ended."""

import itertools
import random
import threading
import time

import pytest

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


@pytest.mark.parametrize("files", [3, pytest.param(40, marks=pytest.mark.long)])
def test_no_row_is_missed_and_none_exported_twice(workplace, connection, files):
    connection.execute("CREATE TABLE IF NOT EXISTS event (id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now())")
    connection.execute("TRUNCATE event")
    if not connection.execute("SELECT FROM takeout.datasets WHERE name = 'event'").fetchall():
        connection.execute("SELECT takeout.create_dataset('event', tenant => 'default')")
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
