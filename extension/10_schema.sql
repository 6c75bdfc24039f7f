\echo Use "CREATE EXTENSION pg_takeout" to load this file. \quit

-- Everything below lives in the schema takeout and trusts what is in it. A schema of that name that somebody
-- without superuser rights owns could hold anything, now or later. (A superuser's is taken: pg_dump restores the
-- schema under its owner before it restores the extension under the one who runs it.)
DO $$
DECLARE
  owner_name pg_catalog.name;
BEGIN
  SELECT r.rolname INTO owner_name
  FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
  WHERE n.nspname OPERATOR(pg_catalog.=) 'takeout'
    AND r.rolname OPERATOR(pg_catalog.<>) CURRENT_USER
    AND NOT r.rolsuper;
  IF FOUND THEN
    RAISE EXCEPTION 'schema "takeout" belongs to role "%"', owner_name
      USING ERRCODE = '42501',
            HINT = 'Drop that schema, or give it to the role that creates the extension.';
  END IF;
END
$$;

COMMENT ON SCHEMA takeout IS 'Exports of this database as CSV, JSON and XLSX, with IP addresses masked (pg_takeout)';
