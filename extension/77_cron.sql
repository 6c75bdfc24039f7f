CREATE FUNCTION takeout.next_runs(
  cron text, zone text DEFAULT 'UTC', n integer DEFAULT 10, after timestamptz DEFAULT now())
RETURNS SETOF timestamptz
  AS 'MODULE_PATHNAME', 'takeout_next_runs' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION takeout.next_runs(text, text, integer, timestamptz) IS
  'The next n times after "after" that a cron expression is due on the clocks of an IANA zone; a time that they skip is due when they go on, one that they show twice is due once';
