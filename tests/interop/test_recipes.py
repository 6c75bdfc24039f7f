"""Every command in README.md and docs/ is run as it stands there, and the files that it makes are read back."""

import csv
import gzip
import io
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass

import openpyxl
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
JDBC = "/usr/share/java/postgresql.jar"
DOCUMENTS = ["README.md", *(f"docs/{path.name}" for path in sorted((TOP / "docs").glob("*.md")))]

LEADS = """
INSERT INTO crm.lead (contact_id, created_at, first_name, last_name, phone, zip_code, city, country_code, ip, tags) VALUES
  ('00000000-0000-4000-8000-000000000001', '2025-12-31 23:59:59+00', 'Väinö', 'Mäkinen', '+358 40 1234567', '00100',
   'Helsinki', 'FI', '198.51.100.7', '{a,"b, c"}'),
  ('00000000-0000-4000-8000-000000000002', '2026-01-01 00:00:00+00', E'two\\nlines', '"quoted", comma', '007', '01067',
   'Dresden', 'DE', '2001:db8:1:2::3', '{}'),
  ('00000000-0000-4000-8000-000000000003', '2026-03-31 12:00:00+00', '', NULL, '', NULL, '=1+1', 'DE', NULL, '{}'),
  ('00000000-0000-4000-8000-000000000004', '2026-04-01 00:00:00+00', 'שירה', 'כהן', NULL, '6100001', 'תל אביב', 'IL',
   '::ffff:198.51.100.9', '{}'),
  ('00000000-0000-4000-8000-000000000005', now(), 'Zoë 🦊', 'Last', '+49 30 1', '10115', 'Berlin', 'DE', '10.0.0.1', '{}');
"""
ALL_LEADS = [1, 2, 3, 4, 5]


@dataclass
class Block:
    document: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.document}:{self.line}-{self.language}"


def blocks_of(document):
    fence = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = (TOP / document).read_text(encoding="utf-8")
    return [
        Block(document, text[: match.start()].count("\n") + 1, match[1], match[2]) for match in fence.finditer(text)
    ]


class Workplace:
    """An empty directory and a database that the commands of a document find by the PG* variables."""

    def __init__(self, directory, environment):
        self.directory = directory
        binaries = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True, capture_output=True,
                                  text=True).stdout.strip()
        self.environment = {**environment, "PGHOST": "127.0.0.1", "PSQLRC": os.devnull,
                            "PATH": f"{binaries}:{os.environ['PATH']}"}
        # Left by the make that runs these tests; the makes in here are not its children.
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            self.environment.pop(name, None)

    def _run(self, command, **parameters):
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, **parameters
        )
        assert done.returncode == 0, f"{command} said:\n{done.stdout}{done.stderr}"
        return done.stdout

    def run(self, block):
        return getattr(self, f"_run_{block.language}")(block.text)

    def _run_sql(self, text):
        return self._run(["psql", "-v", "ON_ERROR_STOP=1"], input=text)

    def _run_sh(self, text):
        return self._run(["bash", "-eu", "-o", "pipefail", "-c", text])

    def _run_python(self, text):
        return self._run([sys.executable, "-c", text])

    def _run_java(self, text):
        name = re.search(r"public class (\w+)", text)[1]
        (self.directory / f"{name}.java").write_text(text, encoding="utf-8")
        self._run(["javac", "-cp", JDBC, "-d", ".", f"{name}.java"])
        return self._run(["java", "-cp", f".:{JDBC}", name])

    def _run_cron(self, text):
        output = ""
        for line in text.splitlines():
            schedule = line.split(None, 5)
            assert all(re.fullmatch(r"[0-9*/,-]+", field) for field in schedule[:5]), line
            # crontab(5): an unescaped % would end the command.
            assert not re.search(r"(?<!\\)%", schedule[5]), line
            output += self._run(["sh", "-c", schedule[5].replace("\\%", "%")])
        return output

    def _run_console(self, text):
        """What installs things is not run but checked: make must know how to make it."""
        for line in text.splitlines():
            command, *words = shlex.split(line.removeprefix("sudo "), comments=True)
            if command == "make":
                self._run(["make", "-n", "-C", str(TOP), *words], stdin=subprocess.DEVNULL)
            else:
                assert (command, words) == ("git", ["clone", words[-1]]) or command == "cd", line
        return ""


def rows_of(path):
    """The file's records as dicts, read by programs that are not ours."""
    name = path.name.removesuffix(".gz")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if name.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    if name.endswith(".json"):
        return json.loads(data)
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in data.decode("utf-8").splitlines()]
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row)) for row in rows]


def lead_numbers(rows):
    return [int(str(row["contact_id"])[-12:]) for row in rows]


def new_files(workplace, before):
    return {path.name: path for path in workplace.directory.iterdir() if path.name not in before}


