-- What is never exported, and why. Only the owner of the extension writes these tables.

CREATE TABLE takeout.exclusions (
  category       text PRIMARY KEY CHECK (category <> ''),
  examples       text,
  justification  text NOT NULL
);
COMMENT ON TABLE takeout.exclusions IS
  'Categories of data and assets that are left out of exports, published with their reasons';
COMMENT ON COLUMN takeout.exclusions.category IS 'The category in the provider''s own words';
COMMENT ON COLUMN takeout.exclusions.examples IS 'What belongs to it';
COMMENT ON COLUMN takeout.exclusions.justification IS 'Why it is not exported';

CREATE TABLE takeout.excluded_relations (
  relation  regclass PRIMARY KEY,
  category  text NOT NULL
);
COMMENT ON TABLE takeout.excluded_relations IS
  'Relations that no export reads: their partitions and children are excluded with them, and what is built on them';
COMMENT ON COLUMN takeout.excluded_relations.relation IS 'A table, view, materialized view or foreign table';
COMMENT ON COLUMN takeout.excluded_relations.category IS 'A category of takeout.exclusions';

REVOKE ALL ON takeout.exclusions, takeout.excluded_relations FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('takeout.exclusions', '');
-- A relation that is gone has no name to be restored by.
SELECT pg_catalog.pg_extension_config_dump('takeout.excluded_relations',
  'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) relation)');

CREATE FUNCTION takeout.view_references(view regclass)
RETURNS TABLE (relation regclass, column_number smallint)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 20
AS 'MODULE_PATHNAME', 'takeout_view_references';
COMMENT ON FUNCTION takeout.view_references(regclass) IS
  'What the definition of a view reads: relations and their columns, 0 being the whole row and NULL none; nothing for what is no view';

CREATE FUNCTION takeout.view_deviation(view regclass, query text) RETURNS text[]
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'takeout_view_deviation';
COMMENT ON FUNCTION takeout.view_deviation(regclass, text) IS
  'The columns of the view that are not those of the query, and * where it has other rows';

