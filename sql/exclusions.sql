-- What is excluded is reached by no dataset and no export: through views, functions, partitions, materialized views.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_takeout_owner;
CREATE ROLE regress_takeout_auditor;
CREATE SCHEMA lab AUTHORIZATION regress_takeout_owner;
SET ROLE regress_takeout_owner;

CREATE TABLE lab.weights (id int PRIMARY KEY, tenant_id text NOT NULL DEFAULT 'default', secret text NOT NULL);
INSERT INTO lab.weights VALUES (1, 'default', 'canary');
CREATE TABLE lab.score (id int PRIMARY KEY, tenant_id text NOT NULL DEFAULT 'default', points int NOT NULL);
INSERT INTO lab.score VALUES (1, 'default', 10), (2, 'default', 20);

CREATE FUNCTION lab.export(dataset text) RETURNS text LANGUAGE sql
AS $$ SELECT string_agg(convert_from(chunk, 'UTF8'), '') FROM takeout.export_stream(dataset, 'csv') chunk $$;
-- Every way in which a view can come to the rows of lab.weights.
CREATE VIEW lab.by_join AS
  SELECT s.id, s.tenant_id, w.secret FROM lab.score s JOIN lab.weights w USING (id);
CREATE VIEW lab.by_view AS SELECT id, tenant_id, secret FROM lab.by_join;
CREATE VIEW lab.by_subquery AS
  SELECT id, tenant_id, EXISTS (WITH w AS (SELECT FROM lab.weights) SELECT FROM w) AS known FROM lab.score;
CREATE MATERIALIZED VIEW lab.by_copy AS SELECT id, tenant_id, secret FROM lab.by_view;
CREATE VIEW lab.by_copy_in_view AS SELECT * FROM lab.by_copy;
CREATE FUNCTION lab.inlined() RETURNS SETOF text STABLE LANGUAGE sql AS $$ SELECT secret FROM lab.weights $$;
CREATE VIEW lab.by_inlined AS SELECT s.id, s.tenant_id, f AS secret FROM lab.score s, lab.inlined() f;
CREATE FUNCTION lab.scalar(id int) RETURNS text STABLE LANGUAGE sql
AS $$ SELECT max(w.secret) FROM lab.weights w WHERE w.id = $1 $$;
CREATE VIEW lab.by_scalar AS SELECT id, tenant_id, lab.scalar(id) AS secret FROM lab.score;
CREATE FUNCTION lab.folded() RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT max(w.secret) FROM lab.weights w $$;
CREATE VIEW lab.by_folded AS SELECT id, tenant_id, lab.folded() AS secret FROM lab.score;
CREATE FUNCTION lab.atomic(id int) RETURNS text STABLE LANGUAGE sql
BEGIN ATOMIC SELECT lab.scalar(atomic.id) || max(w.secret) FROM lab.weights w WHERE w.id = atomic.id; END;
CREATE VIEW lab.by_atomic AS SELECT id, tenant_id, lab.atomic(id) AS secret FROM lab.score;
CREATE FUNCTION lab.dynamic(id int) RETURNS text STABLE LANGUAGE plpgsql
AS $$ DECLARE result text; BEGIN EXECUTE 'SELECT secret FROM lab.weights WHERE id = $1' INTO result USING id; RETURN result; END $$;
CREATE VIEW lab.by_dynamic AS SELECT id, tenant_id, lab.dynamic(id) AS secret FROM lab.score;
CREATE VIEW lab.by_xml AS
  SELECT id, tenant_id, query_to_xml('SELECT secret FROM lab.weights', true, false, '')::text AS secret FROM lab.score;
CREATE FUNCTION lab.caught(id int) RETURNS text STABLE LANGUAGE plpgsql
AS $$ BEGIN
  FOR i IN 1 .. 3 LOOP
    BEGIN
      RETURN (SELECT w.secret FROM lab.weights w WHERE w.id = caught.id);
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
  END LOOP;
  RETURN 'refused three times';
