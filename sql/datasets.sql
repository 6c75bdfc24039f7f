-- create_dataset, alter_dataset, drop_dataset: what is inferred, what is refused, what stays.
\set SHOW_CONTEXT never
SET client_min_messages = notice;
CREATE ROLE regress_takeout_owner;
CREATE ROLE regress_takeout_stranger;
CREATE ROLE regress_takeout_analyst;
CREATE SCHEMA shop AUTHORIZATION regress_takeout_owner;
CREATE SCHEMA other AUTHORIZATION regress_takeout_stranger;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
INSERT INTO takeout.members SELECT quote_ident(session_user)::regrole, t FROM unnest('{a,b,one}'::text[]) t;
SET ROLE regress_takeout_owner;

CREATE FUNCTION shop.fields_of(text) RETURNS SETOF text LANGUAGE sql
AS $$ SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod)) FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum $$;

CREATE TABLE shop."order" (
  id bigint PRIMARY KEY,
  customer_id text NOT NULL,
  created_at timestamptz,
  remark text,
  ip inet,
  seen_at inet[],
  written_ip text
);
COMMENT ON COLUMN shop."order".remark IS 'What the buyer''s note says';
INSERT INTO shop."order" VALUES
  (1, 'a', '2026-01-01 10:00+00', 'x', '203.0.113.77', '{203.0.113.77,2001:db8:1:2::3}', '2001:db8:1:2::3'),
  (2, 'b', '2026-01-02 10:00+00', NULL, NULL, NULL, NULL);

-- Whose the rows are must be said.
SELECT takeout.create_dataset('shop.order');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', tenant_column => 'customer_id', tenant => 'a');
\echo :LAST_ERROR_SQLSTATE

-- In one line: name, key, time, fields and masks come from the source. The name is taken, so the view has another.
SELECT takeout.create_dataset('shop.order', tenant_column => 'customer_id');
SELECT shop.fields_of('shop.order_dataset');
SELECT * FROM shop.order_dataset ORDER BY id;
SELECT reloptions, relowner::regrole, obj_description(oid) FROM pg_class WHERE oid = 'shop.order_dataset'::regclass;
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid = 'shop.order_dataset'::regclass AND col_description(attrelid, attnum) IS NOT NULL;
RESET ROLE;
SELECT name, owner, view, source, key_columns, time_column, tenant_column, fixed_tenant, formats, default_format
FROM takeout.datasets \gx
SELECT position, name, type, source_column, source_type, masked FROM takeout.fields ORDER BY position;
SET ROLE regress_takeout_owner;
SELECT convert_from(takeout.export('order', tenant => 'a'), 'UTF8');
SELECT convert_from(takeout.export('order', 'jsonl', columns => '{id,ip}', tenant => 'a', ids => '{1,2}'), 'UTF8');

-- Again, with more: the same dataset renewed. What was said about it and grants on the view stay.
SELECT takeout.alter_dataset('order', title => 'Orders', kind => 'mixed', difficulty => 'easy',
                             field => 'remark', standard => 'url', personal_class => 'preference', note => 'Free text');
GRANT SELECT ON shop.order_dataset TO regress_takeout_analyst;
SELECT takeout.create_dataset('shop.order', tenant_column => 'customer_id', mask => '{written_ip}', key => '{id}',
                              formats => '{json,csv}', default_format => 'json');
SELECT takeout.create_dataset('shop.order', tenant_column => 'customer_id', mask => '{written_ip}', key => '{id}',
                              formats => '{json,csv}', default_format => 'json');
SELECT written_ip FROM shop.order_dataset ORDER BY id;
SELECT privilege_type FROM information_schema.role_table_grants
WHERE table_name = 'order_dataset' AND grantee = 'regress_takeout_analyst';
RESET ROLE;
SELECT name, title, kind, difficulty, formats, default_format FROM takeout.datasets;
SELECT name, type, masked, standard, personal_class, note FROM takeout.fields WHERE name IN ('remark', 'written_ip')
ORDER BY position;
SET ROLE regress_takeout_owner;