def test_every_block_says_its_language():
    runnable = {name.removeprefix("_run_") for name in vars(Workplace) if name.startswith("_run_")}
    unknown = [str(block) for document in DOCUMENTS for block in blocks_of(document) if block.language not in runnable]
    assert not unknown


def test_links_lead_somewhere():
    for document in DOCUMENTS:
        text = (TOP / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                assert ((TOP / document).parent / target).exists(), f"{document} links to {target}"


@pytest.fixture
def newcomer(server, tmp_path):
    """A database in which nothing of ours was made; only a table of the reader's own is there."""
    with server.connect() as connection:
        connection.execute("CREATE DATABASE newcomer TEMPLATE template0")
    server.psql("-q", "-f", str(TOP / "demo" / "shop.sql"), dbname="newcomer")
    with server.connect() as connection:
        before = roles_of(connection)
    yield Workplace(tmp_path, server.environment("newcomer"))
    with server.connect() as connection:
        connection.execute("DROP DATABASE newcomer WITH (FORCE)")
        for role in roles_of(connection) - before:
            connection.execute(f'DROP ROLE "{role}"')


def roles_of(connection):
    return {role for [role] in connection.execute("SELECT rolname FROM pg_roles")}


# Recipes stand each for itself, and a gateway takes two servers (tests/cluster/test_gateway.py).
RUN_ELSEWHERE = {"docs/recipes.md", "docs/managed-servers.md"}
# These create the extension themselves.
FROM_NOTHING = {"README.md", "docs/governance.md"}


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name not in RUN_ELSEWHERE])
def test_document_from_top_to_bottom(newcomer, document):
    """Blocks build on each other, as they do for whoever types them."""
    if document not in FROM_NOTHING:
        newcomer._run_sql("CREATE EXTENSION pg_takeout; CALL takeout.create_model('crm');" + LEADS)
    for block in blocks_of(document):
        newcomer.run(block)
    for path in newcomer.directory.iterdir():
        assert rows_of(path), f"{path.name} has no rows"


@pytest.fixture(scope="module")
def recipe_database(database):
    database.psql("-q", "-c", "CALL takeout.create_model('crm')", "-c", LEADS, "-f", str(TOP / "demo" / "shop.sql"))
    return database


# What the file of that name holds: the numbers of its leads in their order.
LEADS_IN = {
    "leads.csv": ALL_LEADS,
    "leads.xlsx": ALL_LEADS,
    "leads.jsonl.gz": ALL_LEADS,
    "names.csv": ALL_LEADS,
}

# What a recipe that makes no file says, by a phrase that is found in that recipe only.
SAID = {
    "SELECT row_count, complete": r"2 \| f",
    "pages.append": r"^3 pages$",
    "pandas.read_csv": r"DE +3\nIL +1",
    "pandas.read_excel": r"Väinö +00100 +2025-12-31 23:59:59",
    "FROM crm.leads": r"\('DE', 3\)\n\('FI', 1\)",
}


@pytest.mark.parametrize("block", blocks_of("docs/recipes.md"), ids=str)
def test_recipe(recipe_database, tmp_path, block):
    workplace = Workplace(tmp_path, recipe_database.environment())
    output = workplace.run(block)
    files = [path for path in sorted(tmp_path.iterdir()) if path.suffix not in (".java", ".class")]
    assert files or output.strip(), "a recipe makes a file or says something"
    with recipe_database.connect() as connection:
        for path in files:
            check_file(connection, path)
    if not files:
        [expected] = [words for mark, words in SAID.items() if mark in block.text]
        assert re.search(expected, output), output


def check_file(connection, path):
    rows = rows_of(path)
    if path.name in LEADS_IN:
        assert lead_numbers(rows) == LEADS_IN[path.name]
        expected = connection.execute("SELECT first_name, zip_code FROM crm.lead ORDER BY created_at").fetchall()
        names = [(row["first_name"] or "", row["zip_code"] or "") for row in rows]
        assert names == [(first_name or "", zip_code or "") for first_name, zip_code in expected]
    elif path.name == "first-quarter.csv":
        assert [list(row) for row in rows] == [["email", "city", "created_at"]] * 2
        assert [row["city"] for row in rows] == ["Dresden", "=1+1"]
    elif path.name == "orders.csv":
        [count] = connection.execute("SELECT count(*) FROM shop.order").fetchone()
        assert len(rows) == count
    elif customer := re.fullmatch(r"orders-(.*)\.xlsx", path.name):
        orders = "SELECT order_id FROM shop.order WHERE customer_id = %s ORDER BY created_at"
        expected = [order_id for [order_id] in connection.execute(orders, [customer[1]])]
        assert expected and [int(row["order_id"]) for row in rows] == expected
    elif re.fullmatch(r"leads-\d{4}-\d\d-\d\d\.csv", path.name):
        assert lead_numbers(rows) == [5]
    else:
        pytest.fail(f"nothing is known of {path.name}")
