-- Other shapes of tables, :rows rows each, to find what is slower than it should be.
CREATE TABLE bench.narrow AS SELECT g AS a, g * 7 % 1000003 AS b FROM generate_series(1, :rows * 3) g;
CREATE TABLE bench.texts AS
  SELECT g AS id, repeat(md5(g::text) || ' lorem ipsum, ', 10) AS body, repeat('clean text without anything special ', 14) AS rest
  FROM generate_series(1, :rows / 4) g;
CREATE TABLE bench.numbers AS
  SELECT g AS id, sin(g) AS f1, cos(g) AS f2, exp(g % 50) AS f3, sqrt(g) AS f4, g / 7.0::float8 AS f5, g / 4.0::float8 AS f6,
         tan(g) AS f7, ln(g) AS f8, random() AS f9, g::float8 AS f10,
         (g * 1.37)::numeric(14,2) AS n1, (g / 7.0)::numeric(20,10) AS n2, g::numeric AS n3, (g * 1e10)::numeric AS n4,
         (g / 3.0)::numeric AS n5, (g * 0.001)::numeric(10,3) AS n6, -g::numeric AS n7, (g % 100)::numeric(5,2) AS n8,
         (g * g)::numeric AS n9, 0::numeric(10,2) AS n10
  FROM generate_series(1::bigint, :rows / 4) g;
CREATE TABLE bench.documents AS
  SELECT g AS id, jsonb_build_object('id', g, 'name', 'name ' || g, 'tags', jsonb_build_array('a', 'b', g), 'nested',
         jsonb_build_object('x', g / 3.0, 'y', NULL, 'z', true), 'note', E'line\n"quoted"') AS doc
  FROM generate_series(1, :rows / 2) g;
CREATE TABLE bench.sparse AS
  SELECT g AS id, NULL::text AS t1, NULL::text AS t2, NULL::int AS i1, NULL::int AS i2, NULL::timestamptz AS z1,
         NULL::numeric AS n1, NULL::uuid AS u1, CASE WHEN g % 50 = 0 THEN 'here' END AS t3, NULL::jsonb AS j1,
         NULL::date AS d1, NULL::boolean AS b1
  FROM generate_series(1, :rows) g;
VACUUM (FREEZE, ANALYZE) bench.narrow, bench.texts, bench.numbers, bench.documents, bench.sparse;
SELECT takeout.create_dataset(format('bench.%I', name)::regclass, key => '{}', tenant => 'default')
FROM unnest('{narrow,texts,numbers,documents,sparse}'::text[]) name;
