"""The figures of the bench: each names the two sides and what is expected of their ratio."""

import os
import subprocess
import threading
import time

import psycopg

from measure import Figure, compare

BASE = "bench.lead"
# The base table with what leaves: masked addresses cannot be had from COPY, so the other sides write raw ones.
COPY_CSV = f"COPY {BASE} TO '/dev/null' (FORMAT csv)"


def stream(dataset, file_format, ordered="false"):
    return (f"SELECT sum(length(chunk)) FROM (SELECT takeout.export_stream('{dataset}', '{file_format}', "
            f"ordered => {ordered}) AS chunk) AS s")


class Sides:
    def __init__(self, connection, build, runs):
        self.connection = connection
        self.build = build
        self.runs = runs

    def query(self, text):
        return lambda: self.connection.execute(text).fetchall() if not text.startswith("COPY") \
            else self.connection.execute(text)

    def compare(self, name, ours, theirs, runs=None, **bounds):
        return compare(name, self.query(ours), self.query(theirs), runs or self.runs, **bounds)

    def compare_as_shipped(self, *arguments, **bounds):
        """With the SHA-256 of all bytes for the audit."""
        self.connection.execute("SET takeout.audit_sha256 = on")
        try:
            return self.compare(*arguments, **bounds)
        finally:
            self.connection.execute("SET takeout.audit_sha256 = off")


def csv_figures(sides):
    yield sides.compare("csv_engine_vs_copy", stream("leads", "csv"), COPY_CSV, floor=2.5, goal=3)
    ordered_copy = f"COPY (SELECT * FROM {BASE} ORDER BY created_at, contact_id) TO '/dev/null' (FORMAT csv)"
    yield sides.compare_as_shipped("csv_vs_copy", stream("leads", "csv"), COPY_CSV, floor=2, goal=2.3)
    yield sides.compare_as_shipped("csv_ordered_vs_copy", stream("leads", "csv", "true"), ordered_copy, floor=1.6, goal=2)
    yield sides.compare("csv_file_vs_copy", f"SELECT length(takeout.csv_file(l)) FROM {BASE} l", COPY_CSV,
                        floor=1.5, goal=1.5)


def client_figures(sides, environment):
    """From the server to a file: psql's \\copy of the bare table, and the program takeout."""
    program = os.path.join(subprocess.run([environment.get("PG_CONFIG", "pg_config"), "--bindir"], capture_output=True, text=True,
                                          check=True).stdout.strip(), "takeout")
    theirs_file, our_file = (os.path.join(sides.build, name) for name in ("psql_copy.csv", "takeout_export.csv"))

    def run(*command):
        return lambda: subprocess.run(command, env=environment, check=True)

    def remove_files():
        # To replace a file is to remove another, which takes its time.
        for file in (theirs_file, our_file):
            if os.path.exists(file):
                os.unlink(file)

    yield compare("csv_client_vs_copy",
                  run(program, "export", "leads", "--unordered", "--no-sync", "--quiet", "--tenant", "default", "-o", our_file),
                  run("psql", "-Xq", "-c", f"\\copy {BASE} to '{theirs_file}' (format csv)"), sides.runs, before=remove_files,
                  floor=2, goal=2.5)
    remove_files()


def json_figures(sides):
    copy_json = f"COPY (SELECT row_to_json(l) FROM {BASE} l) TO '/dev/null'"
    json_agg = f"SELECT octet_length(json_agg(l)::text) FROM {BASE} l"
    yield sides.compare("json_engine_vs_copy_row_to_json", stream("leads", "json"), copy_json, floor=8, goal=9)
    yield sides.compare_as_shipped("json_vs_copy_row_to_json", stream("leads", "json"), copy_json, floor=5, goal=6)
    yield sides.compare("json_vs_json_agg", f"SELECT length(takeout.json_file(l)) FROM {BASE} l", json_agg, floor=6, goal=8)
    yield sides.compare_as_shipped("json_stream_vs_json_agg", stream("leads", "json"), json_agg, floor=11, goal=15)


def tenant_figures(sides):
    """Three tenants of twenty, one after the other, from one table with an index on (tenant, time, key): where each tenant's
    rows lie together (partitions, CLUSTER), and where every page has rows of most tenants."""
    sides.connection.execute("INSERT INTO takeout.members SELECT session_user::regrole, 'tenant' || n FROM generate_series(0, 19) n")
    yield from figures_of_tenants(sides, "20_tenants", "ORDER BY score % 20, created_at")
    yield from figures_of_tenants(sides, "20_scattered_tenants", "")