-- Chosen columns, in that order; the tenant column is there once, as a field when it is named.
SELECT takeout.alter_dataset('order', columns => '{created_at,id}');
SELECT shop.fields_of('shop.order_dataset');
SELECT takeout.alter_dataset('order', columns => '{customer_id,id,created_at}');
SELECT shop.fields_of('shop.order_dataset');
SELECT convert_from(takeout.export('order', 'csv', tenant => 'b'), 'UTF8');
SELECT takeout.alter_dataset('order', columns => '{}');
SELECT shop.fields_of('shop.order_dataset');
SELECT takeout.alter_dataset('order', time_column => '', key => '{}');
RESET ROLE;
SELECT time_column, key_columns FROM takeout.datasets;
SET ROLE regress_takeout_owner;
SELECT takeout.alter_dataset('order', time_column => 'created_at', key => '{id}');
SELECT takeout.alter_dataset('order', tenant_column => '');
\echo :LAST_ERROR_SQLSTATE

-- A new name; the view keeps its own.
SELECT takeout.alter_dataset('order', new_name => 'orders', title => '');
SELECT takeout.alter_dataset('order');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', 'orders', tenant => 'one');
RESET ROLE;
SELECT name, view, title, tenant_column, fixed_tenant FROM takeout.datasets;
SET ROLE regress_takeout_owner;

-- A source that drifts is refused until its dataset is renewed.
ALTER TABLE shop."order" RENAME remark TO comment;
SELECT takeout.export('orders');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.alter_dataset('orders');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', 'orders', tenant => 'one');
SELECT convert_from(takeout.export('orders', ids => '{1}'), 'UTF8');
ALTER TABLE shop."order" DROP COLUMN comment CASCADE;
SELECT takeout.export('orders');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', 'orders', tenant => 'one');
SELECT convert_from(takeout.export('orders', ids => '{1}'), 'UTF8');
-- A view that was changed by hand has other columns than its dataset.
ALTER VIEW shop.orders RENAME COLUMN ip TO address;
SELECT takeout.export('orders');
SELECT takeout.alter_dataset('orders');
SELECT convert_from(takeout.export('orders', ids => '{1}', columns => '{ip}'), 'UTF8');

-- A key that is no primary key, a key of several columns with the tenant, none at all.
CREATE TABLE shop.stock (tenant_id text, shelf int, place int, note text, created_at date,
                         PRIMARY KEY (tenant_id, shelf) INCLUDE (note));
CREATE TABLE shop.shelf (tenant_id text, label text NOT NULL, code text NOT NULL, maybe int UNIQUE, host inet UNIQUE NOT NULL);
CREATE UNIQUE INDEX ON shop.shelf (lower(label));
CREATE UNIQUE INDEX ON shop.shelf (label) WHERE label > 'a';
CREATE UNIQUE INDEX ON shop.shelf (code, label);
CREATE TABLE shop.heap (tenant_id text, created_at text);
SELECT takeout.create_dataset('shop.stock'), takeout.create_dataset('shop.shelf'), takeout.create_dataset('shop.heap');
RESET ROLE;
SELECT name, key_columns, time_column, tenant_column FROM takeout.datasets WHERE name <> 'orders' ORDER BY name;
SET ROLE regress_takeout_owner;

-- A masked column of text whose text is no address: neither the view nor the export shows it.
CREATE TABLE shop.forwarded (id int PRIMARY KEY, for_ip text);
INSERT INTO shop.forwarded VALUES (1, '203.0.113.77, 198.51.100.9');
SELECT takeout.create_dataset('shop.forwarded', 'forwards', tenant => 'default', mask => '{for_ip}');
SELECT takeout.export('forwards');
SELECT * FROM shop.forwards;

-- A superuser makes the view anew: its owner stays.
RESET ROLE;
SELECT takeout.alter_dataset('forwards', columns => '{for_ip,id}');
SELECT relowner::regrole FROM pg_class WHERE oid = 'shop.forwards'::regclass;
SELECT takeout.drop_dataset('forwards');

-- Another role's view is not taken for an earlier governed view, whatever its comment says.
GRANT CREATE ON SCHEMA shop TO regress_takeout_stranger;
SET ROLE regress_takeout_stranger;
CREATE VIEW shop.forwards AS SELECT 1 AS id, 'x'::text AS for_ip;
COMMENT ON VIEW shop.forwards IS 'Governed view of dataset "forwards": addresses are masked';
RESET ROLE;
REVOKE CREATE ON SCHEMA shop FROM regress_takeout_stranger;
SELECT takeout.create_dataset('shop.forwarded', 'forwards', tenant => 'default');
SELECT view FROM takeout.datasets WHERE name = 'forwards';
SELECT takeout.drop_dataset('forwards');
DROP VIEW shop.forwards;
SET ROLE regress_takeout_owner;

