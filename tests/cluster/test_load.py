"""Many clients export at once, for long: no error, and no backend's memory or descriptors grow."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from backend import anonymous_memory
from throwaway_server import wait_until

EXPORTS = """\\set n random(1, 8)
\\set key random(1, 20000)
\\if :n = 1
SELECT length(takeout.export('rows', 'csv', ids => ARRAY[:key::text]));
\\elif :n = 2
SELECT length(takeout.export('rows', 'xlsx', since => '2026-01-01', until => '2026-01-01 01:00'));
\\elif :n = 3
SELECT count(*) FROM (SELECT takeout.export_stream('rows', 'json', since => '2026-01-01', until => '2026-01-01 00:20')) s;
\\elif :n = 4
BEGIN;
DECLARE c CURSOR FOR SELECT takeout.export_stream('rows', 'csv');
MOVE 1 FROM c;
ROLLBACK;
\\elif :n = 5
SELECT row_count FROM takeout.export_page('rows', 'jsonl', page_rows => 50);
\\elif :n = 6
SELECT length(takeout.xlsx_file(r)) FROM (SELECT * FROM rows LIMIT 200) r;
\\elif :n = 7
SELECT count(*) FROM rows_dataset WHERE id < :key;
\\else
DO $$ BEGIN PERFORM takeout.export('nothing'); EXCEPTION WHEN undefined_object THEN NULL; END $$;
\\endif
"""


def held_by(pids):
    return {pid: (anonymous_memory(pid), len(os.listdir(f"/proc/{pid}/fd"))) for pid in pids if Path(f"/proc/{pid}").exists()}


@pytest.mark.parametrize("clients, seconds", [(8, 12), pytest.param(32, 600, marks=pytest.mark.long)])
def test_mixed_exports(database, connection, rows, tmp_path, clients, seconds):
    script = tmp_path / "exports.sql"
    script.write_text(EXPORTS)
    bin_directory = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True, capture_output=True,
                                   text=True).stdout.strip()
    with subprocess.Popen([f"{bin_directory}/pgbench", "-n", "-f", script, "-c", str(clients), "-j", "2", "-T", str(seconds)],
                          env=database.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as pgbench:
        def pids():
            return [pid for pid, in connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'")]
        wait_until(lambda: len(pids()) == clients)
        time.sleep(seconds / 3)
        before = held_by(pids())
        time.sleep(seconds / 2)
        after = held_by(before)
        output, errors = pgbench.communicate(timeout=seconds + 60)
    assert pgbench.returncode == 0 and "ERROR" not in errors, errors
    assert "number of failed transactions: 0" in output, output
    assert len(before) == clients and set(after) == set(before)
    for pid, (memory, descriptors) in after.items():
        # What differs is where each of them is in its work.
        assert memory < before[pid][0] + 24 * 1024 * 1024
        assert descriptors < before[pid][1] + 30
    most = sum(memory for memory, _ in after.values()) / sum(memory for memory, _ in before.values())
    assert most < 1.3, f"memory of all backends grew {most:.2f} times"
