-- create_model: the tables, their datasets, nested rows and reports.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_takeout_crm;
CREATE SCHEMA AUTHORIZATION regress_takeout_crm;

-- Until there is a model, its functions say what to call.
SELECT takeout.leads();
\echo :LAST_ERROR_SQLSTATE

-- A schema with some of the tables is refused.
CREATE TABLE regress_takeout_crm.visit ();
CALL takeout.create_model('regress_takeout_crm', owner => 'regress_takeout_crm');
\echo :LAST_ERROR_SQLSTATE

CALL takeout.create_model('crm', owner => 'regress_takeout_crm');
SELECT current_user = session_user AS role_is_back;
SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'crm';
SELECT relname, relkind, relowner::regrole FROM pg_class
WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'v') ORDER BY relkind, relname;
SELECT name, view, source, key_columns, time_column, formats, default_format, parent, parent_key, parent_field
FROM takeout.datasets ORDER BY name;
SELECT name, owner, tenant_column, title, category, kind, difficulty FROM takeout.datasets ORDER BY name;

-- Everything has a comment: each relation, each column.
SELECT c.relname, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind IN ('r', 'v') AND NOT a.attisdropped
  AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL);
-- Every column described is there.
SELECT m.relation, m.column_name FROM takeout.model_columns() m
WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                  WHERE c.relnamespace = 'crm'::regnamespace AND a.attname = m.column_name
                    AND m.relation IN (c.relname, takeout.model_home(c.relname)));
-- Every field's standard fits its name and type; the tenant is no field.
SELECT dataset, name, type, standard FROM takeout.fields
WHERE (type = 'uuid'::regtype) <> (standard IS NOT DISTINCT FROM 'uuid')
   OR (type = 'timestamptz'::regtype) <> (standard IS NOT DISTINCT FROM 'timestamp')
   OR (name IN ('email', 'phone')) <> (coalesce(standard, '') IN ('email', 'phone'))
   OR (name = 'country_code') <> (standard IS NOT DISTINCT FROM 'country')
   OR masked <> (name = 'ip') OR name = 'tenant_id';
SELECT count(*) FROM takeout.fields;

-- Again: what is there stays, what is missing is made.
SELECT takeout.drop_dataset('leads'), takeout.alter_dataset('visits', title => 'Web visits');
CALL takeout.create_model('crm', owner => 'regress_takeout_crm');
SELECT count(*), count(*) FILTER (WHERE title = 'Web visits') AS kept FROM takeout.datasets;
SELECT count(*) FROM takeout.fields;

-- In another schema it is refused before anything is made.
CALL takeout.create_model('crm2');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_namespace WHERE nspname = 'crm2';
CALL takeout.create_model('pg_catalog');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_takeout_crm;
CALL takeout.create_model('public', owner => 'pg_database_owner');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- Rows: two tenants, and values that are not allowed.
SET ROLE regress_takeout_crm;
SET TimeZone = 'America/Los_Angeles';
INSERT INTO crm.lead (contact_id, created_at, updated_at, email, ip, bot_id)
VALUES ('00000000-0000-0000-0000-000000000001', '2026-01-01 23:30+00', '2026-01-02 00:00+00', 'a@example.com',
        '203.0.113.77', 'b1'),
       ('00000000-0000-0000-0000-000000000002', '2026-01-02 00:30+00', '2026-01-02 01:00+00', NULL, '2001:db8:1:2::3', 'b1');
\set VERBOSITY terse
INSERT INTO crm.lead (country_code) VALUES ('fi');
INSERT INTO crm.journey_step (visit_id, seq, event_type) VALUES (gen_random_uuid(), 3, 'jump');
\set VERBOSITY default
INSERT INTO crm.visit (visit_id, tenant_id, profile_id, started_at, duration_s, source)
VALUES ('10000000-0000-0000-0000-000000000001', 'default', '20000000-0000-0000-0000-000000000001', '2026-01-01 23:50+00', 60, 'google'),
       ('10000000-0000-0000-0000-000000000002', 'default', '20000000-0000-0000-0000-000000000002', '2026-01-02 00:10+00', 30, NULL),
       ('10000000-0000-0000-0000-000000000003', 'second', '20000000-0000-0000-0000-000000000003', '2026-01-02 00:10+00', 10, 'google');