END $$;
CREATE VIEW lab.by_caught AS SELECT id, tenant_id, lab.caught(id) AS secret FROM lab.score;
CREATE FUNCTION lab.reset(id int) RETURNS text VOLATILE LANGUAGE plpgsql
AS $$ BEGIN RESET ALL; RETURN lab.dynamic(id); END $$;
CREATE VIEW lab.by_reset AS SELECT id, tenant_id, lab.reset(id) AS secret FROM lab.score;
CREATE FUNCTION lab.set(id int) RETURNS text VOLATILE LANGUAGE plpgsql
AS $$ BEGIN SET takeout.exporting = off; RETURN lab.dynamic(id); END $$;
CREATE VIEW lab.by_set AS SELECT id, tenant_id, lab.set(id) AS secret FROM lab.score;
CREATE FUNCTION lab.definer(id int) RETURNS text STABLE SECURITY DEFINER LANGUAGE sql AS $$ SELECT lab.dynamic(id) $$;
CREATE VIEW lab.by_definer AS SELECT id, tenant_id, lab.definer(id) AS secret FROM lab.score;

SELECT takeout.create_dataset(r::regclass, r, key => '{id}')
FROM unnest('{by_join,by_view,by_subquery,by_copy,by_copy_in_view,by_inlined,by_scalar,by_folded,by_atomic,by_dynamic,
              by_xml,by_caught,by_reset,by_set,by_definer,score}'::text[]) name, LATERAL (SELECT 'lab.' || name) source(r);
SELECT lab.export('lab.by_join'), lab.export('lab.score');
RESET ROLE;

-- A category is given first; the owner of the extension alone writes these tables.
INSERT INTO takeout.excluded_relations VALUES ('lab.weights', 'Models');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO takeout.exclusions VALUES ('Models', 'Weights of the lead scores', 'They are trade secrets.');
INSERT INTO takeout.excluded_relations VALUES ('lab.weights', 'Mdels');
SET ROLE regress_takeout_auditor;
SELECT * FROM takeout.exclusions;
INSERT INTO takeout.excluded_relations VALUES (1259, 'Models');
RESET ROLE;
-- What exists already and is seen to read it is named.
INSERT INTO takeout.excluded_relations VALUES ('lab.weights', 'Models');
DELETE FROM takeout.exclusions;
UPDATE takeout.exclusions SET category = 'Weights';
\echo :LAST_ERROR_SQLSTATE
UPDATE takeout.exclusions SET examples = 'Weights of all scores';

-- Every export that would read it is refused, and no other.
SET ROLE regress_takeout_owner;
CREATE FUNCTION lab.try(dataset text) RETURNS text LANGUAGE plpgsql
AS $$ DECLARE said text;
BEGIN
  RETURN replace(lab.export(dataset), E'\r\n', '|');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
  RETURN concat_ws(' ', sqlstate, sqlerrm, said);
END $$;
SELECT 'lab.' || name AS dataset, lab.try('lab.' || name)
FROM unnest('{by_join,by_view,by_subquery,by_copy,by_copy_in_view,by_inlined,by_scalar,by_folded,by_atomic,by_dynamic,
              by_xml,by_caught,by_reset,by_set,by_definer,score}'::text[]) name;
SELECT takeout.export('lab.by_join');
\echo :LAST_ERROR_SQLSTATE
SELECT row_count FROM takeout.export_page('lab.by_scalar');
SELECT row_count FROM takeout.export_page('lab.score');
-- Plans made before are checked like new ones; a stream between two chunks; a cursor.
PREPARE exporting AS SELECT lab.try($1);
EXECUTE exporting('lab.by_dynamic');
BEGIN;
DECLARE chunks CURSOR FOR SELECT takeout.export_stream('lab.score') IS NOT NULL, (SELECT count(*) FROM lab.weights);
FETCH chunks;
SELECT secret FROM lab.weights;
FETCH chunks;
COMMIT;
-- Outside of exports nothing changes, after one that was refused neither.
SELECT secret FROM lab.by_definer;
SHOW takeout.exporting;
SET takeout.exporting = off;
RESET takeout.exporting;
-- Whoever may read a table may make a file of it by the aggregates, which know of no datasets.
SELECT convert_from(takeout.csv_file(w), 'UTF8') FROM lab.weights w;

