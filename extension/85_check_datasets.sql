-- What takeout.check() finds in datasets, their views, and the tables below them.

CREATE FUNCTION takeout.check_datasets()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d record;
  lost name[];
  other text[];
  reach record;
BEGIN
  FOR d IN
    SELECT t.*, source.oid AS source_id, source.relnamespace AS source_schema, source.relowner AS source_owner, view.relkind AS view_kind,
           view.relowner AS view_owner, view.reloptions AS view_options,
           ARRAY(SELECT f.source_column FROM takeout.fields f WHERE f.dataset = t.name ORDER BY f.position) AS exported,
           ARRAY(SELECT f.source_column FROM takeout.fields f WHERE f.dataset = t.name AND f.masked) AS mask
    FROM takeout.datasets t
    LEFT JOIN pg_class source ON source.oid = t.source
    LEFT JOIN pg_class view ON view.oid = t.view
    ORDER BY t.name
  LOOP
    severity := 'error';
    object := format('dataset "%s"', d.name);
    fix := format('SELECT takeout.alter_dataset(%L);', d.name);

    -- As src/pg/dataset.cpp refuses to export it.
    IF d.source_id IS NULL THEN
      finding := 'Its source does not exist any more';
      fix := format('SELECT takeout.drop_dataset(%L);', d.name);
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT array_agg(c ORDER BY place) INTO lost
    FROM unnest(d.exported) WITH ORDINALITY u(c, place)
    WHERE NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = d.source_id AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped);
    IF lost IS NOT NULL THEN
      finding := format('Its source has no column %s any more', takeout.quoted_list(lost));
      fix := format('SELECT takeout.alter_dataset(%L, columns => %L);', d.name,
                    ARRAY(SELECT c FROM unnest(d.exported) WITH ORDINALITY u(c, place)
                          WHERE c <> ALL (lost) ORDER BY place));
      RETURN NEXT;
      CONTINUE;
    ELSIF d.view_kind IS DISTINCT FROM 'v' THEN
      finding := 'Its governed view does not exist any more';
      RETURN NEXT;
      CONTINUE;
    END IF;
    SELECT array_agg(f.name ORDER BY f.position) INTO lost
    FROM takeout.fields f
    WHERE f.dataset = d.name
      AND NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = d.view AND a.attname = f.name AND a.atttypid = f.type AND NOT a.attisdropped);
    IF lost IS NOT NULL THEN
      finding := format('Field %s is missing in its governed view, or of another type', takeout.quoted_list(lost));
      RETURN NEXT;
      CONTINUE;
    END IF;

    IF NOT EXISTS (SELECT FROM pg_attribute a
                   WHERE a.attrelid = d.source_id AND a.attname = d.tenant_column AND NOT a.attisdropped)
       AND d.tenant_column IS NOT NULL THEN
      severity := 'warning';
      finding := format('Tenant column "%s" of its source has another name: it cannot be altered', d.tenant_column);
      fix := format('SELECT takeout.alter_dataset(%L, tenant_column => ''column'');', d.name);
      RETURN NEXT;
      CONTINUE;
    END IF;

    -- The view reads its source by its owner's privileges, and so does every export.
    IF NOT has_schema_privilege(d.view_owner, d.source_schema, 'USAGE') THEN
      finding := format('Owner %s of its governed view has no USAGE on the schema of its source: it cannot be exported',
                        d.view_owner::regrole);
      fix := format('GRANT USAGE ON SCHEMA %s TO %s;', d.source_schema::regnamespace, d.view_owner::regrole);
      RETURN NEXT;
      CONTINUE;
    ELSIF NOT (has_table_privilege(d.view_owner, d.source_id, 'SELECT')
               OR has_any_column_privilege(d.view_owner, d.source_id, 'SELECT')) THEN
      finding := format('Owner %s of its governed view may not read its source: it cannot be exported', d.view_owner::regrole);
      fix := format('GRANT SELECT ON %s TO %s;', d.source_id::regclass, d.view_owner::regrole);
      RETURN NEXT;
      CONTINUE;
    END IF;

    other := takeout.view_deviation(d.view, takeout.view_query(d.source, d.exported, d.mask, d.tenant_column, d.fixed_tenant));
    IF '*' = ANY (other) THEN
      finding := 'Its governed view was changed: it shows other rows than those of its reader''s tenants';
      RETURN NEXT;
    END IF;
    other := array_remove(other, '*');
    IF other <> '{}' THEN
      finding := format('Its governed view was changed: it does not show column %s as the dataset has it%s',
                        takeout.quoted_list(other),
                        CASE WHEN EXISTS (SELECT FROM takeout.fields f
                                          WHERE f.dataset = d.name AND f.masked AND f.name = ANY (other))
                             THEN ', masked' ELSE '' END);
      RETURN NEXT;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_options_to_table(d.view_options) o
                   WHERE o.option_name = 'security_barrier' AND o.option_value::boolean) THEN
      finding := 'Its governed view is no security barrier: its readers'' functions see rows of other tenants';
      RETURN NEXT;
    END IF;

    IF EXISTS (SELECT FROM pg_options_to_table(d.view_options) o
               WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) THEN
      finding := 'Its governed view reads with its reader''s privileges: who may read the view must be able to read its source, and members cannot export it';
      fix := format('ALTER VIEW %s RESET (security_invoker);', d.view);
      RETURN NEXT;
    END IF;

    FOR reach IN
      SELECT DISTINCT x.excluded, x.category
      FROM takeout.reached_relations(d.view) r(relation) CROSS JOIN LATERAL takeout.exclusion_of(r.relation) x
      WHERE x.excluded IS NOT NULL
    LOOP
      finding := format('It reaches %s, which is excluded as "%s": its exports fail', reach.excluded, reach.category);
      fix := format('SELECT takeout.drop_dataset(%L);', d.name);
      RETURN NEXT;
    END LOOP;
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.check_datasets() IS 'What check finds in datasets and their governed views';

