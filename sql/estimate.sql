-- estimate: what an export would come to, before it is asked for.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA regress_takeout_estimate;
CREATE TABLE regress_takeout_estimate.few (id integer PRIMARY KEY, created_at timestamptz, name text, ip inet);
INSERT INTO regress_takeout_estimate.few
SELECT i, timestamptz '2026-01-01' + i * interval '1 hour', 'name ' || i, '203.0.113.9' FROM generate_series(1, 900) i;
CREATE TABLE regress_takeout_estimate.many (id integer PRIMARY KEY, name text);
INSERT INTO regress_takeout_estimate.many SELECT i, 'name ' || 1000000 + i FROM generate_series(1, 50000) i;
ANALYZE regress_takeout_estimate.few, regress_takeout_estimate.many;
SELECT takeout.create_dataset('regress_takeout_estimate.few', tenant => 'regress estimate');
SELECT takeout.create_dataset('regress_takeout_estimate.many', tenant => 'regress estimate');
INSERT INTO takeout.members VALUES (session_user::regrole, 'regress estimate');

-- Few rows are counted.
SELECT format, e.*, length(takeout.export('few', format)) = e.bytes AS exact
FROM unnest('{csv,json,jsonl}'::text[]) format, takeout.estimate('few', format) e;
SELECT e.row_count, e.bytes BETWEEN x.bytes * 0.8 AND x.bytes * 1.1 AS close
FROM takeout.estimate('few', 'xlsx') e, (SELECT length(takeout.export('few', 'xlsx')) AS bytes) x;
SELECT * FROM takeout.estimate('few', since => '2026-01-02 00:00+00', until => '2026-01-02 05:00+00', columns => '{id}');
SELECT * FROM takeout.estimate('few', ids => '{1,2,x}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM takeout.estimate('few', ids => '{1,2}', options => takeout.csv_options(header => false));

-- Of many the planner tells how many, the first thousand how long.
SELECT e.row_count BETWEEN 45000 AND 55000 AS rows_close, e.bytes BETWEEN x.bytes * 0.9 AND x.bytes * 1.1 AS bytes_close, would_exceed
FROM takeout.estimate('many') e, (SELECT length(takeout.export('many')) AS bytes) x;

-- The limits that it would run into.
INSERT INTO takeout.limits (dataset, method, max_rows, max_bytes, max_period)
VALUES ('few', NULL, 899, 100, '30 days'), ('few', 'export_stream', NULL, NULL, '40 days');
SELECT would_exceed FROM takeout.estimate('few');
SELECT would_exceed FROM takeout.estimate('few', since => '2026-01-01', until => '2026-01-31');
SELECT would_exceed FROM takeout.estimate('few', since => '2026-01-01', until => '2026-01-31 00:00:01');
-- An estimate is no request: none of it is on record, none is counted.
DELETE FROM takeout.limits;
CREATE TEMP TABLE before AS SELECT remaining FROM takeout.quota('regress estimate');
SELECT count(*) FROM generate_series(1, 5), LATERAL takeout.estimate('few');
SELECT q.remaining >= b.remaining AS all_left FROM takeout.quota('regress estimate') q, before b;
-- Only for members of the tenant.
SELECT takeout.estimate('few', tenant => 'another');
\echo :LAST_ERROR_SQLSTATE
CREATE ROLE regress_takeout_nobody;
SET SESSION AUTHORIZATION regress_takeout_nobody;
SELECT takeout.estimate('few');
\echo :LAST_ERROR_SQLSTATE
RESET SESSION AUTHORIZATION;
DROP ROLE regress_takeout_nobody;
SELECT takeout.drop_dataset('few'), takeout.drop_dataset('many');
DROP SCHEMA regress_takeout_estimate CASCADE;
DELETE FROM takeout.members WHERE tenant = 'regress estimate';