-- Views, materialized views and partitioned tables are sources too; domains, arrays, rows and ranges are masked inside.
CREATE DOMAIN shop.host AS inet;
CREATE TYPE shop.hop AS (at timestamptz, via inet);
CREATE TABLE shop.trace (tenant_id text, id int, first shop.host, hops shop.hop[], seen cidr) PARTITION BY LIST (tenant_id);
CREATE TABLE shop.trace_a PARTITION OF shop.trace FOR VALUES IN ('a');
INSERT INTO shop.trace VALUES ('a', 1, '198.51.100.7', ARRAY[(NULL, '198.51.100.8')::shop.hop], '10.0.0.0/8');
CREATE VIEW shop.trace_view AS SELECT * FROM shop.trace;
CREATE MATERIALIZED VIEW shop.trace_copy AS SELECT * FROM shop.trace;
SELECT takeout.create_dataset('shop.trace', key => '{id}'), takeout.create_dataset('shop.trace_view', key => '{id}'),
       takeout.create_dataset('shop.trace_copy', key => '{id}');
SELECT * FROM shop.trace_dataset;
SELECT * FROM shop.trace_view_dataset;
SELECT shop.fields_of('shop.trace_copy_dataset');

-- Parents and children.
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent => 'shelf', parent_key => '{id}');
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent => 'trace');
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent_key => '{id}');
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent => 'trace', parent_key => '{id}', parent_field => 'no');
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent => 'nothing', parent_key => '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.trace', 'hops', key => '{id}', parent => 'trace', parent_key => '{id}', parent_field => 'hops');
SELECT takeout.alter_dataset('trace', new_name => 'traces');
RESET ROLE;
SELECT name, parent, parent_key, parent_field FROM takeout.datasets WHERE parent IS NOT NULL;
SET ROLE regress_takeout_owner;
SELECT takeout.drop_dataset('traces');
RESET ROLE;
SELECT name, parent, parent_key, parent_field FROM takeout.datasets WHERE name = 'hops';
SET ROLE regress_takeout_owner;

