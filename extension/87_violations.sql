-- A dataset against the standards that its fields declare.

CREATE FUNCTION takeout.violations(
  dataset text, ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true,
  OUT key text, OUT field text, OUT standard text, OUT reason text)
RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'takeout_violations' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.violations(text, text[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'Each value that breaks the standard its field declares: the key of its row and the rule, not the value; counts as an export';

CREATE FUNCTION takeout.conformance(
  dataset text, ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true,
  OUT field text, OUT standard text, OUT checked bigint, OUT violations bigint)
RETURNS SETOF record
  AS 'MODULE_PATHNAME', 'takeout_conformance' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.conformance(text, text[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'How many values of each field that declares a standard there are, and how many break it; counts as an export';
