-- The planner gives the *_file aggregates a row's columns one by one where it can; the bytes are those of the row.
CREATE SCHEMA spread;
SET search_path = spread, pg_catalog;

CREATE TABLE item (gone int, id int, name text, address inet, code char(3), total numeric(8,2));
ALTER TABLE item DROP COLUMN gone;
INSERT INTO item VALUES (1, 'one', '203.0.113.77', 'a', 1.5), (2, NULL, NULL, NULL, NULL), (3, repeat('long ', 3000), '::1', 'abc', -7);
CREATE VIEW seen AS SELECT id AS number, name AS label, address FROM item WHERE id < 3;
CREATE TABLE part (id int, note text) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (note text, id int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
INSERT INTO part VALUES (1, 'first'), (2, 'second');
CREATE TABLE columns_91 (last int);
SELECT format('ALTER TABLE columns_91 %s', string_agg(format('ADD c%s int DEFAULT %s', n, n), ', ')) FROM generate_series(1, 90) n \gexec
INSERT INTO columns_91 VALUES (0);
CREATE TYPE pair AS (a int, b text);

-- What stands in the call, before what PostgreSQL makes of it: rows of tables, partitions, views, subqueries and CTEs are
-- spread; a row of the nullable side of an outer join, one to compare, one of too many columns and a value are not.
CREATE FUNCTION arguments(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS off) ' || query LOOP
    IF line ~ '_file\(' THEN RETURN substring(line FROM '_file\(.*'); END IF;
  END LOOP;
END $$;
CREATE FUNCTION text_of(file bytea) RETURNS text LANGUAGE sql IMMUTABLE
RETURN replace(regexp_replace(convert_from(file, 'UTF8'), '(long ){9,}', 'long .. '), E'\r', '<CR>');

SELECT arguments('SELECT takeout.csv_file(i) FROM item i');
SELECT arguments('SELECT takeout.csv_file(i, takeout.csv_options(header => false) ORDER BY id DESC) FROM item i');
SELECT arguments('SELECT takeout.json_file(p) FROM part p');
SELECT arguments('SELECT takeout.jsonl_file(s) FROM seen s');
SELECT arguments('SELECT takeout.xlsx_file(q) FROM (SELECT id + 1, name FROM item) q(next)');
SELECT arguments('WITH q AS MATERIALIZED (SELECT id, name AS n FROM item) SELECT takeout.csv_file(q) FROM q');
SELECT arguments('SELECT takeout.csv_file(i) FROM (SELECT 1) o LEFT JOIN item i ON false');
SELECT arguments('SELECT takeout.csv_file(DISTINCT i) FROM item i');
SELECT arguments('SELECT takeout.csv_file(i ORDER BY i) FROM item i');
SELECT arguments('SELECT takeout.csv_file(c) FROM columns_91 c');
SELECT arguments('SELECT takeout.csv_file(ROW(1, 2)) FROM item i');
SELECT arguments('SELECT takeout.csv_file(f) FROM unnest(ARRAY[(1, ''one'')::pair]) f');

-- The same with the row as a value.
SELECT text_of(takeout.csv_file(i ORDER BY id)), text_of(takeout.csv_file(i ORDER BY id)) = text_of(takeout.csv_file(CASE WHEN true THEN i END ORDER BY id)) AS same
FROM item i;
SELECT text_of(takeout.json_file(i ORDER BY id DESC)) = text_of(takeout.json_file(CASE WHEN true THEN i END ORDER BY id DESC)) AS same FROM item i;
SELECT text_of(takeout.csv_file(p ORDER BY id)) FROM part p;
SELECT text_of(takeout.csv_file(s ORDER BY number)) FROM seen s;
SELECT text_of(takeout.csv_file(q ORDER BY next)) FROM (SELECT id + 1, name FROM item WHERE id < 3) q(next);
SELECT text_of(takeout.csv_file(i)) FROM (SELECT 1) o LEFT JOIN item i ON false;
SELECT length(takeout.csv_file(c)) FROM columns_91 c;
SELECT text_of(takeout.csv_file(f)) FROM unnest(ARRAY[(1, 'one')::pair]) f;

-- Names are those of the row's type, whatever the query or the view's own query calls the columns.
ALTER VIEW seen RENAME label TO title;
SELECT arguments('SELECT takeout.csv_file(s) FROM seen s');
SELECT arguments('SELECT takeout.csv_file(s) FROM seen s(a, b)');
SELECT arguments('SELECT takeout.csv_file(i) FROM item i(a, b)');
SELECT text_of(takeout.csv_file(s ORDER BY a)), takeout.csv_file(s ORDER BY a) = takeout.csv_file(CASE WHEN true THEN s END ORDER BY a) AS same
FROM seen s(a, b);
SELECT takeout.csv_file(i ORDER BY a) = takeout.csv_file(CASE WHEN true THEN i END ORDER BY a) AS same FROM item i(a, b);

-- From the inside of other queries, and of queries inside of the call's.
SELECT id, (SELECT text_of(takeout.jsonl_file(p)) FROM part p WHERE p.id = i.id) AS parts FROM item i ORDER BY id;
SELECT text_of(takeout.jsonl_file(q ORDER BY id)) FROM (SELECT id, (SELECT max(note) FROM part p WHERE p.id = i.id) AS note FROM item i) q;
SELECT sum(length(takeout.csv_file(p))) OVER () > 0 AS windowed, grouping(id), text_of(takeout.csv_file(p)) FROM part p GROUP BY ROLLUP (id) ORDER BY id;
INSERT INTO part SELECT 1, text_of(takeout.csv_file(p)) FROM part p;
SELECT count(*) FROM part WHERE note LIKE 'id,note%';

-- A prepared statement sees the columns that there are.
PREPARE file AS SELECT text_of(takeout.csv_file(p ORDER BY id)) FROM part_1 p WHERE note = 'first';
EXECUTE file;
ALTER TABLE part ADD added date DEFAULT '2026-01-02';
EXECUTE file;

-- Who may not read a column may not read it this way.
CREATE ROLE spread_reader;
GRANT USAGE ON SCHEMA spread TO spread_reader;
GRANT SELECT (id) ON item TO spread_reader;
SET ROLE spread_reader;
SELECT takeout.csv_file(i) FROM item i;
SELECT text_of(takeout.csv_file(q ORDER BY id)) FROM (SELECT id FROM item) q;
RESET ROLE;

DROP SCHEMA spread CASCADE;
DROP ROLE spread_reader;
