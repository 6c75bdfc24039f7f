-- One export by several sessions at the same time, each of which writes a part of the file.

CREATE FUNCTION takeout.export_parts(
  dataset text, parts integer, format text DEFAULT NULL,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'takeout_export_parts' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 8;
COMMENT ON FUNCTION takeout.export_parts(text, integer, text, text[], timestamptz, timestamptz, text[], text, jsonb) IS
  'Begins an export that lasts as long as the transaction, as one request; a row for each of its parts, in their order, to be exported by takeout.export_part()';

CREATE FUNCTION takeout.export_part(
  dataset text, part text, format text DEFAULT NULL,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS SETOF bytea
  AS 'MODULE_PATHNAME', 'takeout_export_part' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.export_part(text, text, text, text[], timestamptz, timestamptz, text[], text, jsonb) IS
  'A part of an export, under the snapshot of the transaction that began it and with the same arguments; the parts one behind the other are the file of takeout.export_stream()';
