-- The *_file aggregates: any query's rows as one file.
\set VERBOSITY default
CREATE SCHEMA aggregates;
SET search_path = aggregates, pg_catalog;

CREATE FUNCTION text_of(file bytea) RETURNS text LANGUAGE sql IMMUTABLE
RETURN replace(replace(convert_from(file, 'UTF8'), E'\r', '<CR>'), E'\uFEFF', '<BOM>');

CREATE TABLE item (id int, name text, price numeric(8,2), sold boolean, at timestamptz, address inet);
INSERT INTO item VALUES
  (1, 'plain', 1.50, true, '2026-01-02 03:04:05.678+00', '203.0.113.77'),
  (2, 'with "quotes", commas', NULL, false, NULL, '2001:db8:1:2::3'),
  (3, E'two\nlines', 0, NULL, '2026-01-02 03:04:05+02', '10.0.0.0/8'),
  (4, '', -7, true, 'infinity', '::ffff:192.0.2.1');

SELECT text_of(takeout.csv_file(i ORDER BY id)) FROM item i;
SELECT text_of(takeout.json_file(i ORDER BY id)) FROM item i;
SELECT text_of(takeout.jsonl_file(i ORDER BY id)) FROM item i;
SELECT substr(takeout.xlsx_file(i ORDER BY id), 1, 4) = '\x504b0304' AS is_zip FROM item i;

-- Ordered the other way round, and one file a group.
SELECT text_of(takeout.jsonl_file(t ORDER BY id DESC)) FROM (SELECT id, name FROM item) t;
SELECT sold, text_of(takeout.jsonl_file(t ORDER BY id)) FROM (SELECT sold, id FROM item) t GROUP BY sold ORDER BY sold;
SELECT text_of(takeout.jsonl_file(t) FILTER (WHERE id > 3)) FROM (SELECT id FROM item ORDER BY id) t;

-- Without rows: a header, or an empty array.
SELECT text_of(takeout.csv_file(i)) FROM item i WHERE false;
SELECT text_of(takeout.csv_file(i, takeout.csv_options(delimiter => ';'))) FROM item i WHERE false;
SELECT text_of(takeout.csv_file(i, takeout.csv_options(header => false) ORDER BY id)) = '' AS no_header FROM item i WHERE false;
SELECT text_of(takeout.csv_file(i, '{"delimiter": "no"}')) FROM item i WHERE false;
SELECT text_of(takeout.csv_file(t)) FROM (SELECT id FROM item WHERE false) t;
SELECT text_of(takeout.json_file(t)) FROM (SELECT id FROM item WHERE false) t;
SELECT length(takeout.jsonl_file(t)) FROM (SELECT id FROM item WHERE false) t;
SELECT substr(takeout.xlsx_file(t), 1, 4) = '\x504b0304' AS is_zip FROM (SELECT id FROM item WHERE false) t;

-- A row that is NULL has no values.
SELECT text_of(takeout.csv_file(i)) FROM (SELECT NULL::item AS i) t;

-- Options.
SELECT text_of(takeout.csv_file(t, takeout.csv_options(delimiter => ';', header => false, "null" => 'NULL') ORDER BY id))
FROM (SELECT id, price, name FROM item) t;
SELECT text_of(takeout.json_file(t, takeout.json_options(pretty => true))) FROM (SELECT 1 AS a, 'b' AS b) t;
SELECT text_of(takeout.csv_file(t, takeout.csv_options(dialect => 'excel')))
FROM (VALUES ('=1+1', '+358 40 1234567'), ('@SUM(A1)', '-5'), ('-x', 'plain')) t;
SELECT substr(takeout.xlsx_file(t, takeout.xlsx_options(sheet => 'Items', zone => 'Europe/Helsinki', about => false)), 1, 2) = 'PK' AS is_zip
FROM item t;