-- No dataset is made on it or on what is seen to reach it; renewing an old one is making one.
SELECT takeout.create_dataset('lab.weights');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('lab.by_view', 'again');
SELECT takeout.create_dataset('lab.by_copy_in_view', 'again');
SELECT takeout.create_dataset('lab.by_inlined', 'again', key => '{id}');
SELECT takeout.create_dataset('lab.by_atomic', 'again');
SELECT takeout.alter_dataset('lab.by_join');
-- A function with a body of text shows what it reads when it runs.
SELECT takeout.create_dataset('lab.by_scalar', 'later', key => '{id}');
SELECT takeout.export('later');

-- Partitions: with the partitioned table all of them; one alone as far as it is read.
CREATE TABLE lab.event (tenant_id text DEFAULT 'default', id int, created_at timestamptz, note text) PARTITION BY RANGE (created_at);
CREATE TABLE lab.event_2025 PARTITION OF lab.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE lab.event_2025_1 PARTITION OF lab.event_2025 FOR VALUES IN (1);
CREATE TABLE lab.event_2026 PARTITION OF lab.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO lab.event VALUES ('default', 1, '2025-06-01 00:00+00', 'canary'), ('default', 2, '2026-06-01 00:00+00', 'plain');
SELECT takeout.create_dataset('lab.event', 'events', key => '{id}'), takeout.create_dataset('lab.event_2025_1', 'old', key => '{id}'),
       takeout.create_dataset('lab.event_2026', 'new', key => '{id}');
RESET ROLE;
INSERT INTO takeout.excluded_relations VALUES ('lab.event_2025', 'Models');
SET ROLE regress_takeout_owner;
SELECT lab.try('events');
SELECT lab.try('old');
SELECT lab.try('new');
SELECT convert_from(takeout.export('events', since => '2026-01-01', until => '2027-01-01', columns => '{note}'), 'UTF8');
SELECT takeout.export('events', since => '2025-12-31', until => '2027-01-01', columns => '{note}');
SELECT takeout.alter_dataset('events');
SELECT takeout.alter_dataset('old');
RESET ROLE;
UPDATE takeout.excluded_relations SET relation = 'lab.event' WHERE relation = 'lab.event_2025'::regclass;
SET ROLE regress_takeout_owner;
SELECT lab.try('old');
SELECT lab.try('new');
-- A partition that is detached is on its own again, a table that is attached is excluded from then on.
ALTER TABLE lab.event DETACH PARTITION lab.event_2026;
SELECT lab.try('new');
ALTER TABLE lab.event ATTACH PARTITION lab.event_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT lab.try('new');

-- Inheritance: the child of an excluded table is excluded, and a table is read with its children.
CREATE TABLE lab.parent (id int, tenant_id text DEFAULT 'default', note text);
CREATE TABLE lab.uncle (other int);
CREATE TABLE lab.child () INHERITS (lab.parent, lab.uncle);
INSERT INTO lab.child VALUES (1, 'default', 'canary', 1);
SELECT takeout.create_dataset('lab.parent', 'parent'), takeout.create_dataset('lab.child', 'child');
RESET ROLE;
INSERT INTO takeout.excluded_relations VALUES ('lab.uncle', 'Models');
SET ROLE regress_takeout_owner;
SELECT lab.try('child');
SELECT lab.try('parent');
RESET ROLE;
DELETE FROM takeout.excluded_relations WHERE relation = 'lab.uncle'::regclass;
SET ROLE regress_takeout_owner;
SELECT lab.try('parent');

-- Row security's own look-ups count.
ALTER TABLE lab.score ENABLE ROW LEVEL SECURITY;
ALTER TABLE lab.score FORCE ROW LEVEL SECURITY;
CREATE POLICY known ON lab.score USING (id IN (SELECT id FROM lab.weights));
SELECT lab.try('lab.score');
ALTER TABLE lab.score DISABLE ROW LEVEL SECURITY;
SELECT lab.try('lab.score');

