-- takeout.check() and takeout.unclassified(): nothing to say of a model that is set up well; each fault is found, with the
-- statement that mends it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
-- What the server at hand is like is another test's subject.
CREATE FUNCTION public.found() RETURNS SETOF text LANGUAGE sql
AS $$ SELECT regexp_replace(concat_ws(' | ', severity, object, finding, fix), '((role|relation)( =)? )\d+', '\1N', 'gi')
      FROM takeout.check() WHERE object !~ '^(shared_preload_libraries|takeout\.audit_directory)$' $$;
CREATE ROLE regress_takeout_owner;
CREATE ROLE regress_takeout_backend;
CREATE ROLE regress_takeout_analyst;
CREATE ROLE regress_takeout_gone;
CREATE ROLE regress_takeout_super SUPERUSER;
CREATE ROLE regress_takeout_passing BYPASSRLS;
CREATE ROLE regress_takeout_reader IN ROLE pg_read_all_data;

SELECT found();
DELETE FROM takeout.members;
SELECT found();
CALL takeout.create_model('crm', owner => 'regress_takeout_owner');
INSERT INTO takeout.members VALUES ('regress_takeout_backend', 'default');
INSERT INTO crm.lead (email) VALUES ('a@example.com');
ANALYZE crm.lead;
SELECT found();
INSERT INTO takeout.limits (max_rows) VALUES (1000000);
-- Healthy.
SELECT * FROM found();
SELECT * FROM takeout.unclassified();

-- Schedules that fail, and one that no runner makes.
CREATE ROLE regress_takeout_leaver;
INSERT INTO takeout.members VALUES ('regress_takeout_leaver', 'default');
SELECT count(takeout.schedule(s, '@yearly', 'leads', 'csv', 'reports', period => 'new')) AS made
FROM unnest('{late,lost,blind}'::text[]) s;
SET SESSION AUTHORIZATION regress_takeout_backend;
SELECT takeout.schedule('fine', '@yearly', 'leads', 'csv', 'reports') > 0 AS made;
SET SESSION AUTHORIZATION regress_takeout_leaver;
SELECT takeout.schedule('ownerless', '@yearly', 'leads', 'csv', 'reports') > 0 AS made;
RESET SESSION AUTHORIZATION;
SELECT * FROM found();
DROP ROLE regress_takeout_leaver;
DELETE FROM takeout.members WHERE role = 'regress_takeout_backend'::regrole;
CREATE TABLE public.blind (id int PRIMARY KEY, created_at date);
SELECT takeout.create_dataset('public.blind', tenant => 'default');
UPDATE takeout.schedules SET dataset = name WHERE name IN ('lost', 'blind');
UPDATE takeout.schedules SET next_due = now() - interval '6 minutes' WHERE name = 'late';
SELECT * FROM found() f WHERE f ~ 'schedule "';
SELECT takeout.alter_dataset('blind', time_column => '');
SELECT * FROM found() f WHERE f ~ 'schedule "blind';
\set ECHO none
SELECT fix FROM takeout.check() WHERE fix ~ 'unschedule' \gexec
\set ECHO all
SELECT name FROM takeout.schedules ORDER BY name;
SELECT count(takeout.unschedule(name)) AS removed FROM takeout.schedules;
SELECT takeout.drop_dataset('blind');
DROP TABLE public.blind;
DELETE FROM takeout.members WHERE role NOT IN (SELECT oid FROM pg_roles);
INSERT INTO takeout.members VALUES ('regress_takeout_backend', 'default');
SELECT * FROM found();

-- Members and limits.
INSERT INTO takeout.members VALUES ('regress_takeout_gone', 'default'), ('regress_takeout_super', 'a'), ('regress_takeout_super', 'b'),
  ('regress_takeout_passing', 'a'), ('regress_takeout_reader', 'a'), ('regress_takeout_backend', '*');
INSERT INTO takeout.limits (role, max_rows) VALUES ('regress_takeout_gone', 1);
INSERT INTO takeout.limits (dataset, max_rows) VALUES ('lead', 1);
DROP ROLE regress_takeout_gone;
SELECT * FROM found();
-- Each fix is a statement that can be run, and then there is nothing more to say.
\set ECHO none
SELECT fix FROM takeout.check() WHERE object !~ '^(shared_preload_libraries|takeout\.audit_directory)$' \gexec
\set ECHO all
SELECT * FROM found();
SELECT role, tenant FROM takeout.members WHERE role::text LIKE 'regress%' ORDER BY role::text, tenant;

