"""violations() reads on while its rows are fetched, stops at once, and leaves nothing behind; each call is on record."""

import threading
import time

import psycopg
import pytest

from backend import anonymous_memory, new_remains, remains

MEGABYTE = 1024 * 1024
COUNT = 300_000
EVERY = "SELECT (takeout.violations('contacts')).key"


@pytest.fixture(scope="module")
def contacts(connection):
    connection.execute(f"""CREATE UNLOGGED TABLE contacts AS
        SELECT i AS id, timestamptz '2026-01-01' + i * interval '1 second' AS created_at, 'contact@' || i AS email,
               'https://example.com/' || i AS url, 'Europe/Helsinki' AS zone FROM generate_series(1, {COUNT}) i""")
    connection.execute("ALTER TABLE contacts ADD PRIMARY KEY (id)")
    connection.execute("CREATE INDEX ON contacts (created_at, id)")
    connection.execute("SELECT takeout.create_dataset('contacts', tenant => 'default')")
    for field, standard in (("email", "email"), ("url", "url"), ("zone", "time_zone")):
        connection.execute("SELECT takeout.alter_dataset('contacts', field => %s, standard => %s)", [field, standard])


def ends(connection):
    """The events of this database's calls, oldest first, without their beginnings."""
    return [event for event, in connection.execute(
        "SELECT event FROM takeout.audit_log WHERE database = current_database() AND dataset = 'contacts'"
        " AND event <> 'INTENT' ORDER BY seq")]


def test_as_many_as_there_are_in_little_memory(database, contacts):
    with database.connect() as client:
        client.execute(f"{EVERY} LIMIT 1")
        idle = peak = anonymous_memory(client.info.backend_pid)
        count = 0
        with client.cursor() as cursor, cursor.copy(f"COPY ({EVERY}) TO STDOUT") as copy:
            for data in copy:
                count += bytes(data).count(b"\n")
                if count % 50_000 == 0:
                    peak = max(peak, anonymous_memory(client.info.backend_pid))
    assert count == COUNT
    assert peak - idle < 8 * MEGABYTE, f"{(peak - idle) / MEGABYTE:.1f} MB above an idle backend"


def test_conformance_counts_the_same(connection, contacts):
    counts = connection.execute("SELECT field, checked, violations FROM takeout.conformance('contacts')").fetchall()
    assert counts == [("email", COUNT, COUNT), ("url", COUNT, 0), ("zone", COUNT, 0)]


@pytest.mark.parametrize("leave", [
    f"{EVERY} LIMIT 3",
    f"BEGIN; DECLARE c CURSOR FOR {EVERY}; FETCH 3 FROM c; CLOSE c; COMMIT",
    f"BEGIN; DECLARE c CURSOR FOR {EVERY}; FETCH 3 FROM c; ROLLBACK",
])
def test_what_is_left_unread_is_left(connection, contacts, leave):
    connection.execute(f"{EVERY} LIMIT 1").fetchall()
    before = remains(connection)
    known = len(ends(connection))
    connection.execute(leave)
    assert not new_remains(connection, before)
    assert ends(connection)[known:] == ["ABANDONED"]


@pytest.fixture(scope="module")
def slow(connection):
    """A dataset whose rows take a hundredth of a second each, 20 seconds in all."""
    connection.execute("""CREATE VIEW slow AS SELECT i AS id, 'a@example.com' AS email FROM generate_series(1, 2000) i
                          WHERE pg_sleep(0.01) IS NOT NULL""")
    connection.execute("SELECT takeout.create_dataset('slow', key => '{id}', tenant => 'default')")
    connection.execute("SELECT takeout.alter_dataset('slow', field => 'email', standard => 'email')")


@pytest.mark.parametrize("function", ["violations", "conformance"])
def test_a_cancel_takes_effect_at_once_and_is_on_record(database, connection, slow, function):
    def events():
        return [event for event, in connection.execute(
            "SELECT event FROM takeout.audit_log WHERE database = current_database() AND dataset = 'slow'"
            " AND method = %s ORDER BY seq", [function])]

    with database.connect() as client:
        cancelled = []

        def cancel_once_it_runs():
            while events() != ["INTENT"]:
                time.sleep(0.05)
            cancelled.append(time.monotonic())
            client.cancel()
        canceller = threading.Thread(target=cancel_once_it_runs)
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.execute(f"SELECT * FROM takeout.{function}('slow')")
        assert time.monotonic() - cancelled[0] < 1
        canceller.join()
    assert events() == ["INTENT", "FAILED"]