CREATE FUNCTION takeout.reached_relations(start regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  -- Functions whose bodies are parsed when they are made say what they read; those with a body of text do not. What
  -- initdb made (FirstNormalObjectId) is not looked into.
  WITH RECURSIVE reached (class, id) AS (
    SELECT 'pg_class'::regclass::oid, start::oid
    UNION
    SELECT below.class, below.id
    FROM reached r CROSS JOIN LATERAL (
      SELECT r.class, v.relation::oid AS id
      FROM takeout.view_references(r.id::regclass) v WHERE r.class = 'pg_class'::regclass
      UNION ALL
      SELECT r.class, i.inhrelid FROM pg_inherits i WHERE r.class = 'pg_class'::regclass AND i.inhparent = r.id
      UNION ALL
      SELECT d.refclassid, d.refobjid
      FROM pg_rewrite w
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
      WHERE r.class = 'pg_class'::regclass AND w.ev_class = r.id AND w.ev_type = '1'
      UNION ALL
      SELECT d.refclassid, d.refobjid
      FROM pg_depend d
      WHERE r.class = 'pg_proc'::regclass AND d.classid = r.class AND d.objid = r.id
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_class'::regclass)) below
    WHERE r.id >= 16384)
  SELECT r.id::regclass FROM reached r WHERE r.class = 'pg_class'::regclass;
END;
COMMENT ON FUNCTION takeout.reached_relations(regclass) IS
  'The relation and all that its definition leads to: through views, materialized views, partitions, children and SQL-standard functions';

CREATE FUNCTION takeout.exclusion_of(relation regclass, OUT excluded regclass, OUT category text)
LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
  WITH RECURSIVE above (id, distance) AS (
    SELECT exclusion_of.relation::oid, 0
    UNION ALL
    SELECT i.inhparent, a.distance + 1 FROM above a JOIN pg_inherits i ON i.inhrelid = a.id)
  SELECT e.relation, e.category FROM above a JOIN takeout.excluded_relations e ON e.relation = a.id
  ORDER BY a.distance LIMIT 1;
END;
COMMENT ON FUNCTION takeout.exclusion_of(regclass) IS
  'By which row of takeout.excluded_relations the relation is excluded: its own, or that of a table above it';

CREATE FUNCTION takeout.is_never_exported(relation regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.oid = relation::oid
                   AND n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'takeout'));
END;
COMMENT ON FUNCTION takeout.is_never_exported(regclass) IS
  'Whether it is a system catalog, one of its views, a TOAST table or a table of takeout itself';

CREATE FUNCTION takeout.check_reach(dataset text, view regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reach record;
BEGIN
  SELECT r.relation, x.excluded, x.category INTO reach
  FROM takeout.reached_relations(view) r(relation) CROSS JOIN LATERAL takeout.exclusion_of(r.relation) x
  WHERE x.excluded IS NOT NULL OR takeout.is_never_exported(r.relation)
  ORDER BY r.relation
  LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  ELSIF reach.excluded IS NULL THEN
    RAISE EXCEPTION 'dataset "%" reaches %', dataset, reach.relation
      USING ERRCODE = '42501', DETAIL = 'System catalogs and the tables of takeout itself are not exported.';
  END IF;
  RAISE EXCEPTION 'dataset "%" reaches %, which is excluded from exports', dataset, reach.relation
    USING ERRCODE = '42501',
          DETAIL = format(CASE reach.relation WHEN reach.excluded THEN 'Its category is "%2$s".'
                          ELSE 'It belongs to %1$s, whose category is "%2$s".' END, reach.excluded, reach.category),
          HINT = 'What is excluded stands in takeout.excluded_relations, and why in takeout.exclusions.';
END
$$;
COMMENT ON FUNCTION takeout.check_reach(text, regclass) IS
  'Raises an error if the governed view reads what is never exported, through whatever views and partitions';

CREATE FUNCTION takeout.check_category() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  datasets text;
BEGIN
  -- A restored dump has this off. It may load this table before takeout.exclusions.
  IF NOT current_setting('check_function_bodies')::boolean THEN
    RETURN NULL;
  ELSIF NOT EXISTS (SELECT FROM takeout.exclusions e WHERE e.category = NEW.category) THEN
    RAISE EXCEPTION 'unknown category "%"', NEW.category
      USING ERRCODE = '23503',
            DETAIL = coalesce((SELECT format('Known categories: %s.',
                                             takeout.quoted_list(array_agg(e.category ORDER BY e.category)))
                               FROM takeout.exclusions e HAVING count(*) > 0), 'There is no category yet.'),
            HINT = 'Enter it in takeout.exclusions first, with the reason.';
  END IF;
  SELECT takeout.quoted_list(array_agg(d.name ORDER BY d.name)) INTO datasets
  FROM takeout.datasets d
  WHERE EXISTS (SELECT FROM takeout.reached_relations(d.view) r(relation)
                CROSS JOIN LATERAL takeout.exclusion_of(r.relation) x WHERE x.excluded = NEW.relation);
  IF datasets IS NOT NULL THEN
    RAISE WARNING 'exports of % fail from now on', datasets
      USING DETAIL = format('They read %s, which is excluded now.', NEW.relation),
            HINT = 'Change their sources, or drop them with takeout.drop_dataset().';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION takeout.check_category() IS
  'Refuses excluded relations of unknown categories, and says which datasets read them';
CREATE TRIGGER check_category AFTER INSERT OR UPDATE ON takeout.excluded_relations
FOR EACH ROW EXECUTE FUNCTION takeout.check_category();

CREATE FUNCTION takeout.keep_used_category() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM takeout.excluded_relations e WHERE e.category = OLD.category)
     AND NOT EXISTS (SELECT FROM takeout.exclusions x WHERE x.category = OLD.category) THEN
    RAISE EXCEPTION 'category "%" still has excluded relations', OLD.category
      USING ERRCODE = '23503',
            DETAIL = (SELECT format('They are %s.', string_agg(e.relation::text, ', ' ORDER BY e.relation::text))
                      FROM takeout.excluded_relations e WHERE e.category = OLD.category),
            HINT = 'Give them another category, or delete their rows of takeout.excluded_relations, first.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION takeout.keep_used_category() IS 'Refuses to remove or rename a category that excluded relations have';
CREATE TRIGGER keep_used_category AFTER UPDATE OR DELETE ON takeout.exclusions
FOR EACH ROW EXECUTE FUNCTION takeout.keep_used_category();
