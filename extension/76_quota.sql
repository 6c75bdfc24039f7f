-- What the caller may still export, asked before it does.

CREATE FUNCTION takeout.quota(
  INOUT tenant text DEFAULT NULL, dataset text DEFAULT NULL, method text DEFAULT 'export',
  OUT requests_limit integer, OUT remaining integer, OUT resets_at timestamptz,
  OUT max_rows bigint, OUT max_bytes bigint, OUT max_period interval)
RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'takeout_quota' LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION takeout.quota(text, text, text) IS
  'What the role that logged in may still export, for a tenant or each that it is a member of: exports left in this minute, when there is one more, and the limits of one export; NULL is no limit';
