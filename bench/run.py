"""Loads the data, runs the figures, prints and keeps them. Called by bench/run inside a throwaway server."""

import argparse
import json
import os
import platform
import subprocess

import psycopg

import figures

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build")


def load(rows, script):
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"rows={rows}", "-f", os.path.join(HERE, script)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if script == "shapes.sql" else None)


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        return next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())


def huge_pages_in_use():
    with open("/proc/meminfo", encoding="ascii") as info:
        pages = {line.split(":")[0]: int(line.split()[1]) for line in info if line.startswith("HugePages_")}
    return pages["HugePages_Total"] - pages["HugePages_Free"] + pages["HugePages_Rsvd"] > 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="100,000 rows, under a minute")
    arguments.add_argument("--only", default="", help="groups to run, by comma: csv, client, json, tenants, xlsx, duckdb, shapes, small, growth")
    chosen = arguments.parse_args()
    rows = 100_000 if chosen.quick else 1_000_000
    runs = 3 if chosen.quick else 5
    os.makedirs(BUILD, exist_ok=True)

    subprocess.run(["psql", "-Xq", "-c", "CREATE EXTENSION pg_takeout",
                    "-c", "INSERT INTO takeout.members VALUES (session_user::regrole, 'default')",
                    "-c", "INSERT INTO takeout.limits (requests_per_minute) VALUES (NULL)"], check=True)
    load(rows, "leads.sql")
    load(rows, "shapes.sql")
    results = []
    with psycopg.connect(autocommit=True) as connection:
        # As shipped it is on; the figures of the engine alone say so.
        connection.execute("SET takeout.audit_sha256 = off")
        sides = figures.Sides(connection, BUILD, runs)
        groups = {
            "csv": lambda: figures.csv_figures(sides),
            "client": lambda: figures.client_figures(sides, dict(os.environ)),
            "json": lambda: figures.json_figures(sides),
            "tenants": lambda: figures.tenant_figures(sides),
            "xlsx": lambda: figures.xlsx_figures(sides, dict(os.environ)),
            "duckdb": lambda: figures.duckdb_figures(sides, dict(os.environ)),
            "shapes": lambda: figures.shape_figures(sides),
            "small": lambda: figures.small_figures(sides),
            "growth": lambda: figures.growth_figures(sides, rows),
        }
        wanted = chosen.only.split(",") if chosen.only else list(groups)
        size = connection.execute(figures.stream("leads", "csv")).fetchone()[0]
        huge_pages = "with" if huge_pages_in_use() else "without"
        print(f"# {rows} leads of 14 columns, {int(size) / 1e6:.0f} MB as CSV; {processor()}, {os.cpu_count()} processors, "
              f"{huge_pages} huge pages; PostgreSQL {connection.info.parameter_status('server_version').split()[0]}; "
              f"median of {runs} ratios [lowest highest]", flush=True)
        for group in wanted:
            for figure in groups[group]():
                results.append(figure)
                print(figure.line(), flush=True)

    with open(os.path.join(BUILD, "bench.json"), "w", encoding="ascii") as file:
        json.dump({"rows": rows, "processor": processor(), "figures": [vars(figure) for figure in results]}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
