-- What an export does not trust: views changed by hand, functions of a table's or a view's owner.
\set SHOW_CONTEXT never
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'default') ON CONFLICT DO NOTHING;
CREATE ROLE regress_takeout_maker;
CREATE SCHEMA own AUTHORIZATION regress_takeout_maker;
SET ROLE regress_takeout_maker;
CREATE TABLE own.person (id int PRIMARY KEY, name text, nick text, ip inet, told text, tenant_id text NOT NULL);
INSERT INTO own.person VALUES (1, 'mine', 'm', '203.0.113.77', '203.0.113.77', 'default'), (2, 'theirs', 't', '203.0.113.78', NULL, 'other');
SELECT takeout.create_dataset('own.person', name => 'people', mask => '{told}');
SELECT convert_from(takeout.export('people'), 'UTF8');

-- A view without the tenants' predicate, with another one, or about another relation.
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, takeout.mask_ip(s.ip) AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id FROM own.person s;
SELECT takeout.export('people');
\echo :LAST_ERROR_SQLSTATE
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, takeout.mask_ip(s.ip) AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id FROM own.person s
  WHERE s.tenant_id = ANY ((SELECT takeout.current_tenants())::text[]) OR s.id = 2;
SELECT takeout.export_stream('people');
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, takeout.mask_ip(s.ip) AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id FROM own.person s
  WHERE s.name = ANY ((SELECT takeout.current_tenants())::text[]);
SELECT takeout.export_page('people');
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, takeout.mask_ip(s.ip) AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id
  FROM own.person s JOIN own.person o USING (id) WHERE s.tenant_id = ANY ((SELECT takeout.current_tenants())::text[]);
SELECT takeout.export('people');
-- One that does not mask, or shows other columns.
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, s.ip::cidr AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id FROM own.person s
  WHERE s.tenant_id = ANY ((SELECT takeout.current_tenants())::text[]);
SELECT takeout.export('people');
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, s.name, s.nick, takeout.mask_ip(s.ip) AS ip, s.told::cidr AS told, s.tenant_id FROM own.person s
  WHERE s.tenant_id = ANY ((SELECT takeout.current_tenants())::text[]);
SELECT takeout.export('people');
CREATE OR REPLACE VIEW own.people WITH (security_barrier) AS
  SELECT s.id, upper(s.name) AS name, s.nick, takeout.mask_ip(s.ip) AS ip, takeout.mask_ip_text(s.told) AS told, s.tenant_id
  FROM own.person s WHERE s.tenant_id = ANY ((SELECT takeout.current_tenants())::text[]);
SELECT takeout.export('people');
SELECT takeout.alter_dataset('people');
SELECT convert_from(takeout.export('people', columns => '{id,ip}'), 'UTF8');
-- Two columns of one type that changed their names.
ALTER TABLE own.person RENAME COLUMN name TO passing;
ALTER TABLE own.person RENAME COLUMN nick TO name;
ALTER TABLE own.person RENAME COLUMN passing TO nick;
SELECT takeout.export('people');
SELECT takeout.alter_dataset('people');

-- A view that was never governed.
CREATE VIEW own.raw AS SELECT id, ip FROM own.person;
SELECT takeout.record_dataset(
  format('{"name": "raw", "source": %s, "view": %s, "key_columns": ["id"], "fixed_tenant": "default", "formats": ["csv"], "default_format": "csv"}',
         'own.person'::regclass::oid::bigint, 'own.raw'::regclass::oid::bigint)::jsonb,
  format('[{"name": "ip", "position": 1, "type": %s, "source_column": "ip", "source_type": %s, "masked": true}]',
         'inet'::regtype::oid::bigint, 'inet'::regtype::oid::bigint)::jsonb);
SELECT takeout.export('raw');

-- A row type that gets an attribute of addresses later.
CREATE TYPE own.hop AS (at int);
CREATE TABLE own.way (id int PRIMARY KEY, hop own.hop, hops own.hop[]);
SELECT takeout.create_dataset('own.way', tenant => 'default');
ALTER TYPE own.hop ADD ATTRIBUTE via inet;
INSERT INTO own.way VALUES (1, ROW(1, '203.0.113.77'::inet), ARRAY[ROW(1, '203.0.113.77'::inet)::own.hop]);
SELECT * FROM own.way_dataset;

-- A function in a view's source runs as whoever exports; it cannot export on that one's membership.
CREATE FUNCTION own.steal() RETURNS text VOLATILE LANGUAGE sql AS $$ SELECT convert_from(takeout.export('people'), 'UTF8') $$;
CREATE VIEW own.trap AS SELECT 1 AS id, own.steal() AS loot;
SELECT takeout.create_dataset('own.trap', tenant => 'default', key => '{id}');
SELECT takeout.export('trap');
\echo :LAST_ERROR_SQLSTATE

-- Nor one that an index calls when somebody else analyzes its table, or a materialized view when somebody refreshes it.
CREATE FUNCTION own.innocent(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN IF current_setting('own.armed', true) = 'yes' THEN PERFORM own.steal(); END IF; RETURN $1; END $$;
CREATE INDEX ON own.way (own.innocent(id));
CREATE MATERIALIZED VIEW own.seen AS SELECT * FROM own.people WITH NO DATA;
RESET ROLE;
SET own.armed = 'yes';
ANALYZE own.way;
\echo :LAST_ERROR_SQLSTATE
RESET own.armed;
REFRESH MATERIALIZED VIEW own.seen;
\echo :LAST_ERROR_SQLSTATE

-- A child's sheet is held to the child's limits, and comes with all columns of the parent only.
SET ROLE regress_takeout_maker;
CREATE TABLE own.child (id int, seq int, PRIMARY KEY (id, seq));
INSERT INTO own.child SELECT 1, n FROM generate_series(1, 50) n;
SELECT takeout.create_dataset('own.child', tenant => 'default', parent => 'way', parent_key => '{id}');
RESET ROLE;
INSERT INTO takeout.limits (dataset, max_rows) VALUES ('child', 10);
SELECT takeout.export('way', 'xlsx');
SELECT length(takeout.export('way', 'xlsx', columns => '{id}')) > 0 AS without_child;
DELETE FROM takeout.limits;

SET client_min_messages = warning;
DROP MATERIALIZED VIEW own.seen;
SELECT count(takeout.drop_dataset(name)) FROM takeout.datasets WHERE name IN ('child', 'way', 'trap', 'raw', 'people');
DROP SCHEMA own CASCADE;
DROP ROLE regress_takeout_maker;