def figures_of_tenants(sides, name, layout):
    table = f"bench.lead_of_{name}"
    tenants = ("tenant3", "tenant8", "tenant17")
    sides.connection.execute(f"""CREATE TABLE {table} AS SELECT l.*, 'tenant' || score % 20 AS tenant_id FROM {BASE} l {layout};
        ALTER TABLE {table} ADD PRIMARY KEY (contact_id);
        CREATE INDEX ON {table} (tenant_id, created_at, contact_id)""")
    sides.connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")
    sides.connection.execute(f"SELECT takeout.create_dataset('{table}')")
    columns = sides.connection.execute("SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute "
                                       f"WHERE attrelid = '{BASE}'::regclass AND attnum > 0").fetchone()[0]

    def ours(ordered):
        return lambda: [sides.connection.execute(stream(f"lead_of_{name}", "csv", ordered).replace(
            "ordered =>", f"tenant => '{tenant}', ordered =>")).fetchall() for tenant in tenants]

    def theirs(order):
        return lambda: [sides.connection.execute(f"COPY (SELECT {columns} FROM {table} WHERE tenant_id = '{tenant}' "
                                                 f"{order}) TO '/dev/null' (FORMAT csv)") for tenant in tenants]

    yield compare(f"csv_engine_vs_copy_{name}", ours("false"), theirs(""), sides.runs, floor=2.5, goal=3)
    yield compare(f"csv_ordered_vs_copy_{name}", ours("true"), theirs("ORDER BY created_at, contact_id"), sides.runs,
                  floor=1.6, goal=2)


def xlsx_figures(sides, environment):
    program = os.path.join(sides.build, "libxlsxwriter_export")
    source = os.path.join(os.path.dirname(__file__), "libxlsxwriter_export.c")
    flags = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["cc", "-O2", "-I", flags, source, "-o", program, "-lpq", "-lxlsxwriter"], check=True)
    theirs_file = os.path.join(sides.build, "libxlsxwriter.xlsx")

    def theirs():
        subprocess.run([program, theirs_file, f"SELECT * FROM {BASE}"], env=environment, check=True)

    ours = sides.query(stream("leads", "xlsx"))
    yield compare("xlsx_vs_libxlsxwriter", ours, theirs, min(sides.runs, 3), floor=15, goal=20)
    our_bytes = ours()[0][0]
    ratio = int(our_bytes) / os.path.getsize(theirs_file)
    yield Figure("xlsx_size_vs_libxlsxwriter", ratio, ratio, ratio, floor=1.05, goal=0.9, at_most=True)
    yield from openpyxl_figure(sides, ours)
    os.unlink(theirs_file)


def openpyxl_figure(sides, ours):
    """openpyxl write-only on at most 20,000 rows, scaled: the whole would take an hour of the bench."""
    import openpyxl
    rows = sides.connection.execute(f"SELECT count(*) FROM {BASE}").fetchone()[0]
    sample = min(rows, 20000)

    def theirs():
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in sides.connection.execute(f"SELECT * FROM {BASE} LIMIT {sample}"):
            sheet.append([str(v) if not isinstance(v, (int, float, bool, str, type(None))) else v for v in row])
        book.save(os.path.join(sides.build, "openpyxl.xlsx"))

    figure = compare("xlsx_vs_openpyxl", ours, theirs, 2, floor=100, goal=100)
    scale = rows / sample
    figure.value, figure.lowest, figure.highest = (v * scale for v in (figure.value, figure.lowest, figure.highest))
    figure.note = f"openpyxl: {sample} rows, times {scale:g}"
    os.unlink(os.path.join(sides.build, "openpyxl.xlsx"))
    yield figure


