-- estimate: what an export would come to, before it is asked for, by what the planner knows.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA regress_takeout_estimate;
CREATE TABLE regress_takeout_estimate.many (
  id integer PRIMARY KEY, created_at timestamptz NOT NULL, name text, ip inet, paid boolean, amount numeric, tenant_id text NOT NULL);
INSERT INTO regress_takeout_estimate.many
SELECT i, timestamptz '2026-01-01' + i * interval '1 minute', md5(i::text), '203.0.113.9', i % 2 = 0, i / 8.0,
       CASE WHEN i % 5 = 0 THEN 'regress small' ELSE 'regress large' END
FROM generate_series(1, 50000) i;
ANALYZE regress_takeout_estimate.many;
SELECT takeout.create_dataset('regress_takeout_estimate.many');
CREATE ROLE regress_takeout_small;
INSERT INTO takeout.members VALUES
  (session_user::regrole, 'regress small'), (session_user::regrole, 'regress large'), ('regress_takeout_small', 'regress small');

-- About as many rows and bytes as there are, of the tenant's alone.
SELECT tenant, format, e.row_count BETWEEN x.rows * 0.9 AND x.rows * 1.1 AS rows_close,
       e.bytes BETWEEN x.bytes * 0.4 AND x.bytes * CASE format WHEN 'xlsx' THEN 3 ELSE 1.7 END AS bytes_close, would_exceed
FROM unnest('{csv,json,jsonl,xlsx}'::text[]) format, unnest('{regress small,regress large}'::text[]) tenant,
     takeout.estimate('many', format, tenant => tenant) e,
     LATERAL (SELECT length(takeout.export('many', format, tenant => tenant)) AS bytes,
                     CASE tenant WHEN 'regress small' THEN 10000 ELSE 40000 END AS rows) x
ORDER BY 1, 2;
-- Of each number two digits.
SELECT format, bool_and(e.row_count::text ~ '^\d{1,2}0*$' AND e.bytes::text ~ '^\d{1,2}0*$') AS two_digits
FROM unnest('{csv,json,jsonl,xlsx}'::text[]) format, unnest('{regress small,regress large}'::text[]) tenant,
     takeout.estimate('many', format, tenant => tenant) e
GROUP BY format ORDER BY format;
SELECT e.row_count BETWEEN 100 AND 200 AS rows_close
FROM takeout.estimate('many', tenant => 'regress small', since => '2026-01-02 00:00+00', until => '2026-01-02 12:00+00', columns => '{id}') e;
SELECT takeout.estimate('many', tenant => 'regress small', ids => '{1,2,x}');

-- It tells nothing of rows: whether there is one of an id, or whose it is.
SELECT count(DISTINCT e) AS answers
FROM unnest('{5,6,49999,999999,-1}'::text[]) id, takeout.estimate('many', tenant => 'regress small', ids => ARRAY[id]) e;
INSERT INTO regress_takeout_estimate.many SELECT 100000 + i, '2031-01-01', NULL, NULL, NULL, NULL, 'regress large' FROM generate_series(1, 3) i;
SELECT count(DISTINCT e) AS answers
FROM unnest('{2031-01-01,2032-01-01}'::timestamptz[]) since, takeout.estimate('many', tenant => 'regress small', since => since) e;
-- It reads none.
CREATE FUNCTION regress_takeout_estimate.refuse(integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row was read'; END $$;
CREATE VIEW regress_takeout_estimate.guarded AS
SELECT regress_takeout_estimate.refuse(id) AS id, name, tenant_id FROM regress_takeout_estimate.many;
SELECT takeout.create_dataset('regress_takeout_estimate.guarded', key => '{}');
SELECT takeout.export('guarded', tenant => 'regress small');
SELECT row_count > 0 AS answered FROM takeout.estimate('guarded', tenant => 'regress small');
-- A reader of the view learns as much from EXPLAIN.
CREATE FUNCTION regress_takeout_estimate.explained(query text) RETURNS bigint LANGUAGE plpgsql AS
$$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan; RETURN plan -> 0 -> 'Plan' -> 'Plan Rows'; END $$;
GRANT USAGE ON SCHEMA regress_takeout_estimate TO regress_takeout_small;
GRANT SELECT ON regress_takeout_estimate.many_dataset TO regress_takeout_small;
SET SESSION AUTHORIZATION regress_takeout_small;
SELECT regress_takeout_estimate.explained('SELECT * FROM regress_takeout_estimate.many_dataset') > 0 AS explained;
SELECT row_count FROM takeout.estimate('many', tenant => 'regress large');
\echo :LAST_ERROR_SQLSTATE
SELECT row_count BETWEEN 9000 AND 11000 AS own_rows FROM takeout.estimate('many');
RESET SESSION AUTHORIZATION;

-- The limits that it would run into.
INSERT INTO takeout.limits (dataset, method, max_rows, max_bytes, max_period)
VALUES ('many', NULL, 500, 100, '30 days'), ('many', 'export_stream', NULL, NULL, '40 days');
SELECT would_exceed FROM takeout.estimate('many', tenant => 'regress small');
SELECT would_exceed FROM takeout.estimate('many', tenant => 'regress small', since => '2026-01-01', until => '2026-01-31');
SELECT would_exceed FROM takeout.estimate('many', tenant => 'regress small', since => '2026-01-01', until => '2026-01-31 00:00:01');
-- An estimate is no request: none of it is on record, none is counted.
DELETE FROM takeout.limits;
CREATE TEMP TABLE before AS SELECT remaining FROM takeout.quota('regress small');
SELECT count(*) FROM generate_series(1, 5), LATERAL takeout.estimate('many', tenant => 'regress small');
SELECT q.remaining >= b.remaining AS all_left FROM takeout.quota('regress small') q, before b;
-- Only for members of the tenant.
SELECT takeout.estimate('many', tenant => 'another');
\echo :LAST_ERROR_SQLSTATE
CREATE ROLE regress_takeout_nobody;
SET SESSION AUTHORIZATION regress_takeout_nobody;
SELECT takeout.estimate('many');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
-- What no export reads, an estimate does not tell about.
INSERT INTO takeout.exclusions (category, justification) VALUES ('regress secret', 'A test''s');
INSERT INTO takeout.excluded_relations VALUES ('regress_takeout_estimate.many', 'regress secret');
SELECT takeout.estimate('many', tenant => 'regress small');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM takeout.excluded_relations WHERE category = 'regress secret';
DELETE FROM takeout.exclusions WHERE category = 'regress secret';
SELECT takeout.drop_dataset('many'), takeout.drop_dataset('guarded');
DROP SCHEMA regress_takeout_estimate CASCADE;
DELETE FROM takeout.members WHERE tenant LIKE 'regress %';
DROP ROLE regress_takeout_nobody, regress_takeout_small;
