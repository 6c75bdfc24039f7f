-- Keys and tenants of awkward types, keys that change, and keys that do not tell rows apart.
CREATE SCHEMA keyed;

-- character(n): a value is not cut to character(1), for ids, tenants and pages.
CREATE TABLE keyed.code (code char(4) PRIMARY KEY, tenant char(6), bits bit(3) UNIQUE NOT NULL, n int);
INSERT INTO keyed.code VALUES ('AB', 'acme', '001', 1), ('A', 'a', '010', 2), ('AC', 'acme', '011', 3), ('B', 'acme', '100', 4), ('C', 'acme', '101', 5);
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'acme'), (quote_ident(session_user)::regrole, 'a');
SET takeout.act_for = 'acme';
SELECT takeout.create_dataset('keyed.code', name => 'codes', tenant_column => 'tenant');
SELECT convert_from(takeout.export('codes', 'jsonl', ids => '{AB,AC}'), 'UTF8');
SELECT convert_from(takeout.export('codes', 'jsonl', tenant => 'acme'), 'UTF8');
SELECT convert_from(takeout.export('codes', 'jsonl', tenant => 'a'), 'UTF8');
SELECT next AS cursor FROM takeout.export_page('codes', 'jsonl', page_rows => 3) \gset
SELECT row_count, complete, convert_from(data, 'UTF8') FROM takeout.export_page('codes', 'jsonl', after => :'cursor');
SELECT takeout.alter_dataset('codes', key => '{bits}');
SELECT next AS cursor FROM takeout.export_page('codes', 'jsonl', page_rows => 3) \gset
SELECT row_count, complete, convert_from(data, 'UTF8') FROM takeout.export_page('codes', 'jsonl', after => :'cursor');
RESET takeout.act_for;
DELETE FROM takeout.members WHERE tenant <> 'default';

-- A cursor ends with the order that it is a place in.
CREATE TABLE keyed.event (id int PRIMARY KEY, other int NOT NULL, created_at timestamptz, updated_at timestamptz);
INSERT INTO keyed.event SELECT g, -g, '2026-01-01 00:00+00', '2026-01-02 00:00+00' FROM generate_series(1, 4) g;
SELECT takeout.create_dataset('keyed.event', name => 'keyed_events', tenant => 'default');
SELECT next AS cursor FROM takeout.export_page('keyed_events', page_rows => 2) \gset
SELECT takeout.alter_dataset('keyed_events', time_column => '');
SELECT row_count FROM takeout.export_page('keyed_events', after => :'cursor');
SELECT takeout.alter_dataset('keyed_events', time_column => 'updated_at');
SELECT row_count FROM takeout.export_page('keyed_events', after => :'cursor');
SELECT takeout.alter_dataset('keyed_events', time_column => 'created_at', key => '{other}');
SELECT row_count FROM takeout.export_page('keyed_events', after => :'cursor');
SELECT takeout.alter_dataset('keyed_events', key => '{id,other}');
SELECT row_count FROM takeout.export_page('keyed_events', after => :'cursor');
SELECT takeout.alter_dataset('keyed_events', key => '{id}');
SELECT row_count FROM takeout.export_page('keyed_events', after => :'cursor');

-- More key columns than a query has room for.
DO $$
BEGIN
  EXECUTE format('CREATE TABLE keyed.wide (%s)',
                 (SELECT string_agg(format('k%s int NOT NULL DEFAULT %s', g, g), ', ') FROM generate_series(1, 60) g));
END
$$;
INSERT INTO keyed.wide (k1) VALUES (1), (2);
SELECT takeout.create_dataset('keyed.wide', tenant => 'default',
                              key => ARRAY(SELECT format('k%s', g)::name FROM generate_series(1, 60) g));
SELECT next AS cursor FROM takeout.export_page('wide', page_rows => 1) \gset
SELECT row_count FROM takeout.export_page('wide', after => :'cursor');
SELECT octet_length(takeout.export('wide', options => takeout.csv_options(header => false)));

-- No page loses a row unsaid: keys that hold NULL or that repeat are refused.
CREATE TABLE keyed.loose (k text, created_at timestamptz, n int);
INSERT INTO keyed.loose VALUES ('a', '2026-01-01 00:00+00', 1), ('b', '2026-01-01 00:00+00', 2),
                               ('c', '2026-01-01 00:00+00', 3), (NULL, '2026-01-01 00:00+00', 4);
SELECT takeout.create_dataset('keyed.loose', tenant => 'default', key => '{k}');
SELECT row_count FROM takeout.export_page('loose', page_rows => 2);
DELETE FROM keyed.loose WHERE k IS NULL;
SELECT row_count, complete FROM takeout.export_page('loose', page_rows => 2);
UPDATE keyed.loose SET k = 'b' WHERE k = 'c';
SELECT row_count FROM takeout.export_page('loose', page_rows => 2);
SELECT row_count, complete FROM takeout.export_page('loose', page_rows => 3);

SELECT takeout.drop_dataset(d) FROM unnest('{codes,keyed_events,wide,loose}'::text[]) d;
DROP SCHEMA keyed CASCADE;
