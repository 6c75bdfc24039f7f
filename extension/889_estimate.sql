-- How large an export would be, asked before a request is spent on it.

CREATE FUNCTION takeout.estimate(
  dataset text, format text DEFAULT NULL,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL,
  ordered boolean DEFAULT true,
  OUT row_count bigint, OUT bytes bigint, OUT would_exceed text[])
RETURNS record
  AS 'MODULE_PATHNAME', 'takeout_estimate' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.estimate(text, text, text[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'About how many rows and bytes such an export would have, by what the planner knows, without reading a row; and the limits that it would be refused for';
