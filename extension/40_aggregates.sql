-- Aggregates that write the rows of any query into one file. They follow plain grants; addresses are masked all the same.

CREATE FUNCTION takeout.csv_file_row(state internal, value record) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_csv_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.csv_file_row(state internal, value record, options jsonb) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_csv_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.csv_file_end(state internal, value record) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_csv_file_end' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.csv_file_end(state internal, value record, options jsonb) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_csv_file_end' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.csv_file_row(internal, record) IS 'Adds a row: part of the aggregate csv_file';
COMMENT ON FUNCTION takeout.csv_file_row(internal, record, jsonb) IS 'Adds a row: part of the aggregate csv_file';
COMMENT ON FUNCTION takeout.csv_file_end(internal, record) IS 'Ends the file: part of the aggregate csv_file';
COMMENT ON FUNCTION takeout.csv_file_end(internal, record, jsonb) IS 'Ends the file: part of the aggregate csv_file';

CREATE AGGREGATE takeout.csv_file(value record) (
  SFUNC = takeout.csv_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.csv_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.csv_file(record) IS 'A CSV file (RFC 4180) of the rows, at most takeout.max_result_bytes large';
CREATE AGGREGATE takeout.csv_file(value record, options jsonb) (
  SFUNC = takeout.csv_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.csv_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.csv_file(record, jsonb) IS 'A CSV file (RFC 4180) of the rows, with the options of csv_options()';

CREATE FUNCTION takeout.json_file_row(state internal, value record) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_json_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.json_file_row(state internal, value record, options jsonb) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_json_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.json_file_end(state internal, value record) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_json_file_end' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.json_file_end(state internal, value record, options jsonb) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_json_file_end' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.json_file_row(internal, record) IS 'Adds a row: part of the aggregate json_file';
COMMENT ON FUNCTION takeout.json_file_row(internal, record, jsonb) IS 'Adds a row: part of the aggregate json_file';
COMMENT ON FUNCTION takeout.json_file_end(internal, record) IS 'Ends the file: part of the aggregate json_file';
COMMENT ON FUNCTION takeout.json_file_end(internal, record, jsonb) IS 'Ends the file: part of the aggregate json_file';

CREATE AGGREGATE takeout.json_file(value record) (
  SFUNC = takeout.json_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.json_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.json_file(record) IS 'A JSON array of objects (RFC 8259) of the rows, at most takeout.max_result_bytes large';
CREATE AGGREGATE takeout.json_file(value record, options jsonb) (
  SFUNC = takeout.json_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.json_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.json_file(record, jsonb) IS 'A JSON array of objects (RFC 8259) of the rows, with the options of json_options()';

CREATE FUNCTION takeout.jsonl_file_row(state internal, value record) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_jsonl_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.jsonl_file_row(state internal, value record, options jsonb) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_jsonl_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.jsonl_file_end(state internal, value record) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_jsonl_file_end' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.jsonl_file_end(state internal, value record, options jsonb) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_jsonl_file_end' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.jsonl_file_row(internal, record) IS 'Adds a row: part of the aggregate jsonl_file';
COMMENT ON FUNCTION takeout.jsonl_file_row(internal, record, jsonb) IS 'Adds a row: part of the aggregate jsonl_file';
COMMENT ON FUNCTION takeout.jsonl_file_end(internal, record) IS 'Ends the file: part of the aggregate jsonl_file';
COMMENT ON FUNCTION takeout.jsonl_file_end(internal, record, jsonb) IS 'Ends the file: part of the aggregate jsonl_file';

CREATE AGGREGATE takeout.jsonl_file(value record) (
  SFUNC = takeout.jsonl_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.jsonl_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.jsonl_file(record) IS 'One JSON object a line of the rows, at most takeout.max_result_bytes large';
CREATE AGGREGATE takeout.jsonl_file(value record, options jsonb) (
  SFUNC = takeout.jsonl_file_row, STYPE = internal, SSPACE = 65536,
  FINALFUNC = takeout.jsonl_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.jsonl_file(record, jsonb) IS 'One JSON object a line of the rows, with the options of json_options()';

CREATE FUNCTION takeout.xlsx_file_row(state internal, value record) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_xlsx_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.xlsx_file_row(state internal, value record, options jsonb) RETURNS internal
  AS 'MODULE_PATHNAME', 'takeout_xlsx_file_row' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.xlsx_file_end(state internal, value record) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_xlsx_file_end' LANGUAGE c STABLE PARALLEL SAFE;
CREATE FUNCTION takeout.xlsx_file_end(state internal, value record, options jsonb) RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_xlsx_file_end' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.xlsx_file_row(internal, record) IS 'Adds a row: part of the aggregate xlsx_file';
COMMENT ON FUNCTION takeout.xlsx_file_row(internal, record, jsonb) IS 'Adds a row: part of the aggregate xlsx_file';
COMMENT ON FUNCTION takeout.xlsx_file_end(internal, record) IS 'Ends the file: part of the aggregate xlsx_file';
COMMENT ON FUNCTION takeout.xlsx_file_end(internal, record, jsonb) IS 'Ends the file: part of the aggregate xlsx_file';

CREATE AGGREGATE takeout.xlsx_file(value record) (
  SFUNC = takeout.xlsx_file_row, STYPE = internal, SSPACE = 2097152,
  FINALFUNC = takeout.xlsx_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.xlsx_file(record) IS 'An XLSX workbook (ECMA-376) of the rows, at most takeout.max_result_bytes large';
CREATE AGGREGATE takeout.xlsx_file(value record, options jsonb) (
  SFUNC = takeout.xlsx_file_row, STYPE = internal, SSPACE = 2097152,
  FINALFUNC = takeout.xlsx_file_end, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE);
COMMENT ON AGGREGATE takeout.xlsx_file(record, jsonb) IS 'An XLSX workbook (ECMA-376) of the rows, with the options of xlsx_options()';