-- An excluded view keeps what it shows, not what it reads.
RESET ROLE;
UPDATE takeout.excluded_relations SET relation = 'lab.by_join' WHERE relation = 'lab.weights'::regclass;
SET ROLE regress_takeout_owner;
SELECT lab.try('lab.by_view');
SELECT lab.try('lab.by_copy');
SELECT lab.try('lab.by_scalar');
-- System catalogs, information_schema, TOAST tables and the tables of takeout are never exported.
CREATE VIEW lab.catalog AS SELECT 'default'::text AS tenant_id, relname::text FROM pg_class;
CREATE VIEW lab.standard AS SELECT 'default'::text AS tenant_id, table_name::text FROM information_schema.tables;
CREATE VIEW lab.settings AS SELECT 'default'::text AS tenant_id, name, setting FROM pg_settings;
SELECT takeout.create_dataset('lab.catalog', key => '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('lab.standard', key => '{}');
SELECT takeout.create_dataset('lab.settings', key => '{}');
CREATE FUNCTION lab.roles() RETURNS text STABLE LANGUAGE sql AS $$ SELECT string_agg(rolname, ',') FROM pg_roles $$;
CREATE VIEW lab.by_roles AS SELECT id, tenant_id, lab.roles() FROM lab.score;
CREATE FUNCTION lab.source_of() RETURNS text LANGUAGE sql AS $$ SELECT pg_get_viewdef('lab.by_join') $$;
CREATE VIEW lab.by_source AS SELECT id, tenant_id, lab.source_of() FROM lab.score;
-- What is the extension's own look-up is not the export's.
CREATE FUNCTION lab.names() RETURNS int STABLE LANGUAGE sql AS $$ SELECT cardinality(takeout.known_datasets()) $$;
CREATE VIEW lab.by_names AS SELECT id, tenant_id, lab.names() > 0 AS known, lab.roles() FROM lab.score;
SELECT takeout.create_dataset('lab.by_roles', 'lab.by_roles', key => '{id}'),
       takeout.create_dataset('lab.by_source', 'lab.by_source', key => '{id}'),
       takeout.create_dataset('lab.by_names', 'lab.by_names', key => '{id}');
SELECT lab.try('lab.by_roles');
SELECT lab.try('lab.by_source');
SELECT lab.try('lab.by_names');
SELECT convert_from(takeout.export('lab.by_names', columns => '{known}'), 'UTF8');
RESET ROLE;
CREATE VIEW lab.configuration AS SELECT 'default'::text AS tenant_id, name FROM takeout.datasets;
SELECT takeout.create_dataset('lab.configuration', key => '{}');
DO $$
BEGIN
  EXECUTE (SELECT format('CREATE VIEW lab.toast AS SELECT ''default''::text AS tenant_id, chunk_data FROM %s', reltoastrelid::regclass)
           FROM pg_class WHERE oid = 'lab.weights'::regclass);
  PERFORM takeout.create_dataset('lab.toast', key => '{}');
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING '%', regexp_replace(sqlerrm, '\d+', 'N');
END
$$;

-- What a view reads, column by column; the whole row is 0.
CREATE VIEW lab.columns AS
  SELECT s.id, (SELECT to_json(w) FROM lab.weights w WHERE w.id = s.id) AS w, (SELECT count(*) FROM lab.uncle) FROM lab.score s;
SELECT * FROM takeout.view_references('lab.columns') ORDER BY relation::text, column_number;
SELECT * FROM takeout.view_references('lab.score');
SELECT * FROM takeout.reached_relations('lab.by_atomic') r ORDER BY r::text;

DROP SCHEMA lab CASCADE;
-- Rows of relations that are gone are not dumped, and in nobody's way.
SELECT count(*) FROM takeout.excluded_relations;
DELETE FROM takeout.excluded_relations;
DELETE FROM takeout.exclusions;
DELETE FROM takeout.datasets;
DELETE FROM takeout.fields;
DROP ROLE regress_takeout_owner, regress_takeout_auditor;
