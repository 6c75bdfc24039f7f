"""What the tests of takeout run work with: a database with schedules, a folder for files, a configuration between them."""

import pytest

from runner import start, takeout


@pytest.fixture
def workplace(database, connection, rows, tmp_path):
    """A folder for files, a configuration that leads there, and no schedules."""
    connection.execute("DELETE FROM takeout.schedules; DELETE FROM takeout.runs")
    return Workplace(database, connection, tmp_path)


class Workplace:
    def __init__(self, database, connection, path):
        self.database, self.connection = database, connection
        self.files = path / "files"
        self.files.mkdir()
        self.path = path
        self.configuration = path / "takeout.toml"
        self.configure(f"""
            lease = 3
            poll = 1
            [destination.reports]
            directory = "{self.files}"
            """)

    def configure(self, text):
        self.configuration.write_text(text)

    def schedule(self, name="nightly", cron="0 2 * * *", destination="reports", dataset="rows", file_format="csv", **arguments):
        given = "".join(f", {key} => %({key})s" for key in arguments)
        return self.connection.execute(
            f"SELECT takeout.schedule(%(name)s, %(cron)s, %(dataset)s, %(file_format)s, %(destination)s{given})",
            {"name": name, "cron": cron, "dataset": dataset, "file_format": file_format, "destination": destination, **arguments})

    def due_now(self, name="%"):
        """Due once, this minute, whatever the cron says otherwise."""
        self.connection.execute(
            """UPDATE takeout.schedules SET cron = to_char(now() AT TIME ZONE 'UTC', 'MI HH24 * * *'), zone = 'UTC',
                 next_due = date_trunc('minute', now()) WHERE name LIKE %s""", [name])

    def once(self, **parameters):
        return takeout(self.database, "run", "--once", "-c", self.configuration, **parameters)

    def start(self, **parameters):
        return start(self.database, "run", "-c", self.configuration, **parameters)

    def runs(self, columns="name, state"):
        return self.connection.execute(f"SELECT {columns} FROM takeout.runs ORDER BY due, id").fetchall()

    def stream(self, arguments="'csv'"):
        return b"".join(row[0] for row in self.connection.execute(f"SELECT takeout.export_stream('rows', {arguments})", binary=True))


@pytest.fixture(scope="module")
def slow(connection):
    connection.execute("""CREATE FUNCTION slowly(i int) RETURNS text LANGUAGE plpgsql AS
                          $$ BEGIN PERFORM pg_sleep(0.002); RETURN repeat(md5(i::text), 100); END $$""")
    connection.execute("CREATE VIEW slow AS SELECT i AS id, slowly(i) AS noise FROM generate_series(1, 1000) i")
    connection.execute("SELECT takeout.create_dataset('slow', key => '{id}', tenant => 'default')")
    return "slow"