CREATE FUNCTION takeout.dataset_relations() RETURNS TABLE (relation regclass)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT DISTINCT r.relation
  FROM takeout.datasets d CROSS JOIN LATERAL takeout.reached_relations(d.view) r(relation)
  WHERE r.relation NOT IN (SELECT g.view FROM takeout.datasets g);
END;
COMMENT ON FUNCTION takeout.dataset_relations() IS 'The relations that governed views read, without these views';

CREATE FUNCTION takeout.readers(relation regclass) RETURNS TABLE (role oid, column_name name)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT g.grantee, g.column_name
  FROM pg_class c
  CROSS JOIN LATERAL (
    SELECT a.grantee, NULL::name AS column_name FROM aclexplode(c.relacl) a WHERE a.privilege_type = 'SELECT'
    UNION
    SELECT a.grantee, t.attname
    FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) a
    WHERE t.attrelid = c.oid AND NOT t.attisdropped AND a.privilege_type = 'SELECT') g
  WHERE c.oid = relation::oid AND g.grantee <> c.relowner
    -- The owners of governed views, who read for all readers of those.
    AND g.grantee NOT IN (SELECT v.relowner FROM takeout.datasets d JOIN pg_class v ON v.oid = d.view);
END;
COMMENT ON FUNCTION takeout.readers(regclass) IS
  'Who was granted SELECT on a relation, or on which of its columns: roles but its owner and those of governed views; 0 is PUBLIC';

