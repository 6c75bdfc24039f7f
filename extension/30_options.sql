CREATE FUNCTION takeout.csv_options(
  dialect text DEFAULT 'rfc4180', delimiter text DEFAULT ',', header boolean DEFAULT true, "null" text DEFAULT '')
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.jsonb_build_object('dialect', dialect, 'delimiter', delimiter, 'header', header, 'null', "null");
END;
COMMENT ON FUNCTION takeout.csv_options(text, text, boolean, text) IS
  'Options of a CSV file: dialect rfc4180 (byte-exact) or excel (byte order mark, formula guard), delimiter, header line, text for NULL';

CREATE FUNCTION takeout.json_options(pretty boolean DEFAULT false)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.jsonb_build_object('pretty', pretty);
END;
COMMENT ON FUNCTION takeout.json_options(boolean) IS 'Options of a JSON file: pretty puts each member on a line of its own';

CREATE FUNCTION takeout.xlsx_options(sheet text DEFAULT NULL, zone text DEFAULT NULL, about boolean DEFAULT true)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('sheet', sheet, 'zone', zone, 'about', about));
END;
COMMENT ON FUNCTION takeout.xlsx_options(text, text, boolean) IS
  'Options of an XLSX file: name of the sheet, IANA time zone that timestamps with time zone are shown in (default UTC), About sheet';
