-- takeout.export and export_stream: a dataset as a file.
CREATE SCHEMA shop;
SET search_path = pg_catalog;

CREATE FUNCTION shop.text_of(file bytea) RETURNS text LANGUAGE sql IMMUTABLE
RETURN replace(convert_from(file, 'UTF8'), E'\r', '<CR>');

CREATE TABLE shop."order" (
  order_id uuid PRIMARY KEY, customer text NOT NULL, created_at timestamptz, amount numeric(10,2), note text, ip inet);
INSERT INTO shop."order"
SELECT ('00000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, CASE WHEN g > 5 THEN 'c1' ELSE 'default' END,
       CASE WHEN g <> 5 THEN '2026-01-01 00:00+00'::timestamptz + g * interval '1 day' END,
       g * 1.25, 'note ' || g, '203.0.113.1'::inet + g
FROM generate_series(1, 8) g;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'c1');
SET takeout.act_for = 'default';
SELECT takeout.create_dataset('shop.order', name => 'orders', tenant_column => 'customer');

SELECT shop.text_of(takeout.export('orders'));
SELECT shop.text_of(takeout.export('orders', 'jsonl'));
SELECT substr(takeout.export('orders', 'xlsx'), 1, 4) = '\x504b0304' AS is_zip;

-- since is inclusive, until exclusive; without a period rows without a time leave too.
SELECT shop.text_of(takeout.export('orders', since => '2026-01-03 00:00+00', until => '2026-01-05 00:00+00',
                                   columns => '{order_id,created_at}'));
SELECT shop.text_of(takeout.export('orders', until => '2026-01-03 00:00+00', columns => '{note}'));
-- ids of the key; an empty list asks for nothing.
SELECT shop.text_of(takeout.export('orders', ids => '{00000000-0000-4000-8000-000000000002,00000000-0000-4000-8000-000000000005}'));
SELECT shop.text_of(takeout.export('orders', ids => '{}'));
SELECT shop.text_of(takeout.export('orders', 'json', ids => '{}'));
-- One tenant's rows; columns in the order asked for; unordered.
SELECT shop.text_of(takeout.export('orders', tenant => 'c1', columns => '{note,amount}'));
SELECT length(takeout.export('orders', ordered => false)) = length(takeout.export('orders')) AS same_length;
SELECT shop.text_of(takeout.export('orders', tenant => 'c1', columns => '{note}',
                                   options => takeout.csv_options(header => false)));

-- A stream gives the same bytes.
SELECT string_agg(chunk, '') = takeout.export('orders', f) AS same
FROM (VALUES ('csv'), ('json'), ('jsonl'), ('xlsx')) AS formats(f),
     LATERAL (SELECT takeout.export_stream('orders', f) AS chunk) s
GROUP BY f ORDER BY f;
SELECT count(*) FROM (SELECT takeout.export_stream('orders', ids => '{}') AS chunk) s;

-- What is wrong, with the way out.
SELECT takeout.export('order');
SELECT takeout.export(NULL);
SELECT takeout.export('orders', 'pdf');
SELECT takeout.export('orders', columns => '{note,nope}');
SELECT takeout.export('orders', columns => '{note,note}');
SELECT takeout.export('orders', columns => '{}');
SELECT takeout.export('orders', columns => '{note,NULL}');
SELECT takeout.export('orders', ids => '{not-a-uuid}');
SELECT takeout.export('orders', since => '2026-02-01 00:00+00', until => '2026-01-01 00:00+00');
SELECT takeout.export('orders', ids => array_fill('x'::text, ARRAY[100001]));
SELECT takeout.export('orders', options => '{"delimiter": ";", "colour": "red"}');
SELECT takeout.leads();
SELECT takeout.analytical_reports('conversions_by_day');

-- Limits: the most specific row wins.
INSERT INTO takeout.limits (dataset, method, max_rows) VALUES ('orders', 'export', 3), ('orders', NULL, 2);
SELECT takeout.export('orders');
SELECT count(*) FROM (SELECT takeout.export_stream('orders')) s;
SELECT length(takeout.export('orders', until => '2026-01-05 00:00+00', tenant => 'c1')) > 0 AS within;
UPDATE takeout.limits SET max_rows = NULL, max_bytes = 100 WHERE method = 'export';
SELECT takeout.export('orders');
DELETE FROM takeout.limits WHERE method IS NULL;
UPDATE takeout.limits SET method = NULL;
SELECT count(*) FROM (SELECT takeout.export_stream('orders')) s;
UPDATE takeout.limits SET max_bytes = NULL, max_period = '2 days';
SELECT takeout.export('orders');
SELECT takeout.export('orders', until => '2026-01-05 00:00+00');
SELECT takeout.export('orders', since => '2026-01-01 00:00+00', until => '2026-01-05 00:00+00');
SELECT takeout.export('orders', since => '-infinity', until => '2026-01-05 00:00+00');
SELECT takeout.export('orders', since => '2026-01-01 00:00+00', until => 'infinity');
SELECT shop.text_of(takeout.export('orders', since => '2026-01-01 00:00+00', until => '2026-01-03 00:00+00', columns => '{note}'));
DELETE FROM takeout.limits;

-- A dataset without a key or a time.
CREATE TABLE shop.colour (name text);
INSERT INTO shop.colour VALUES ('red'), ('blue');
SELECT takeout.create_dataset('shop.colour', tenant => 'default');
SELECT length(takeout.export('colour')), length(takeout.export('colour', tenant => 'default'));
SELECT takeout.export('colour', ids => '{red}');
SELECT takeout.export('colour', since => '2026-01-01 00:00+00');
SELECT takeout.export('colour', tenant => 'other');
SELECT takeout.export_page('colour');