INSERT INTO crm.journey_step (visit_id, tenant_id, seq, occurred_at, event_type, page_url, bot_id)
VALUES ('10000000-0000-0000-0000-000000000001', 'default', 10, '2026-01-01 23:59:59.5+00', 'conversion', NULL, 'b1'),
       ('10000000-0000-0000-0000-000000000001', 'default', 2, '2026-01-01 23:51+00', 'page_view', 'https://example.com/?a="b"', NULL),
       ('10000000-0000-0000-0000-000000000002', 'default', 1, '2026-01-02 00:11+00', 'conversion', NULL, NULL),
       ('10000000-0000-0000-0000-000000000003', 'second', 1, '2026-01-02 00:12+00', 'conversion', NULL, NULL);
INSERT INTO crm.organization (organization_id, name, last_visit_at)
VALUES ('30000000-0000-0000-0000-000000000001', 'Ääni Oy', NULL), ('30000000-0000-0000-0000-000000000002', 'B', '2026-01-01');
INSERT INTO crm.organization_contact (organization_id, seq, name)
VALUES ('30000000-0000-0000-0000-000000000001', 2, 'Two'), ('30000000-0000-0000-0000-000000000001', 1, 'One');

SELECT convert_from(takeout.leads(columns => '{contact_id,created_at,email,ip}'), 'UTF8');
SELECT convert_from(takeout.leads('jsonl', since => '2026-01-02 00:00+00', columns => '{contact_id}'), 'UTF8');
-- By profile, steps in their order, times in UTC.
SELECT convert_from(takeout.journey_insights('jsonl', tenant => 'default', columns => '{visit_id,steps}',
                                             ids => ARRAY['20000000-0000-0000-0000-000000000001']::uuid[]), 'UTF8');
SELECT convert_from(takeout.organization_profiles('jsonl', columns => '{name,contacts}'), 'UTF8');
SELECT convert_from(takeout.visitor_profiles(), 'UTF8');
-- A day is a day in UTC; the two conversions are half an hour apart, on two days.
RESET ROLE;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'second');
SET ROLE regress_takeout_crm;
SELECT convert_from(takeout.analytical_reports('conversions_by_day', 'jsonl', tenant => 'default'), 'UTF8');
SELECT convert_from(takeout.analytical_reports('conversions_by_day', 'jsonl', since => '2026-01-02 00:00+00', tenant => 'second'), 'UTF8');
SELECT convert_from(takeout.analytical_reports('conversions_by_source', 'jsonl', tenant => 'default'), 'UTF8');
SELECT convert_from(takeout.analytical_reports('traffic_by_source', 'jsonl', tenant => 'default'), 'UTF8');
SELECT convert_from(takeout.analytical_reports('bots', 'jsonl', tenant => 'default'), 'UTF8');
\set VERBOSITY terse
SELECT takeout.analytical_reports('nothing');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
-- Each row of a report has an identifier of its own, and the same each time.
CREATE TEMP TABLE first_time AS SELECT report_id FROM crm.report_traffic_by_source;
INSERT INTO crm.visit (tenant_id, profile_id, started_at) VALUES ('second', gen_random_uuid(), '2026-01-02');
SELECT count(*), count(DISTINCT r.report_id), count(f.report_id) AS as_before
FROM crm.report_traffic_by_source r LEFT JOIN first_time f USING (report_id);
DROP TABLE first_time;

-- The steps of a visit are found by its key, statistics or not.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
-- PostgreSQL 17 has other words for the values of plans that run first.
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
    RETURN NEXT replace(replace(line, ' (returns $0)', ''), '(InitPlan 1).col1', '$0');
  END LOOP;
END $$;
SELECT pg_temp.plan_of(
  $$SELECT steps FROM crm.journey_insights WHERE profile_id = '20000000-0000-0000-0000-000000000001'$$) AS plan;
DROP FUNCTION pg_temp.plan_of(text);
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET ROLE;

-- Dropping the extension drops no customer data; made again, it takes the model again.
SELECT relname INTO TEMP tables_before FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r';
DROP EXTENSION pg_takeout CASCADE;
SELECT count(*) FROM crm.lead;
SELECT count(*), count(c.oid) AS still_there
FROM tables_before b LEFT JOIN pg_class c ON c.relname = b.relname AND c.relnamespace = 'crm'::regnamespace;
CREATE EXTENSION pg_takeout;
SELECT count(*) FROM takeout.datasets;
CALL takeout.create_model('crm', owner => 'regress_takeout_crm');
SELECT name, view FROM takeout.datasets ORDER BY name;
SELECT convert_from(takeout.leads(columns => '{email,ip}'), 'UTF8');
DROP SCHEMA crm CASCADE;
DROP SCHEMA regress_takeout_crm CASCADE;
DELETE FROM takeout.datasets;
DELETE FROM takeout.fields;
DROP ROLE regress_takeout_crm;
