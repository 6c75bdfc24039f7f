"""A server with its own audit directory, and the audit's files as another program reads them."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal

from throwaway_server import Server, wait_until

FILE_NAME = re.compile(r"audit-\d{10}-[0-9a-f]{8}\.jsonl")


def audit_files(directory):
    """The files in the order they were written."""
    return sorted(path for path in pathlib.Path(directory).iterdir() if FILE_NAME.fullmatch(path.name))


def audit_lines(directory):
    """All lines as dictionaries."""
    return [json.loads(line) for path in audit_files(directory) for line in path.read_bytes().splitlines()]


def chain_errors(directory):
    """The chain as docs/audit.md describes it, checked by other means than the server's."""
    errors = []
    before = None
    for path in audit_files(directory):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            members = json.loads(line)
            unhashed = line[: line.rindex(b',"hash":"')] + b"}"
            if hashlib.sha256(members["prev"].encode() + unhashed).hexdigest() != members["hash"]:
                errors.append((path.name, number, "hash"))
            if before and (members["prev"] != before["hash"] or members["seq"] != before["seq"] + 1):
                errors.append((path.name, number, "order"))
            before = members
    return errors


class AuditedServer:
    """tests/server with an audit directory beside it; can be killed and started again."""

    def __init__(self, directory, *settings):
        directory = pathlib.Path(directory)
        self.directory = directory / "server"
        self.audit = directory / "audit"
        if os.geteuid() == 0:  # another user runs the server and makes the directory
            directory.chmod(0o777)
        self.start(f"takeout.audit_directory={self.audit}", *settings)

    def start(self, *settings):
        if (self.directory / "env").exists():
            Server._script("start", str(self.directory), *settings)
        else:
            Server._script("start", str(self.directory), "--tcp", *settings)
        self.server = Server(self.directory)

    def stop(self):
        Server._script("stop", str(self.directory), "--keep")

    def remove(self):
        Server._script("stop", str(self.directory))

    def kill(self):
        """The postmaster dies; its backends notice and end."""
        os.kill(self.postmaster(), signal.SIGKILL)
        wait_until(lambda: not self._alive())

    def postmaster(self):
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    def _alive(self):
        try:
            state = pathlib.Path(f"/proc/{self.postmaster()}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state != "Z"

    def log(self):
        return self.server.log()

    def connect(self, **parameters):
        return self.server.connect(**parameters)

    def set(self, **settings):
        with self.connect() as connection:
            for name, value in settings.items():
                connection.execute(f"ALTER SYSTEM SET takeout.{name} = '{value}'")
        self.server.reload()

    def make_dataset(self, rows=3):
        """Dataset `items` of tenant `acme`; the superuser is its member and has no limit of requests."""
        with self.connect() as connection:
            connection.execute("CREATE EXTENSION pg_takeout")
            connection.execute(f"CREATE TABLE items AS SELECT i AS id, md5(i::text) || md5((-i)::text) AS noise, 'acme'::text AS tenant"
                               f" FROM generate_series(1, {rows}) i")
            connection.execute("ALTER TABLE items ADD PRIMARY KEY (id); ANALYZE items")
            connection.execute("SELECT takeout.create_dataset('items', tenant_column => 'tenant')")
            connection.execute("INSERT INTO takeout.members VALUES (session_user::regrole, 'acme')")
            connection.execute("INSERT INTO takeout.limits (requests_per_minute) VALUES (NULL)")
            connection.execute("CHECKPOINT")  # commits here do not wait for the disk, and the server may be killed

    def lines(self, *events):
        return [line for line in audit_lines(self.audit) if not events or line["event"] in events]

    def findings(self):
        with self.connect() as connection:
            return connection.execute("SELECT * FROM takeout.verify_audit()").fetchall()

    def copy_audit(self, target):
        shutil.copytree(self.audit, target)