-- The right to export is the membership of the role that logged in. It needs no privilege on the view, and gives none.
CREATE ROLE regress_takeout_analyst;
RESET takeout.act_for;
SET SESSION AUTHORIZATION regress_takeout_analyst;
SELECT takeout.export('orders');
RESET SESSION AUTHORIZATION;
INSERT INTO takeout.members VALUES ('regress_takeout_analyst', 'c1');
SET SESSION AUTHORIZATION regress_takeout_analyst;
SELECT convert_from(takeout.export('orders', columns => '{note}'), 'UTF8');
SELECT takeout.export('orders', tenant => 'default');
SELECT takeout.export('orders', tenant => '');
SELECT count(*) FROM shop.orders;
RESET SESSION AUTHORIZATION;
-- Of several tenants one is named, or acted for.
SELECT takeout.export('orders');
SELECT takeout.act_for('c1');
BEGIN;
SELECT takeout.act_for('c1');
SELECT length(takeout.export('orders')) = length(takeout.export('orders', tenant => 'c1')) AS same, takeout.current_tenants();
SELECT takeout.act_for(NULL);
SELECT takeout.current_tenants();
SELECT takeout.act_for('c2');
ROLLBACK;
-- A member of every tenant names the one that it exports or looks at.
INSERT INTO takeout.members VALUES ('regress_takeout_analyst', '*');
DELETE FROM takeout.members WHERE role = 'regress_takeout_analyst'::regrole AND tenant = 'c1';
SET SESSION AUTHORIZATION regress_takeout_analyst;
SELECT takeout.export('orders');
SELECT takeout.current_tenants();
SELECT convert_from(takeout.export('orders', columns => '{note}', tenant => 'c1'), 'UTF8');
SELECT convert_from(takeout.export('orders', columns => '{note}', tenant => 'nobody'), 'UTF8');
SET takeout.act_for = 'c1';
RESET SESSION AUTHORIZATION;
DELETE FROM takeout.members WHERE tenant <> 'default';
DROP ROLE regress_takeout_analyst;

-- A source that changed.
ALTER TABLE shop."order" RENAME COLUMN note TO remark;
SELECT takeout.export('orders');
ALTER TABLE shop."order" RENAME COLUMN remark TO note;
SELECT length(takeout.export('orders')) > 0 AS again;
ALTER VIEW shop.orders RENAME COLUMN amount TO total;
SELECT takeout.export('orders');
ALTER VIEW shop.orders RENAME COLUMN total TO amount;
DROP VIEW shop.orders;
SELECT takeout.export('orders');

-- Inside plpgsql: loops, exception blocks, prepared statements, cursors, read-only transactions.
SELECT takeout.create_dataset('shop.order', name => 'orders', tenant_column => 'customer');
DO $$
DECLARE
  chunk bytea;
  total bigint := 0;
BEGIN
  FOR chunk IN SELECT takeout.export_stream('orders') LOOP
    total := total + length(chunk);
  END LOOP;
  RAISE NOTICE 'streamed all: %', total = length(takeout.export('orders'));
  BEGIN
    PERFORM takeout.export('nope');
  EXCEPTION WHEN undefined_object THEN
    RAISE NOTICE 'caught: %', SQLERRM;
  END;
END
$$;
PREPARE exporting(text) AS SELECT length(takeout.export('orders', $1)) > 0 AS exported;
EXECUTE exporting('csv');
EXECUTE exporting('json');
DEALLOCATE exporting;
BEGIN READ ONLY;
DECLARE c CURSOR FOR SELECT length(takeout.export_stream('orders', 'xlsx')) > 0 AS chunk;
FETCH 1 FROM c;
CLOSE c;
SELECT length(takeout.export('orders', 'xlsx')) > 0 AS exported;
COMMIT;
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT length(takeout.export_stream('orders')) > 0 AS chunk;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
SELECT length(takeout.export_stream('orders')) > 0 AS chunk LIMIT 1;

-- Values that are stored out of line, as they are or compressed, are exported, not the pointers to them.
CREATE TABLE shop.stored (id int, plain text, packed text, bytes bytea, document jsonb, json json, number numeric, list text[]);
ALTER TABLE shop.stored ALTER plain SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL, ALTER json SET STORAGE EXTERNAL,
  ALTER number SET STORAGE EXTERNAL, ALTER document SET STORAGE EXTERNAL, ALTER list SET STORAGE EXTERNAL;
INSERT INTO shop.stored
SELECT g, repeat('plain', 1000 * g), v, convert_to(v, 'UTF8'), to_jsonb(v), to_json(v), (repeat('1234567890', 900 * g))::numeric, ARRAY[v]
FROM generate_series(1, 3) g, LATERAL (SELECT string_agg(md5(i::text), '') AS v FROM generate_series(1, 300 * g) i) s;
SELECT pg_relation_size(reltoastrelid) > 50000 AS out_of_line FROM pg_class WHERE oid = 'shop.stored'::regclass;
SELECT takeout.create_dataset('shop.stored', key => '{id}', tenant => 'default');
SELECT takeout.export('stored', 'csv', ordered => false) = takeout.csv_file(s) AS csv,
       takeout.export('stored', 'json', ordered => false) = takeout.json_file(s) AS json,
       length(takeout.csv_file(s)) > 6 * (5000 + 9600) AS whole
FROM shop.stored s;

DROP SCHEMA shop CASCADE;
SELECT takeout.drop_dataset(name) FROM unnest('{orders,colour,stored}'::text[]) AS name;
DROP ROLE regress_takeout_analyst;
