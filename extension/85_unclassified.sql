-- takeout.unclassified(): is everything either exportable or excluded?

CREATE FUNCTION takeout.classified_columns() RETURNS TABLE (relation oid, column_number smallint)
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- Of a view below a dataset all that it reads counts, in its conditions too. 0 is every column.
  WITH reading AS (
    SELECT DISTINCT r.relation
    FROM takeout.datasets d CROSS JOIN LATERAL takeout.reached_relations(d.view) r(relation))
  SELECT v.relation::oid, v.column_number
  FROM reading g CROSS JOIN LATERAL takeout.view_references(g.relation) v
  WHERE v.column_number IS NOT NULL
  UNION
  SELECT d.refobjid, d.refobjsubid::smallint
  FROM reading g
  JOIN pg_rewrite w ON w.ev_class = g.relation AND w.ev_type = '1'
  JOIN pg_depend f ON f.classid = 'pg_rewrite'::regclass AND f.objid = w.oid AND f.refclassid = 'pg_proc'::regclass
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.refobjid AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjsubid > 0;
END;
COMMENT ON FUNCTION takeout.classified_columns() IS 'The columns that datasets are made of; 0 is all of the relation';

CREATE FUNCTION takeout.unclassified()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH RECURSIVE classified AS MATERIALIZED (SELECT k.relation, k.column_number FROM takeout.classified_columns() k),
  -- Children and partitions are read with their parents, and excluded with them.
  family (id, top) AS (
    SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f', 'm')
    UNION
    SELECT f.id, i.inhparent FROM family f JOIN pg_inherits i ON i.inhrelid = f.top),
  held AS (
    SELECT c.oid, c.oid::regclass AS relation
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'f', 'm') AND c.relpersistence <> 't' AND NOT c.relispartition AND c.oid >= 16384
      AND c.relnamespace NOT IN (SELECT n.oid FROM pg_namespace n
                                 WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'takeout'))
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      AND NOT EXISTS (SELECT FROM family f JOIN takeout.excluded_relations e ON e.relation = f.top WHERE f.id = c.oid)),
  known AS (
    SELECT f.id, a.attname AS column_name
    FROM classified k
    JOIN family f ON f.top = k.relation
    JOIN pg_attribute a ON a.attrelid = k.relation AND a.attnum > 0 AND NOT a.attisdropped
                       AND (a.attnum = k.column_number OR k.column_number = 0)),
  missing AS (
    SELECT h.relation, array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE k.id IS NULL) AS columns,
           count(k.id) = 0 AS wholly
    FROM held h
    JOIN pg_attribute a ON a.attrelid = h.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN (SELECT DISTINCT id, column_name FROM known) k ON k.id = h.oid AND k.column_name = a.attname
    GROUP BY h.relation)
  SELECT 'notice', m.relation::text, 'It is in no dataset and not excluded',
         format('SELECT takeout.create_dataset(%L);', m.relation)
  FROM missing m WHERE m.wholly
  UNION ALL
  SELECT 'notice', format('%s.%I', m.relation, u.column_name), 'The column is in no dataset',
         coalesce((SELECT format('SELECT takeout.alter_dataset(%L, columns => %L);', d.name,
                                 ARRAY(SELECT f.source_column FROM takeout.fields f
                                       WHERE f.dataset = d.name ORDER BY f.position) || u.column_name)
                   FROM takeout.datasets d WHERE d.source = m.relation ORDER BY d.name LIMIT 1),
                  format('SELECT takeout.create_dataset(%L);', m.relation))
  FROM missing m CROSS JOIN LATERAL unnest(m.columns) WITH ORDINALITY u(column_name, place)
  WHERE NOT m.wholly
  ORDER BY 2;
END;
COMMENT ON FUNCTION takeout.unclassified() IS
  'Tables, materialized views and columns that are neither in a dataset nor excluded; no row means that all is said';
