// Reads a workbook with ExcelJS or SheetJS and prints its sheets as JSON: [{name, rows: [[cell]]}].
// A cell is null (no cell), a string, a boolean, a number, or {serial: days} for a number formatted as a date or time.
'use strict';

const fs = require('fs');

const MILLISECONDS_A_DAY = 86400000;
const UNIX_EPOCH_SERIAL = 25569; // 1970-01-01 in the 1900 date system

async function withExcelJs(file) {
  const ExcelJS = require('exceljs');
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.readFile(file);
  return workbook.worksheets.map((sheet) => {
    const rows = [];
    sheet.eachRow({ includeEmpty: true }, (row, number) => {
      const cells = [];
      row.eachCell({ includeEmpty: true }, (cell, column) => {
        cells[column - 1] = excelJsCell(cell.value);
      });
      rows[number - 1] = Array.from(cells, (cell) => (cell === undefined ? null : cell));
    });
    return { name: sheet.name, rows: Array.from(rows, (row) => row || []) };
  });
}

function excelJsCell(value) {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return { serial: value.getTime() / MILLISECONDS_A_DAY + UNIX_EPOCH_SERIAL };
  if (['string', 'number', 'boolean'].includes(typeof value)) return value;
  throw new Error(`ExcelJS sees neither text, number nor date: ${JSON.stringify(value)}`);
}

function withSheetJs(file) {
  const XLSX = require('xlsx');
  const workbook = XLSX.read(fs.readFileSync(file), { cellNF: true, cellText: false, sheetStubs: false });
  return workbook.SheetNames.map((name) => {
    const sheet = workbook.Sheets[name];
    const range = sheet['!ref'] ? XLSX.utils.decode_range(sheet['!ref']) : { e: { r: -1, c: -1 } };
    const rows = [];
    for (let r = 0; r <= range.e.r; r++) {
      const row = [];
      for (let c = 0; c <= range.e.c; c++) row.push(sheetJsCell(XLSX, sheet[XLSX.utils.encode_cell({ r, c })]));
      rows.push(row);
    }
    return { name, rows };
  });
}

function sheetJsCell(XLSX, cell) {
  if (cell === undefined) return null;
  if (cell.f !== undefined) throw new Error(`SheetJS sees a formula: ${cell.f}`);
  if (cell.t === 'n') return cell.z !== undefined && XLSX.SSF.is_date(cell.z) ? { serial: cell.v } : cell.v;
  if (cell.t === 's' || cell.t === 'b') return cell.v;
  throw new Error(`SheetJS sees neither text, number nor boolean: ${JSON.stringify(cell)}`);
}

async function main([reader, file]) {
  const readers = { exceljs: withExcelJs, sheetjs: withSheetJs };
  const sheets = await readers[reader](file);
  process.stdout.write(JSON.stringify(sheets));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
