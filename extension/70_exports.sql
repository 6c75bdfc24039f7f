-- Exports of datasets, for members of the tenant (takeout.members): no privilege on the view is needed.

CREATE FUNCTION takeout.export(
  dataset text, format text DEFAULT NULL,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL,
  ordered boolean DEFAULT true)
RETURNS bytea
  AS 'MODULE_PATHNAME', 'takeout_export' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.export(text, text, text[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'A dataset as one file; since is inclusive, until exclusive, ids are values of the first key column';

CREATE FUNCTION takeout.export_stream(
  dataset text, format text DEFAULT NULL,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL,
  ordered boolean DEFAULT true)
RETURNS SETOF bytea
  AS 'MODULE_PATHNAME', 'takeout_export_stream' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.export_stream(text, text, text[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'A dataset as one file of any size, in chunks of about 128 kB; in the select list it takes constant memory';

CREATE FUNCTION takeout.export_page(
  dataset text, format text DEFAULT NULL, after text DEFAULT NULL, page_rows integer DEFAULT 10000,
  ids text[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL,
  OUT data bytea, OUT row_count bigint, OUT next text, OUT complete boolean)
RETURNS record
  AS 'MODULE_PATHNAME', 'takeout_export_page' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION takeout.export_page(
  text, text, text, integer, text[], timestamptz, timestamptz, text[], text, jsonb) IS
  'The next rows of a dataset in (time, key) order as a file of their own; "next" goes into "after" of the call for the following page';

CREATE FUNCTION takeout.last_export_rows() RETURNS bigint
  AS 'MODULE_PATHNAME', 'takeout_last_export_rows' LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION takeout.last_export_rows() IS
  'Rows in the file that this session exported last and whole; NULL before the first';

CREATE FUNCTION takeout.leads(
  format text DEFAULT 'csv', ids uuid[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true)
RETURNS bytea LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT takeout.export('leads', format, ids::text[], since, until, columns, tenant, options, ordered);
END;
COMMENT ON FUNCTION takeout.leads(text, uuid[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'Lead contact data: the dataset leads of the standard model as one file';

CREATE FUNCTION takeout.visitor_profiles(
  format text DEFAULT 'json', ids uuid[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true)
RETURNS bytea LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT takeout.export('visitor_profiles', format, ids::text[], since, until, columns, tenant, options, ordered);
END;
COMMENT ON FUNCTION takeout.visitor_profiles(text, uuid[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'Visitor profiles: the dataset visitor_profiles of the standard model as one file';

CREATE FUNCTION takeout.journey_insights(
  format text DEFAULT 'json', ids uuid[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true)
RETURNS bytea LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT takeout.export('journey_insights', format, ids::text[], since, until, columns, tenant, options, ordered);
END;
COMMENT ON FUNCTION takeout.journey_insights(text, uuid[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'Visits with their steps; ids are those of visitor profiles: the dataset journey_insights of the standard model as one file';

CREATE FUNCTION takeout.organization_profiles(
  format text DEFAULT 'json', ids uuid[] DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  columns text[] DEFAULT NULL, tenant text DEFAULT NULL, options jsonb DEFAULT NULL, ordered boolean DEFAULT true)
RETURNS bytea LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT takeout.export('organization_profiles', format, ids::text[], since, until, columns, tenant, options, ordered);
END;
COMMENT ON FUNCTION takeout.organization_profiles(text, uuid[], timestamptz, timestamptz, text[], text, jsonb, boolean) IS
  'Organization profiles with their contacts: the dataset organization_profiles of the standard model as one file';

CREATE FUNCTION takeout.analytical_reports(
  report text, format text DEFAULT 'json', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
  tenant text DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS bytea LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT takeout.export('report_' || report, format, since => since, until => until, tenant => tenant, options => options);
END;
COMMENT ON FUNCTION takeout.analytical_reports(text, text, timestamptz, timestamptz, text, jsonb) IS
  'A report of the standard model, such as conversions_by_day: the dataset report_<report> as one file';
