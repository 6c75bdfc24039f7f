"""The figures: each is what the other side takes divided by what we take, in alternating runs on one server."""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import threading
import time

import psycopg

BENCH = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path("build/bench").resolve()
QUICK = "--quick" in sys.argv[1:]
ROWS = 100_000 if QUICK else 1_000_000
GROWN_ROWS = 10 * ROWS
RUNS = 5

figures = {}


def report(name, value, low=None, high=None, **facts):
    figures[name] = {"value": value, "min": low, "max": high, **facts}
    spread = "" if low is None else f"  min {low:.2f}  max {high:.2f}"
    print(f"{name} {value:.2f}{spread}", flush=True)


def seconds(action):
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def against(name, other, ours):
    """Other's time over ours, pair by pair, after one run of each that does not count."""
    other()
    ours()
    pairs = [(seconds(other), seconds(ours)) for _ in range(RUNS)]
    ratios = [theirs / our for theirs, our in pairs]
    report(
        name,
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        other_seconds=statistics.median(pair[0] for pair in pairs),
        our_seconds=statistics.median(pair[1] for pair in pairs),
    )


def connect():
    return psycopg.connect(autocommit=True)


def run(connection, query):
    """A query as a thing to be timed."""
    return lambda: connection.execute(query)


def streamed(dataset, file_format, ordered):
    """The whole stream, produced and measured inside the server."""
    return f"""SELECT sum(length(chunk)) FROM (
        SELECT takeout.export_stream('{dataset}', '{file_format}', ordered => {ordered}) AS chunk OFFSET 0) AS stream"""


def save_stream(connection, dataset, file_format, path):
    """The stream into a file of the client's, by COPY raw."""
    with open(path, "wb") as file, connection.cursor() as cursor:
        query = f"COPY (SELECT takeout.export_stream('{dataset}', '{file_format}', ordered => false)) TO STDOUT (FORMAT raw)"
        with cursor.copy(query) as copy:
            for piece in copy:
                file.write(piece)


def make_leads():
    subprocess.run(
        ["psql", "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-v", f"rows={ROWS}", "-f", BENCH / "lead.sql"],
        check=True,
    )
    with connect() as connection:
        connection.execute("CREATE EXTENSION pg_takeout")
        connection.execute("SELECT takeout.create_dataset('lead', 'leads', tenant => 'default')")
        return connection.execute(streamed("leads", "csv", False)).fetchone()[0]


def measure_csv(connection):
    against(
        "csv_engine_vs_copy",
        run(connection, "COPY lead TO '/dev/null' (FORMAT csv)"),
        run(connection, streamed("leads", "csv", False)),
    )
    # Both by the index on (created_at, id), whatever the planner thinks of a sort.
    connection.execute("SET enable_sort = off; SET enable_incremental_sort = off")
    against(
        "csv_ordered_vs_copy",
        run(connection, "COPY (SELECT * FROM lead ORDER BY created_at, id) TO '/dev/null' (FORMAT csv)"),
        run(connection, streamed("leads", "csv", True)),
    )
    connection.execute("RESET enable_sort; RESET enable_incremental_sort")


def measure_json(connection):
    stream = run(connection, streamed("leads", "json", False))
    aggregate = run(connection, "SELECT pg_column_size(json_agg(t)) FROM lead AS t")
    connection.execute("SET takeout.max_result_bytes = '500MB'")
    against(
        "json_engine_vs_copy_row_to_json",
        run(connection, "COPY (SELECT row_to_json(t) FROM lead AS t) TO '/dev/null'"),
        stream,
    )
    against("json_vs_json_agg", aggregate, run(connection, "SELECT pg_column_size(takeout.json_file(t)) FROM lead AS t"))
    against("json_stream_vs_json_agg", aggregate, stream)


def measure_xlsx(connection):
    theirs, ours = WORK / "libxlsxwriter.xlsx", WORK / "takeout.xlsx"
    program = [WORK / "libxlsxwriter_rows", "SELECT * FROM leads", theirs]
    against(
        "xlsx_vs_libxlsxwriter",
        lambda: subprocess.run(program, check=True),
        lambda: save_stream(connection, "leads", "xlsx", ours),
    )
    report("xlsx_size_vs_libxlsxwriter", ours.stat().st_size / theirs.stat().st_size, bytes=ours.stat().st_size)


def peak_anonymous_memory(pid, stop):
    """The highest RssAnon in kB that a process shows until stop is set, looked at every few milliseconds."""
    peak = 0
    while True:
        with open(f"/proc/{pid}/status") as status:
            peak = max(peak, *(int(line.split()[1]) for line in status if line.startswith("RssAnon:")))
        if stop.wait(0.003):
            return peak


def measure_growth():
    """The same rows ten times over as one table, against a tenth of them."""
    with connect() as connection:
        connection.execute(f"CREATE UNLOGGED TABLE few AS SELECT * FROM lead LIMIT {ROWS // 10}")
        connection.execute("CREATE UNLOGGED TABLE many AS SELECT lead.* FROM generate_series(1, 10), lead")
        for source in ("few", "many"):
            connection.execute(f"SELECT takeout.create_dataset('{source}', '{source}_rows', key => '{{id}}', tenant => 'default')")
            connection.execute(f"VACUUM (FREEZE, ANALYZE) {source}")
        few, many = run(connection, streamed("few_rows", "csv", False)), run(connection, streamed("many_rows", "csv", False))
        few(), many()
        rates = [(ROWS // 10 / seconds(few), GROWN_ROWS / seconds(many)) for _ in range(RUNS)]
        ratios = [rate_many / rate_few for rate_few, rate_many in rates]
        report(
            f"csv_rate_{GROWN_ROWS // 1_000_000}m_vs_{ROWS // 10_000}0k",
            statistics.median(ratios),
            min(ratios),
            max(ratios),
            rows_a_second=statistics.median(rate for _, rate in rates),
        )
    with connect() as connection:
        pid = connection.info.backend_pid
        finished = threading.Event()
        finished.set()
        idle = peak_anonymous_memory(pid, finished)
        finished.clear()
        peaks = []
        watcher = threading.Thread(target=lambda: peaks.append(peak_anonymous_memory(pid, finished)))
        watcher.start()
        save_stream(connection, "many_rows", "csv", os.devnull)
        finished.set()
        watcher.join()
        report("stream_anon_mb", (peaks[0] - idle) / 1024, rows=GROWN_ROWS)


def main():
    csv_bytes = make_leads()
    print(f"# {ROWS:,} leads of 14 columns, {csv_bytes / 1e6:.0f} MB as CSV; median of {RUNS} pairs of runs", flush=True)
    with connect() as connection:
        measure_csv(connection)
        measure_json(connection)
        measure_xlsx(connection)
        version = connection.execute("SHOW server_version").fetchone()[0]
    measure_growth()
    facts = {"rows": ROWS, "csv_bytes": int(csv_bytes), "postgresql": version, "machine": platform.processor() or platform.machine()}
    pathlib.Path("build/bench.json").write_text(json.dumps({**facts, "figures": figures}, indent=2) + "\n")


main()