-- Refused: names, columns, formats, kinds, standards.
SELECT takeout.create_dataset('shop.heap', '');
SELECT takeout.create_dataset('shop.heap', ' x');
SELECT takeout.create_dataset('shop.heap', repeat('x', 64));
SELECT takeout.create_dataset('shop.heap', 'shelf');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', 'x', columns => '{a,b}', key => '{c}', tenant => 't');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('shop.order', 'x', columns => '{ip,ip,id}', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', columns => '{ip}', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', mask => '{created_at}', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', key => '{ip}', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', time_column => 'id', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', formats => '{pdf,csv}', tenant => 't');
SELECT takeout.create_dataset('shop.order', 'x', formats => '{csv}', default_format => 'xlsx', tenant => 't');
SELECT takeout.create_dataset(NULL);
CREATE TABLE shop.taken (tenant_id text);
CREATE TABLE shop.taken_dataset ();
SELECT takeout.create_dataset('shop.taken', key => '{tenant_id}', columns => '{tenant_id}');
\echo :LAST_ERROR_SQLSTATE
CREATE INDEX taken_index ON shop.taken (tenant_id);
SELECT takeout.create_dataset('shop.taken_index', tenant => 't');
CREATE TEMP TABLE passing (tenant_id text);
SELECT takeout.create_dataset('passing');
DROP TABLE passing;
SELECT takeout.alter_dataset('orders', kind => 'secret');
SELECT takeout.alter_dataset('orders', difficulty => 'impossible');
SELECT takeout.alter_dataset('orders', field => 'id', standard => 'isbn');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.alter_dataset('orders', field => 'nothing', note => 'x');
SELECT takeout.alter_dataset('orders', note => 'x');
SELECT takeout.alter_dataset('orders', new_name => 'shelf');
SELECT takeout.alter_dataset('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.drop_dataset('nothing');
\echo :LAST_ERROR_SQLSTATE

-- Refused: what is not one's own.
SELECT takeout.create_dataset('pg_catalog.pg_class', tenant => 't');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('takeout.datasets', tenant => 't');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_takeout_stranger;
SELECT takeout.create_dataset('shop.order', tenant => 't');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.alter_dataset('orders', title => 'Mine');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.drop_dataset('orders');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.annotate_dataset('orders', '{"title": "Mine"}', '[]');
SELECT takeout.forget_dataset('orders');
SELECT takeout.record_dataset(format('{"name": "mine", "source": %s, "view": %s}', 'shop.order'::regclass::oid::bigint,
                                     'shop.orders'::regclass::oid::bigint)::jsonb, '[]');
SELECT takeout.dataset_definition('orders');
CREATE TABLE other."order" (tenant_id text);
SELECT takeout.create_dataset('other.order', 'orders', key => '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('other.order', 'mine', key => '{}', columns => '{tenant_id}',
                              parent => 'orders', parent_key => '{tenant_id}');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM takeout.datasets;
SELECT current_user;
-- An error that is caught leaves the role as it was; a SECURITY DEFINER function acts for its owner.
DO $$
BEGIN
  PERFORM takeout.forget_dataset('orders');
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE '% as %', sqlerrm, current_user;
END
$$;
RESET ROLE;
SET ROLE regress_takeout_owner;
CREATE FUNCTION shop.say(text) RETURNS void SECURITY DEFINER LANGUAGE sql
AS $$ SELECT takeout.alter_dataset('orders', description => $1) $$;
SET ROLE regress_takeout_stranger;
SELECT shop.say('Through a door that the owner made');
RESET ROLE;
SELECT description FROM takeout.datasets WHERE name = 'orders';

-- A member exports, whichever role it took on.
SET ROLE regress_takeout_owner;
GRANT SELECT ON shop.orders TO regress_takeout_analyst;
SET ROLE regress_takeout_analyst;
SELECT convert_from(takeout.export('orders', ids => '{1}', columns => '{id}'), 'UTF8');

-- Dropped: the view goes, the source stays. It works when view or source, or both, are gone.
SET ROLE regress_takeout_owner;
SELECT takeout.drop_dataset('orders');
SELECT to_regclass('shop.orders'), to_regclass('shop.order');
DROP VIEW shop.shelf_dataset;
SELECT takeout.drop_dataset('shelf');
DROP TABLE shop.stock CASCADE;
SET ROLE regress_takeout_stranger;
SELECT takeout.drop_dataset('stock');
SET ROLE regress_takeout_owner;
SELECT takeout.alter_dataset('stock');
SELECT takeout.drop_dataset('stock');
-- Or it is made of the new source.
DROP TABLE shop.heap CASCADE;
CREATE TABLE shop.heap (tenant_id text, id int PRIMARY KEY);
SELECT takeout.create_dataset('shop.heap');
SELECT convert_from(takeout.export('heap', tenant => 'a'), 'UTF8');
RESET ROLE;
SELECT name, view FROM takeout.datasets ORDER BY name;

-- Limits follow a dataset that is renamed, and outlive one that is dropped: its owner is not rid of them so. One row a key,
-- NULL being a key as well.
INSERT INTO takeout.limits (dataset, max_rows) VALUES ('heap', 1), (NULL, 10);
INSERT INTO takeout.limits (dataset, max_rows) VALUES (NULL, 20);
SELECT takeout.alter_dataset('heap', new_name => 'pile');
SELECT dataset, max_rows FROM takeout.limits ORDER BY 1;
SELECT takeout.drop_dataset('pile');
SELECT dataset, max_rows FROM takeout.limits ORDER BY 1;
SELECT count(*) FROM takeout.fields f WHERE NOT EXISTS (SELECT FROM takeout.datasets d WHERE d.name = f.dataset);
DELETE FROM takeout.limits;

SET client_min_messages = warning;
DROP SCHEMA shop, other CASCADE;
DELETE FROM takeout.datasets;
DELETE FROM takeout.fields;
DROP ROLE regress_takeout_owner, regress_takeout_stranger, regress_takeout_analyst;
DELETE FROM takeout.members WHERE tenant <> 'default';
