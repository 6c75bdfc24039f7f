"""What a backend holds, seen from outside and from inside."""

from collections import Counter
from pathlib import Path


def anonymous_memory(pid):
    """Bytes of memory that are the process's own (RssAnon): not shared buffers, not the program's pages."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no RssAnon")


def allocated(connection):
    """Bytes in all of the session's memory contexts."""
    return connection.execute("SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts").fetchone()[0]


def remains(connection):
    """Locks, temporary files and memory contexts that the session holds, but for caches and this query's own."""
    held = Counter()
    for query in (
            """SELECT 'lock', locktype, relation::regclass::text, mode FROM pg_locks
               WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND relation IS DISTINCT FROM 'pg_locks'::regclass""",
            "SELECT 'temporary file', name FROM pg_ls_tmpdir()",
            """SELECT 'memory context', name, parent FROM pg_backend_memory_contexts
               WHERE level < 3 AND parent IS DISTINCT FROM 'CacheMemoryContext' AND name <> 'PL/pgSQL function'"""):
        held.update(connection.execute(query).fetchall())
    return held


def new_remains(connection, before):
    """What the session holds now and did not hold then."""
    return remains(connection) - before
