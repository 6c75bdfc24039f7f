"""What cannot be recorded is not exported: a full disk, a directory that cannot be written to, a flush that failed."""

import os
import pathlib
import subprocess
import tempfile

import psycopg
import pytest

from audited_server import AuditedServer, chain_errors

EXPORT = "SELECT length(takeout.export('items', 'csv'))"


@pytest.fixture
def directory():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        yield pathlib.Path(directory)


@pytest.fixture(scope="module")
def audited():
    with tempfile.TemporaryDirectory(prefix="takeout", dir="/tmp") as directory:
        audited = AuditedServer(directory)
        audited.make_dataset()
        yield audited
        audited.remove()


def assert_refused(audited, *words):
    """No export, an error that says why, a session and a server that go on."""
    with audited.connect() as session:
        for call in ("takeout.export('items', 'csv')", "takeout.export_stream('items', 'csv')",
                     "(takeout.export_page('items', 'csv')).data"):
            with pytest.raises(psycopg.errors.IoError) as refused:
                session.execute(f"SELECT {call}")
            diagnostics = refused.value.diag
            assert diagnostics.message_primary.startswith("export cannot be recorded")
            assert diagnostics.message_detail == "What is not on record is not exported."
            assert diagnostics.message_hint
            for word in words:
                assert word in diagnostics.message_primary
        assert session.execute("SELECT 1").fetchone() == (1,)


def exported(audited):
    with audited.connect() as session:
        return session.execute(EXPORT).fetchone()[0] > 0


@pytest.fixture
def small_disk(directory):
    disk = directory / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0777", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(directory, small_disk):
    audited = AuditedServer(directory, f"takeout.audit_directory={small_disk}/audit")
    audited.audit = small_disk / "audit"
    try:
        audited.make_dataset()
        assert exported(audited)
        completed = 1
        with audited.connect() as session:
            with pytest.raises(psycopg.errors.IoError) as refused:
                for _ in range(2_000):
                    session.execute(EXPORT)
                    completed += 1
            assert "No space left on device" in refused.value.diag.message_primary
            assert refused.value.diag.message_hint == "Make room in the audit directory."
        assert completed > 10
        assert_refused(audited, "No space left on device")
        assert len(audited.lines("COMPLETE")) == completed
        assert chain_errors(audited.audit) == [] and audited.findings() == []
        # A part of a line may have fitted: it is taken back.
        assert all(path.read_bytes().endswith(b"\n") for path in audited.audit.iterdir())

        # Also where the server starts with the disk full.
        audited.stop()
        audited.start()
        assert_refused(audited, "No space left on device")
        subprocess.run(["mount", "-o", "remount,size=2m", small_disk], check=True)
        assert exported(audited)
        assert len(audited.lines("COMPLETE")) == completed + 1
        assert chain_errors(audited.audit) == [] and audited.findings() == []
    finally:
        audited.remove()


def test_a_directory_that_becomes_read_only(audited):
    assert exported(audited)
    count = len(audited.lines())
    audited.audit.chmod(0o500)
    assert_refused(audited, "Permission denied")
    audited.stop()
    audited.start()
    assert_refused(audited, "Permission denied")
    assert len(audited.lines()) == count
    audited.audit.chmod(0o700)
    assert exported(audited)
    assert audited.findings() == []


def test_a_directory_that_cannot_be_made_at_start(directory):
    shut = directory / "shut"
    shut.mkdir()
    shut.chmod(0o555)
    audited = AuditedServer(directory, f"takeout.audit_directory={shut}/audit")
    audited.audit = shut / "audit"
    try:
        audited.make_dataset()
        assert "could not create the audit directory: Permission denied" in audited.log()
        assert_refused(audited)
        shut.chmod(0o777)
        # Without a restart.
        assert exported(audited)
        assert audited.findings() == []
        assert audited.audit.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in audited.audit.iterdir()} == {0o600}
    finally:
        audited.remove()


def test_a_directory_that_another_server_uses(audited, directory):
    second = AuditedServer(directory, f"takeout.audit_directory={audited.audit}")
    try:
        second.make_dataset()
        assert_refused(second, "another server uses the audit directory")
        assert exported(audited)
        audited.stop()
        second.stop()
        # Now it is free. The files are another server's: a chain of its own goes on from theirs.
        second.start()
        assert exported(second)
        assert second.findings() == []
        audited.start()
        assert_refused(audited, "another server uses the audit directory")
    finally:
        second.remove()
    audited.stop()
    audited.start()
    assert exported(audited)
    assert audited.findings() == []


def test_files_that_somebody_changes_while_the_server_runs(audited):
    assert exported(audited)
    current = sorted(audited.audit.iterdir())[-1]
    os.truncate(current, current.stat().st_size - len(current.read_bytes().splitlines(True)[-1]))
    with audited.connect() as session:
        with pytest.raises(psycopg.errors.IoError) as refused:
            session.execute(EXPORT)
    assert "changed or removed by another program" in refused.value.diag.message_primary
    # Exports go on, in a new file, and the loss is not forgotten.
    assert exported(audited)
    newest = sorted(audited.audit.iterdir())[-1]
    assert newest != current
    assert [(file, line) for file, line, _ in audited.findings()] == [(newest.name, 1)]
    newest.unlink()
    with audited.connect() as session:
        with pytest.raises(psycopg.errors.IoError):
            session.execute(EXPORT)
    assert exported(audited)
    assert len(audited.findings()) == 1


FAILING_FLUSH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>
int fdatasync(int file)
{
    static int (*flush)(int);
    if (access(FLAG, F_OK) == 0) { errno = EIO; return -1; }
    if (!flush) flush = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    return flush(file);
}
"""


def test_a_flush_that_failed_ends_exports_until_a_restart(directory, monkeypatch):
    directory.chmod(0o777)
    flag, source, library = directory / "flag", directory / "flush.c", directory / "flush.so"
    source.write_text(FAILING_FLUSH)
    subprocess.run(["cc", "-shared", "-fPIC", f'-DFLAG="{flag}"', "-o", library, source, "-ldl"], check=True)
    library.chmod(0o755)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    # Its WAL is flushed by other means.
    audited = AuditedServer(directory, "fsync=on", "wal_sync_method=fsync")
    monkeypatch.delenv("LD_PRELOAD")
    try:
        audited.make_dataset()
        assert exported(audited)
        flag.touch()
        flag.chmod(0o644)
        with audited.connect() as session:
            with pytest.raises(psycopg.errors.IoError) as refused:
                session.execute(EXPORT)
        assert "could not flush an audit file: Input/output error" in refused.value.diag.message_primary
        flag.unlink()
        assert_refused(audited, "an earlier flush of the audit failed")
        audited.stop()
        audited.start()
        assert exported(audited)
        assert len(audited.lines("COMPLETE")) == 2
        assert audited.findings() == []
    finally:
        audited.remove()