-- Bad options.
SELECT takeout.csv_file(t, '{"delimiter": "ab"}') FROM (SELECT 1) t;
SELECT takeout.csv_file(t, '{"delimiter": "\""}') FROM (SELECT 1) t;
SELECT takeout.csv_file(t, '{"dialect": "tsv"}') FROM (SELECT 1) t;
SELECT takeout.csv_file(t, '{"header": "yes"}') FROM (SELECT 1) t;
SELECT takeout.csv_file(t, '{"null": "\n"}') FROM (SELECT 1) t;
SELECT takeout.csv_file(t, takeout.json_options()) FROM (SELECT 1) t;
SELECT takeout.csv_file(t, '[]') FROM (SELECT 1) t;
SELECT takeout.jsonl_file(t, takeout.json_options(pretty => true)) FROM (SELECT 1) t;
SELECT takeout.xlsx_file(t, takeout.xlsx_options(zone => 'Europe/Nowhere')) FROM (SELECT 1) t;

-- A result is held to takeout.max_result_bytes; the session goes on.
SET takeout.max_result_bytes = '4kB';
SELECT takeout.csv_file(t) FROM (SELECT g, repeat('x', 100) FROM generate_series(1, 1000) g) t;
SELECT takeout.xlsx_file(t) FROM (SELECT g, md5(g::text) FROM generate_series(1, 10000) g) t;
RESET takeout.max_result_bytes;
SELECT length(takeout.csv_file(t)) FROM (SELECT g, repeat('x', 100) FROM generate_series(1, 1000) g) t;

-- A cell that XLSX cannot hold.
SELECT takeout.xlsx_file(t) FROM (SELECT 1 AS id, repeat('x', 32768) AS story) t;
SELECT length(takeout.xlsx_file(t)) > 0 AS fits FROM (SELECT 1 AS id, repeat('x', 32767) AS story) t;

-- Rows of different types do not make one file.
SELECT takeout.csv_file(r) FROM (SELECT CASE WHEN g = 1 THEN ROW(1) ELSE ROW('a'::text, 2) END AS r FROM generate_series(1, 2) g) t;

-- Dropped columns are gone.
ALTER TABLE item DROP COLUMN price;
SELECT text_of(takeout.csv_file(i ORDER BY id)) FROM item i WHERE id = 1;

-- Masked wherever they stand: array, composite, range, domain.
CREATE DOMAIN host AS inet;
CREATE TYPE visit AS (page text, address inet);
CREATE TYPE inetrange AS RANGE (subtype = inet);
SELECT text_of(takeout.jsonl_file(t)) FROM (
  SELECT '198.51.100.7'::host AS a, ARRAY['198.51.100.7', '2001:db8:ffff:ffff::1']::inet[] AS b,
         ROW('x', '198.51.100.7')::visit AS c, inetrange('198.51.100.7', '198.51.101.9') AS d) t;

-- The session's settings do not show in a file.
SET datestyle = 'German, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'Asia/Tokyo';
SET bytea_output = 'escape';
SET extra_float_digits = 0;
SELECT text_of(takeout.csv_file(t)) FROM (
  SELECT '2026-01-02 03:04:05+00'::timestamptz AS at, '1 day 02:00'::interval AS took,
         ARRAY['2026-01-02 03:04:05+00'::timestamptz] AS times, 0.1::float8 + 0.2 AS sum, '\x00ff'::bytea AS bytes) t;
RESET datestyle;
RESET intervalstyle;
RESET timezone;
RESET bytea_output;
RESET extra_float_digits;

-- A hashed aggregate that is scanned again gives the same file again.
SET enable_sort = off;
SET enable_material = off;
SET enable_memoize = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT f.k, count(*), count(DISTINCT f.file)
FROM generate_series(1, 3) AS o(n)
LEFT JOIN (SELECT id % 2 AS k, takeout.xlsx_file(t) AS file FROM (SELECT id FROM item) t GROUP BY id % 2) f ON f.k < o.n
GROUP BY f.k ORDER BY f.k;
RESET ALL;

-- Not as a window function.
SELECT takeout.csv_file(t) OVER () FROM (SELECT 1 AS a) t;

DROP SCHEMA aggregates CASCADE;