def duckdb_figures(sides, environment):
    """DuckDB's own COPY from its own table on one thread, where its npm package is installed."""
    modules = os.path.join(os.path.dirname(__file__), "node_modules", "@duckdb")
    if not os.path.isdir(modules):
        return
    script = os.path.join(os.path.dirname(__file__), "duckdb_export.mjs")
    csv = os.path.join(sides.build, "duckdb_leads.csv")
    with open(csv, "wb") as file, sides.connection.cursor().copy(f"COPY {BASE} TO STDOUT (FORMAT csv, HEADER)") as copy:
        for block in copy:
            file.write(block)
    with subprocess.Popen(["node", script, csv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as duckdb:
        def theirs(file_format):
            def run():
                duckdb.stdin.write(file_format + "\n")
                duckdb.stdin.flush()
                if duckdb.stdout.readline().strip() != "done":
                    raise RuntimeError("DuckDB failed")
            return run
        assert duckdb.stdout.readline().strip() == "ready"
        for file_format in ("csv", "json"):
            yield compare(f"{file_format}_vs_duckdb", sides.query(stream("leads", file_format)), theirs(file_format),
                          sides.runs, floor=2, goal=2)
        duckdb.stdin.close()
    os.unlink(csv)


def shape_figures(sides):
    for table in ("narrow", "texts", "numbers", "documents", "sparse"):
        yield sides.compare(f"shape_{table}_csv_vs_copy", stream(table, "csv"),
                            f"COPY bench.{table} TO '/dev/null' (FORMAT csv)", floor=1.5, goal=1.5)
        yield sides.compare(f"shape_{table}_json_vs_copy_row_to_json", stream(table, "json"),
                            f"COPY (SELECT row_to_json(t) FROM bench.{table} t) TO '/dev/null'", floor=1.5, goal=1.5)


def small_figures(sides):
    """A one-row export, from call to answer."""
    call = sides.query(f"SELECT takeout.export('leads', ids => ARRAY[(SELECT contact_id::text FROM {BASE} LIMIT 1)])")
    call()
    times = []
    for _ in range(200):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    yield Figure("small_export_ms", times[100], times[0], times[-1], floor=5, goal=5, at_most=True)
    yield from commit_figure(sides)


def commit_figure(sides):
    """A one-row export, on record on disk before and after, beside a one-row INSERT with its COMMIT; both wait for the disk."""
    sides.connection.execute("ALTER SYSTEM SET fsync = on")
    sides.connection.execute("SELECT pg_reload_conf()")
    sides.connection.execute("SET synchronous_commit = on; SET takeout.audit_sha256 = on")
    sides.connection.execute("CREATE TABLE bench.note (id int, note text)")
    key = sides.connection.execute(f"SELECT contact_id::text FROM {BASE} LIMIT 1").fetchone()[0]
    figure = compare("governed_vs_commit", sides.query(f"SELECT takeout.export('leads', ids => '{{{key}}}')"),
                     lambda: sides.connection.execute("INSERT INTO bench.note VALUES (1, 'one')"), 40 * sides.runs)
    figure.value, figure.lowest, figure.highest = 1 / figure.value, 1 / figure.highest, 1 / figure.lowest
    figure.floor, figure.goal, figure.at_most = 3, 2, True
    sides.connection.execute("ALTER SYSTEM RESET fsync")
    sides.connection.execute("SELECT pg_reload_conf()")
    sides.connection.execute("RESET synchronous_commit; SET takeout.audit_sha256 = off")
    yield figure


def anonymous_kilobytes(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def megabytes_above_idle(query):
    """Peak RssAnon of a backend that runs the query, above what it had when it was idle."""
    with psycopg.connect(autocommit=True) as connection:
        process = connection.info.backend_pid
        idle = peak = anonymous_kilobytes(process)
        done = threading.Event()

        def watch():
            nonlocal peak
            while not done.wait(0.01):
                peak = max(peak, anonymous_kilobytes(process))

        watcher = threading.Thread(target=watch)
        watcher.start()
        connection.execute(query)
        done.set()
        watcher.join()
        return (peak - idle) / 1024


def growth_figures(sides, rows):
    """Rate and memory of an export ten (hundred) times as large, unordered."""
    sides.connection.execute("CREATE TABLE bench.few AS SELECT * FROM bench.lead LIMIT 100000")
    sides.connection.execute("CREATE TABLE bench.many AS SELECT l.* FROM bench.lead l, generate_series(1, 10)")
    sides.connection.execute("VACUUM (FREEZE, ANALYZE) bench.few, bench.many")
    for table in ("few", "many"):
        sides.connection.execute(f"SELECT takeout.create_dataset('bench.{table}', key => '{{}}', tenant => 'default')")

    many = 10 * rows
    few = min(rows, 100000)
    repeat = max(1, 500000 // few)
    few_stream = sides.query(stream("few", "csv"))

    def rate(name):
        figure = compare(name, sides.query(stream("many", "csv")), lambda: [few_stream() for _ in range(repeat)],
                         min(sides.runs, 3), floor=0.9, goal=1)
        scale = many / (few * repeat)
        figure.value, figure.lowest, figure.highest = (v * scale for v in (figure.value, figure.lowest, figure.highest))
        figure.note = f"{many} rows against {few}"
        return figure

    yield rate("csv_rate_10m_vs_100k")
    yield sides.compare("csv_engine_vs_copy_10m", stream("many", "csv"), "COPY bench.many TO '/dev/null' (FORMAT csv)",
                        min(sides.runs, 3), floor=2.5, goal=3)
    # With as much of the larger table in shared buffers as they hold: what is left is the export's own growth.
    sides.connection.execute("CREATE EXTENSION pg_prewarm; SELECT pg_prewarm('bench.few'), pg_prewarm('bench.many')")
    yield rate("csv_rate_10m_vs_100k_prewarmed")

    for name, file_format in (("stream_anon_mb", "csv"), ("xlsx_stream_anon_mb", "xlsx")):
        grown = megabytes_above_idle(stream("many", file_format))
        yield Figure(name, grown, grown, grown, floor=32, goal=16, at_most=True, note=f"{many} rows")
    result = f"SELECT length(takeout.csv_file(l)) FROM {BASE} l"
    grown = megabytes_above_idle(result) * 1024 * 1024 / sides.connection.execute(result).fetchone()[0]
    yield Figure("csv_file_memory_vs_result", grown, grown, grown, floor=2.2, goal=2.2, at_most=True)
