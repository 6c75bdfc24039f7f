"""More rows than a sheet holds go on in the next sheet, in constant memory, and other programs open the file."""

import csv
import subprocess

import openpyxl
import pytest

from backend import anonymous_memory

MEGABYTE = 1024 * 1024
ROWS_OF_A_SHEET = 1_048_576  # Excel's limit, the header included


@pytest.fixture(scope="module", params=[ROWS_OF_A_SHEET + 1, pytest.param(3_000_000, marks=pytest.mark.long)])
def workbook(request, database, tmp_path_factory):
    """(path, rows): dataset `steps` as XLSX, streamed."""
    rows = request.param
    path = tmp_path_factory.mktemp("sheets") / f"steps-{rows}.xlsx"
    with database.connect() as client:
        client.execute("DROP TABLE IF EXISTS steps CASCADE")
        client.execute(f"""CREATE UNLOGGED TABLE steps AS SELECT i AS id, (ARRAY['view', 'click', 'buy'])[i % 3 + 1] AS kind
            FROM generate_series(1, {rows}) i""")
        client.execute("SELECT takeout.create_dataset('steps', tenant => 'default', key => '{id}')")
    with database.connect() as client, path.open("wb") as file, client.cursor() as cursor:
        client.execute("SELECT 1")
        idle = anonymous_memory(client.info.backend_pid)
        peak = 0
        with cursor.copy("""COPY (SELECT takeout.export_stream('steps', 'xlsx', ordered => false)) TO STDOUT
                            (FORMAT raw)""") as copy:
            for data in copy:
                file.write(data)
                peak = max(peak, anonymous_memory(client.info.backend_pid))
    assert peak - idle < 32 * MEGABYTE
    return path, rows


def sheets_of(rows):
    """Name and number of data rows of each sheet."""
    full, name, sheets = ROWS_OF_A_SHEET - 1, "steps", []
    while rows > 0:
        sheets.append((name, min(rows, full)))
        rows -= full
        name = f"steps ({len(sheets) + 1})"
    return sheets


def test_openpyxl_reads_every_row_of_every_sheet(workbook):
    path, rows = workbook
    book = openpyxl.load_workbook(path, read_only=True)
    assert book.sheetnames == [name for name, _ in sheets_of(rows)] + ["About"]
    seen = 0
    for name, expected in sheets_of(rows):
        lines = book[name].iter_rows(values_only=True)
        assert next(lines) == ("id", "kind")
        in_sheet = 0
        for number, kind in lines:
            in_sheet += 1
            seen += 1
            assert int(number) == seen and kind == ("view", "click", "buy")[seen % 3]
        assert in_sheet == expected
    assert seen == rows


@pytest.mark.long
def test_libreoffice_opens_it(workbook, tmp_path):
    path, rows = workbook
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    subprocess.run(["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", every_sheet,
                    "--outdir", tmp_path, path], check=True, capture_output=True, timeout=1800)
    for name, expected in sheets_of(rows):
        with open(tmp_path / f"{path.stem}-{name}.csv", newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        assert lines[0] == ["id", "kind"]
        assert len(lines) - 1 == expected