-- Sources and views that are not what they were.
SET ROLE regress_takeout_owner;
RESET ROLE;
CREATE SCHEMA shop AUTHORIZATION regress_takeout_owner;
SET ROLE regress_takeout_owner;
CREATE TABLE shop."order" (id int PRIMARY KEY, customer varchar(40) NOT NULL, note text, told text, ip inet);
CREATE TABLE shop.gone (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.viewless (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.renamed (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.retyped (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.open (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.unmasked (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.unfenced (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.joined (LIKE shop."order" INCLUDING ALL);
CREATE TABLE shop.fine (LIKE shop."order" INCLUDING ALL);
CREATE INDEX ON shop.fine (customer);
SELECT takeout.create_dataset(('shop.' || name)::regclass, tenant_column => 'customer', mask => '{told}')
FROM unnest('{gone,viewless,renamed,retyped,open,unmasked,unfenced,joined,fine}'::text[]) name;
SELECT takeout.create_dataset('shop.order', tenant => 'nobody');
DROP TABLE shop.gone CASCADE;
DROP VIEW shop.viewless_dataset;
ALTER TABLE shop.renamed RENAME note TO remark;
ALTER TABLE shop.fine RENAME customer TO buyer;
CREATE OR REPLACE VIEW shop.open_dataset WITH (security_barrier) AS
  SELECT s.id, s.note, takeout.mask_ip_text(s.told) AS told, takeout.mask_ip(s.ip) AS ip, s.customer FROM shop.open s;
CREATE OR REPLACE VIEW shop.unmasked_dataset WITH (security_barrier) AS
  SELECT s.id, lower(s.note) AS note, s.told::cidr AS told, takeout.mask_ip(s.ip) AS ip, s.customer FROM shop.unmasked s
  WHERE s.customer = ANY ((SELECT takeout.current_tenants())::varchar[]);
ALTER VIEW shop.unfenced_dataset RESET (security_barrier);
CREATE OR REPLACE VIEW shop.joined_dataset WITH (security_barrier) AS
  SELECT s.id, s.note, takeout.mask_ip_text(s.told) AS told, takeout.mask_ip(s.ip) AS ip, s.customer
  FROM shop.joined s, shop.fine f WHERE s.customer = ANY ((SELECT takeout.current_tenants())::varchar[]);
RESET ROLE;
UPDATE takeout.fields SET type = 'bigint' WHERE dataset = 'retyped' AND name = 'id';
SELECT * FROM found();
SET ROLE regress_takeout_owner;
SELECT takeout.alter_dataset(name)
FROM unnest('{viewless,retyped,open,unmasked,unfenced,joined}'::text[]) name;
SELECT takeout.drop_dataset('gone'), takeout.alter_dataset('renamed', columns => '{id,told,ip}'), takeout.drop_dataset('order'),
       takeout.alter_dataset('fine', tenant_column => 'buyer');
RESET ROLE;
SELECT * FROM found();

-- Privileges that lead past the views; the owners' do not count.
GRANT USAGE ON SCHEMA shop TO regress_takeout_analyst;
GRANT SELECT ON shop.fine_dataset TO PUBLIC;
GRANT SELECT ON shop.fine TO regress_takeout_analyst;
GRANT SELECT (id, ip), INSERT (ip) ON shop.open TO regress_takeout_analyst;
GRANT SELECT ON crm.lead, crm.organization TO regress_takeout_analyst;
GRANT SELECT ON shop.joined TO PUBLIC;
GRANT INSERT ON shop.renamed TO PUBLIC;
CREATE VIEW shop.raw AS SELECT id, ip FROM shop.renamed;
CREATE VIEW shop.counted AS SELECT count(*) FROM shop.renamed;
GRANT SELECT ON shop.raw, shop.counted TO regress_takeout_analyst;
CREATE TABLE shop.log (ip inet);
GRANT SELECT ON shop.log TO regress_takeout_analyst;
SELECT * FROM found();
\set ECHO none
SELECT fix FROM takeout.check() WHERE fix ~ '^REVOKE' \gexec
\set ECHO all
SELECT * FROM found();

-- Tables.
ALTER TABLE shop.fine ALTER COLUMN buyer DROP NOT NULL;
CREATE TABLE shop.large (id int PRIMARY KEY, created_at timestamptz, customer text NOT NULL, filling text);
ALTER TABLE shop.large ALTER COLUMN filling SET STORAGE PLAIN;
SET SESSION AUTHORIZATION regress_takeout_super;
INSERT INTO shop.large SELECT i, now(), 'a', repeat('x', 7000) FROM generate_series(1, 1300) i;
ALTER TABLE shop.large OWNER TO regress_takeout_super;
GRANT CREATE ON SCHEMA shop TO regress_takeout_super;
SELECT takeout.create_dataset('shop.large', tenant_column => 'customer');
RESET SESSION AUTHORIZATION;
INSERT INTO crm.visit (profile_id) VALUES (gen_random_uuid());
SELECT * FROM found();
\set ECHO none
SELECT fix FROM takeout.check() WHERE fix ~ '^(ALTER TABLE|CREATE INDEX|ANALYZE)' \gexec
\set ECHO all
SELECT * FROM found();

-- Owners of views who may not read, row security that is off.
REVOKE SELECT ON shop.unmasked FROM regress_takeout_owner;
ALTER TABLE crm.visit DISABLE ROW LEVEL SECURITY;
SELECT * FROM found();
\set ECHO none
SELECT fix FROM takeout.check() WHERE finding ~ '(may not read|row security)' \gexec
\set ECHO all
SELECT * FROM found();
CREATE ROLE regress_takeout_maker;
CREATE SCHEMA regress_takeout_maker;
GRANT USAGE, CREATE ON SCHEMA regress_takeout_maker TO regress_takeout_maker;
SET ROLE regress_takeout_maker;
CREATE TABLE regress_takeout_maker.thing (id int PRIMARY KEY, tenant_id text NOT NULL);
SELECT takeout.create_dataset('regress_takeout_maker.thing');
RESET ROLE;
REVOKE USAGE ON SCHEMA regress_takeout_maker FROM regress_takeout_maker;
SELECT * FROM found();
DROP SCHEMA regress_takeout_maker CASCADE;
DELETE FROM takeout.datasets WHERE name = 'thing';
DELETE FROM takeout.fields WHERE dataset = 'thing';
DROP ROLE regress_takeout_maker;

-- What sessions of members begin with; others' do not count.
ALTER ROLE regress_takeout_backend SET takeout.ipv4_prefix = 32;
ALTER ROLE regress_takeout_backend SET search_path = shop, public;
ALTER ROLE regress_takeout_backend IN DATABASE contrib_regression SET session_replication_role = replica;
ALTER ROLE regress_takeout_backend SET work_mem = '8MB';
ALTER ROLE regress_takeout_analyst SET search_path = shop;
ALTER DATABASE contrib_regression SET takeout.audit_sha256 = off;
SELECT * FROM found();
\set ECHO none
SELECT fix FROM takeout.check() WHERE fix ~ '^ALTER (ROLE|DATABASE)' \gexec
\set ECHO all
SELECT * FROM found();

-- What is excluded and still reached.
INSERT INTO takeout.exclusions VALUES ('Internal', 'Orders', 'A reason.');
SET client_min_messages = error;
INSERT INTO takeout.excluded_relations VALUES ('shop.fine', 'Internal'), ('shop.log', 'Internal'), ('shop.counted', 'Internal');
SET client_min_messages = warning;
DROP VIEW shop.counted;
SELECT * FROM found();

-- What is neither in a dataset nor excluded: tables, and columns that no dataset reads.
CREATE TABLE shop.parts (id int, kind text, extra text) PARTITION BY LIST (kind);
CREATE TABLE shop.parts_a PARTITION OF shop.parts FOR VALUES IN ('a');
CREATE TABLE shop.base (id int, note text);
CREATE TABLE shop.heir (more text) INHERITS (shop.base);
CREATE TABLE shop.heir_of_excluded () INHERITS (shop.log);
CREATE MATERIALIZED VIEW shop.copy AS SELECT id FROM shop.base;
CREATE TABLE shop.whole (id int, note text);
CREATE VIEW shop.report AS SELECT b.id, to_jsonb(w) AS whole, 't'::text AS tenant_id FROM shop.base b JOIN shop.whole w USING (id);
SELECT object, finding, fix FROM takeout.unclassified();
SELECT takeout.create_dataset('shop.report', key => '{id}'), takeout.create_dataset('shop.parts', columns => '{id}', key => '{}', tenant_column => 'kind');
ALTER TABLE crm.lead ADD COLUMN nickname text;
SELECT object, finding, fix FROM takeout.unclassified();
-- The owner of the extension alone may ask.
SET ROLE regress_takeout_analyst;
SELECT * FROM takeout.check();
SELECT * FROM takeout.unclassified();
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA crm, shop CASCADE;
DELETE FROM takeout.excluded_relations;
DELETE FROM takeout.exclusions;
DELETE FROM takeout.limits;
DELETE FROM takeout.datasets;
DELETE FROM takeout.fields;
DELETE FROM takeout.members;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'default');
DROP FUNCTION public.found();
DROP ROLE regress_takeout_owner, regress_takeout_backend, regress_takeout_analyst, regress_takeout_super, regress_takeout_passing,
          regress_takeout_reader;