CREATE FUNCTION takeout.check_grants()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH below AS MATERIALIZED (SELECT r.relation FROM takeout.dataset_relations() r),
  -- Views of somebody's own that show the same tables.
  beside AS (
    SELECT c.oid::regclass AS relation
    FROM pg_class c
    WHERE c.relkind IN ('v', 'm') AND c.relacl IS NOT NULL
      AND c.oid NOT IN (SELECT b.relation FROM below b) AND c.oid NOT IN (SELECT d.view FROM takeout.datasets d)
      AND EXISTS (SELECT FROM takeout.reached_relations(c.oid) r(relation) JOIN below b ON b.relation = r.relation)),
  readable AS (
    SELECT c.relation, c.below, r.role, r.column_name, k.relrowsecurity,
           CASE WHEN r.role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.role)) END AS grantee,
           (SELECT array_agg(a.attname ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = c.relation AND a.attnum > 0 AND NOT a.attisdropped
              AND coalesce(a.attname = r.column_name, true) AND takeout.holds_addresses(a.atttypid)) AS addresses
    FROM (SELECT b.relation, true AS below FROM below b UNION ALL SELECT b.relation, false FROM beside b) c
    JOIN pg_class k ON k.oid = c.relation
    CROSS JOIN LATERAL takeout.readers(c.relation) r)
  SELECT CASE WHEN r.role = 0 THEN 'error' ELSE 'warning' END, r.relation::text,
         concat_ws(', ',
           format('%s may read it', CASE WHEN r.role = 0 THEN 'Everybody' ELSE 'Role ' || r.grantee END),
           CASE WHEN r.below AND NOT r.relrowsecurity THEN 'rows of every tenant' END,
           'with addresses unmasked in column ' || takeout.quoted_list(r.addresses)),
         format('REVOKE SELECT%s ON %s FROM %s;', ' (' || quote_ident(r.column_name) || ')', r.relation, r.grantee)
  FROM readable r
  WHERE r.addresses IS NOT NULL OR (r.below AND NOT r.relrowsecurity);
END;
COMMENT ON FUNCTION takeout.check_grants() IS 'What check finds in privileges that lead past the governed views';

CREATE FUNCTION takeout.check_sources()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH source AS (
    SELECT d.name, d.tenant_column, d.time_column, d.key_columns, c.oid::regclass AS relation, c.relkind, a.attnum, a.attnotnull
    FROM takeout.datasets d
    JOIN pg_class c ON c.oid = d.source
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = d.tenant_column
    WHERE c.relkind IN ('r', 'p'))
  SELECT 'warning', s.relation::text,
         format('Tenant column "%s" may be NULL: such rows are nobody''s and are never exported', s.tenant_column),
         format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', s.relation, s.tenant_column)
  FROM source s WHERE NOT s.attnotnull
  UNION ALL
  -- What is smaller than 8 MB is read as fast without one.
  SELECT 'warning', s.relation::text,
         format('Tenant column "%s" leads no index: each export reads the rows of all tenants', s.tenant_column),
         format('CREATE INDEX ON %s (%s);', s.relation,
                (SELECT string_agg(quote_ident(k.name), ', ' ORDER BY k.place)
                 FROM (SELECT u.name, min(u.place) AS place
                       FROM unnest(ARRAY[s.tenant_column, s.time_column] || s.key_columns) WITH ORDINALITY u(name, place)
                       WHERE u.name IS NOT NULL GROUP BY u.name) k))
  FROM source s
  WHERE coalesce((SELECT sum(pg_relation_size(t.relid)) FROM pg_partition_tree(s.relation) t),
                 pg_relation_size(s.relation)) > 8 * 1024 * 1024
    AND NOT EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = s.relation AND i.indkey[0] = s.attnum AND i.indisvalid AND i.indpred IS NULL)
  UNION ALL
  -- What create_model secured.
  SELECT 'error', c.oid::regclass::text,
         'Its row security is disabled: whoever is given SELECT on it reads rows of every tenant',
         format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY;', c.oid::regclass)
  FROM pg_class c
  WHERE NOT c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'takeout_select')
  UNION ALL
  SELECT 'notice', c.oid::regclass::text, 'It has never been analyzed: its exports may be planned badly',
         format('ANALYZE %s;', c.oid::regclass)
  FROM takeout.dataset_relations() r JOIN pg_class c ON c.oid = r.relation
  WHERE c.relkind IN ('r', 'p', 'm') AND c.reltuples < 0
    AND CASE WHEN c.relkind = 'p' THEN EXISTS (SELECT FROM pg_partition_tree(c.oid) t WHERE t.isleaf)
             ELSE pg_relation_size(c.oid) > 0 END;
END;
COMMENT ON FUNCTION takeout.check_sources() IS 'What check finds in the tables that datasets are made of';
