-- Datasets: a source becomes exportable. These functions run as their caller, who owns the governed view they make;
-- what they enter in takeout.datasets and takeout.fields goes through 55_registry.sql.

CREATE FUNCTION takeout.check_source(source regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation record;
BEGIN
  SELECT c.relkind, c.relpersistence, c.relowner, c.relname, n.nspname INTO relation
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = source::oid;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'source of the dataset does not exist'
      USING ERRCODE = '42704',
            HINT = 'Call takeout.create_dataset with a new source and the same name, or takeout.drop_dataset.';
  ELSIF relation.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'takeout') THEN
    RAISE EXCEPTION 'cannot make a dataset of "%.%"', relation.nspname, relation.relname
      USING ERRCODE = '42501', DETAIL = 'System catalogs and the tables of takeout itself are not exported.';
  ELSIF relation.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
    RAISE EXCEPTION '"%" is not a table or view', relation.relname
      USING ERRCODE = '22023',
            HINT = 'A source is a table, a partitioned table, a foreign table, a view or a materialized view.';
  ELSIF relation.relpersistence = 't' THEN
    RAISE EXCEPTION 'cannot make a dataset of temporary relation "%"', relation.relname
      USING ERRCODE = '22023', HINT = 'A dataset outlives the session: give it a source that does.';
  ELSIF NOT pg_has_role(relation.relowner, 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of "%.%" to make a dataset of it', relation.nspname, relation.relname
      USING ERRCODE = '42501';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_source(regclass) IS
  'Raises an error unless the caller may make a dataset of the relation';

CREATE FUNCTION takeout.check_name(dataset text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF octet_length(dataset) NOT BETWEEN 1 AND 63 OR dataset ~ '[[:cntrl:]]' OR dataset <> btrim(dataset) THEN
    RAISE EXCEPTION 'invalid name of a dataset: "%"', dataset
      USING ERRCODE = '22023',
            HINT = 'A name has 1 to 63 bytes, no control characters and no spaces at its ends.';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_name(text) IS 'Raises an error unless a dataset may be named so';

CREATE FUNCTION takeout.inferred_key(source regclass, tenant_column name) RETURNS name[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  result name[];
BEGIN
  -- The tenant goes last: ids are values of the first key column. An address is masked, so it tells nothing apart.
  SELECT array_agg(a.attname ORDER BY a.attname = tenant_column, part.place) INTO result
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS part(attnum, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.attnum
  WHERE i.indrelid = source::oid AND part.place <= i.indnkeyatts
    AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  GROUP BY i.indexrelid, i.indisprimary, i.indimmediate
  HAVING bool_and(a.attnotnull) AND NOT bool_or(takeout.holds_addresses(a.atttypid))
  ORDER BY i.indisprimary DESC, i.indimmediate DESC, count(*), i.indexrelid
  LIMIT 1;
  RETURN coalesce(result, '{}');
END
$$;
COMMENT ON FUNCTION takeout.inferred_key(regclass, name) IS
  'Columns of the primary key, else of a unique index over columns that are not null, else none';

CREATE FUNCTION takeout.inferred_column(source regclass, column_name name, types regtype[]) RETURNS name
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT a.attname
  FROM pg_attribute a
  WHERE a.attrelid = source::oid AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped
    AND (types IS NULL OR a.atttypid = ANY (types::oid[]));
END;
COMMENT ON FUNCTION takeout.inferred_column(regclass, name, regtype[]) IS
  'The column''s name if the source has one of that name and one of the types';

CREATE FUNCTION takeout.create_dataset(
  source         regclass,
  name           text   DEFAULT NULL,
  key            name[] DEFAULT NULL,
  time_column    name   DEFAULT NULL,
  tenant_column  name   DEFAULT NULL,
  mask           name[] DEFAULT NULL,
  columns        name[] DEFAULT NULL,
  formats        text[] DEFAULT NULL,
  default_format text   DEFAULT NULL,
  tenant         text   DEFAULT NULL,
  parent         text   DEFAULT NULL,
  parent_key     name[] DEFAULT NULL,
  parent_field   name   DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  dataset text;
  present jsonb;
  tenant_by name := nullif(tenant_column, '');
  tenant_value text := nullif(tenant, '');
  time_by name := nullif(time_column, '');
  key_by name[] := key;
BEGIN
  IF source IS NULL THEN
    RAISE EXCEPTION 'a dataset needs a source' USING ERRCODE = '22023';
  END IF;
  PERFORM takeout.check_source(source);
  dataset := coalesce(name, (SELECT c.relname::text FROM pg_class c WHERE c.oid = source::oid));
  PERFORM takeout.check_name(dataset);
  present := takeout.dataset_definition(dataset);
  IF present IS NOT NULL AND
     (NOT (present ->> 'owned')::boolean
      OR ((present ->> 'source_exists')::boolean AND (present ->> 'source')::oid <> source::oid)) THEN
    RAISE EXCEPTION 'dataset "%" already exists', dataset
      USING ERRCODE = '42710', DETAIL = 'It has another source.',
            HINT = 'Give this one another name with name => ..., or remove that one with takeout.drop_dataset.';
  END IF;

  IF tenant_by IS NOT NULL AND tenant_value IS NOT NULL THEN
    RAISE EXCEPTION 'tenant_column and tenant cannot both be given' USING ERRCODE = '22023',
      HINT = 'Name the column that holds each row''s tenant, or the one tenant that owns all rows.';
  ELSIF tenant_by IS NULL AND tenant_value IS NULL THEN
    tenant_by := takeout.inferred_column(source, 'tenant_id', NULL);
    IF tenant_by IS NULL THEN
      RAISE EXCEPTION 'source % has no tenant column', source::text USING ERRCODE = '22023',
        DETAIL = 'A dataset must say whose its rows are.',
        HINT = 'Name the column with tenant_column => ..., or the one owner of all rows with tenant => ''default''.';
    END IF;
  END IF;

  IF key_by IS NULL THEN
    key_by := takeout.inferred_key(source, tenant_by);
    IF key_by = '{}' THEN
      RAISE NOTICE 'dataset "%" has no key', dataset
        USING DETAIL = 'Without one it has no ids, no pages and no fixed order beyond its time column.',
              HINT = 'Name the columns that tell its rows apart with key => ...';
    END IF;
  END IF;
  IF time_column IS NULL AND (columns IS NULL OR 'created_at' = ANY (columns)) THEN
    time_by := takeout.inferred_column(source, 'created_at', '{timestamptz,timestamp,date}');
  END IF;

  PERFORM takeout.place_dataset(jsonb_build_object(
    'name', dataset,
    'source', source::oid::bigint,
    'view', CASE WHEN (present ->> 'view_exists')::boolean THEN present -> 'view' END,
    'columns', to_jsonb(nullif(columns, '{}')),
    'mask', to_jsonb(coalesce(mask, '{}')),
    'key_columns', to_jsonb(key_by),
    'time_column', time_by,
    'tenant_column', tenant_by,
    'fixed_tenant', tenant_value,
    'formats', to_jsonb(coalesce(formats, '{csv,json,jsonl,xlsx}')),
    'default_format', coalesce(default_format, CASE WHEN NOT 'csv' = ANY (formats) THEN formats[1] ELSE 'csv' END),
    'parent', parent,
    'parent_key', to_jsonb(parent_key),
    'parent_field', parent_field));
  RETURN dataset;
END
$$;
COMMENT ON FUNCTION takeout.create_dataset(regclass, text, name[], name, name, name[], name[], text[], text, text,
                                           text, name[], name) IS
  'Makes a table or view of the caller''s exportable: generates its governed view and registers it; again to renew it';

CREATE FUNCTION takeout.owned_dataset(name text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present jsonb := takeout.dataset_definition(name);
BEGIN
  IF present IS NULL THEN
    RAISE EXCEPTION 'dataset "%" does not exist', name
      USING ERRCODE = '42704',
            DETAIL = CASE takeout.known_datasets() WHEN '{}' THEN 'There is no dataset yet.'
                     ELSE format('Known datasets: %s.', array_to_string(takeout.known_datasets(), ', ')) END;
  ELSIF NOT (present ->> 'owned')::boolean THEN
    RAISE EXCEPTION 'must be owner of dataset "%"', name USING ERRCODE = '42501';
  END IF;
  RETURN present;
END
$$;
COMMENT ON FUNCTION takeout.owned_dataset(text) IS
  'The definition of a dataset that the caller owns; an error if it is unknown or another''s';

CREATE FUNCTION takeout.alter_dataset(
  name            text,
  new_name        text   DEFAULT NULL,
  title           text   DEFAULT NULL,
  description     text   DEFAULT NULL,
  category        text   DEFAULT NULL,
  kind            text   DEFAULT NULL,
  purpose         text   DEFAULT NULL,
  retention       text   DEFAULT NULL,
  location        text   DEFAULT NULL,
  difficulty      text   DEFAULT NULL,
  difficulty_note text   DEFAULT NULL,
  key             name[] DEFAULT NULL,
  time_column     name   DEFAULT NULL,
  tenant_column   name   DEFAULT NULL,
  tenant          text   DEFAULT NULL,
  mask            name[] DEFAULT NULL,
  columns         name[] DEFAULT NULL,
  formats         text[] DEFAULT NULL,
  default_format  text   DEFAULT NULL,
  parent          text   DEFAULT NULL,
  parent_key      name[] DEFAULT NULL,
  parent_field    name   DEFAULT NULL,
  field           name   DEFAULT NULL,
  standard        text   DEFAULT NULL,
  personal_class  text   DEFAULT NULL,
  note            text   DEFAULT NULL,
  methods         text[] DEFAULT NULL,
  method_note     text   DEFAULT NULL,
  price_note      text   DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present jsonb := takeout.owned_dataset(name);
  shape jsonb := jsonb_strip_nulls(jsonb_build_object(
    'key_columns', to_jsonb(key), 'time_column', time_column,
    'tenant_column', tenant_column, 'fixed_tenant', tenant,
    'mask', to_jsonb(mask), 'columns', to_jsonb(columns),
    'formats', to_jsonb(formats), 'default_format', default_format,
    'parent', parent, 'parent_key', to_jsonb(parent_key), 'parent_field', parent_field));
  said jsonb := jsonb_strip_nulls(jsonb_build_object(
    'name', new_name, 'title', title, 'description', description, 'category', category, 'kind', kind,
    'purpose', purpose, 'retention', retention, 'location', location, 'difficulty', difficulty,
    'difficulty_note', difficulty_note,
    'methods', to_jsonb(methods), 'method_note', method_note, 'price_note', price_note));
  field_said jsonb := jsonb_strip_nulls(jsonb_build_object(
    'standard', standard, 'personal_class', personal_class, 'note', note));
BEGIN
  IF (field IS NULL) <> (field_said = '{}') THEN
    RAISE EXCEPTION 'field goes with standard, personal_class or note' USING ERRCODE = '22023',
      HINT = 'For example field => ''email'', standard => ''email''.';
  ELSIF nullif(kind, '') NOT IN ('personal', 'non-personal', 'mixed') THEN
    RAISE EXCEPTION 'unknown kind "%"', kind USING ERRCODE = '22023',
      HINT = 'Kinds are personal, non-personal and mixed.';
  ELSIF nullif(difficulty, '') NOT IN ('easy', 'medium', 'hard') THEN
    RAISE EXCEPTION 'unknown difficulty "%"', difficulty USING ERRCODE = '22023',
      HINT = 'Difficulties are easy, medium and hard.';
  ELSIF nullif(standard, '') <> ALL (takeout.known_standards()) THEN
    RAISE EXCEPTION 'unknown standard "%"', standard USING ERRCODE = '22023',
      HINT = format('Standards are %s.', array_to_string(takeout.known_standards(), ', '));
  END IF;
  IF new_name IS NOT NULL THEN
    PERFORM takeout.check_name(new_name);
    IF new_name <> name AND new_name = ANY (takeout.known_datasets()) THEN
      RAISE EXCEPTION 'dataset "%" already exists', new_name USING ERRCODE = '42710';
    END IF;
  END IF;

  -- A call that changes nothing renews the view: it mends what drifted.
  IF shape <> '{}' OR (said = '{}' AND field IS NULL) THEN
    IF tenant IS NOT NULL AND nullif(tenant_column, '') IS NOT NULL THEN
      RAISE EXCEPTION 'tenant_column and tenant cannot both be given' USING ERRCODE = '22023';
    ELSIF nullif(tenant, '') IS NOT NULL THEN
      shape := shape || '{"tenant_column": null}';
    ELSIF nullif(tenant_column, '') IS NOT NULL THEN
      shape := shape || '{"fixed_tenant": null}';
    ELSIF tenant = '' OR tenant_column = '' THEN
      RAISE EXCEPTION 'a dataset needs a tenant column or a tenant' USING ERRCODE = '22023',
        HINT = 'Give the one to be rid of the other.';
    END IF;
    IF formats IS NOT NULL AND default_format IS NULL AND NOT (present ->> 'default_format') = ANY (formats) THEN
      shape := shape || jsonb_build_object('default_format', formats[1]);
    END IF;
    IF parent = '' THEN
      shape := shape || '{"parent": null, "parent_key": null, "parent_field": null}';
    ELSIF parent_field = '' THEN
      shape := shape || '{"parent_field": null}';
    END IF;
    IF time_column = '' THEN
      shape := shape || '{"time_column": null}';
    END IF;
    PERFORM takeout.check_source((present ->> 'source')::oid::regclass);
    PERFORM takeout.place_dataset(
      present
      || CASE WHEN (present ->> 'view_exists')::boolean THEN '{}' ELSE '{"view": null}'::jsonb END
      || shape
      || jsonb_build_object('columns', nullif(coalesce(shape -> 'columns', present -> 'columns'), '[]')));
  END IF;
  IF said <> '{}' OR field IS NOT NULL THEN
    PERFORM takeout.annotate_dataset(
      name, said,
      CASE WHEN field IS NULL THEN '[]' ELSE jsonb_build_array(field_said || jsonb_build_object('name', field)) END);
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.alter_dataset(text, text, text, text, text, text, text, text, text, text, text, name[],
                                          name, name, text, name[], name[], text[], text, text, name[], name, name,
                                          text, text, text, text[], text, text) IS
  'Changes what is given of a dataset; an empty string or array clears; a call that changes nothing renews the view';

CREATE FUNCTION takeout.drop_dataset(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present jsonb := takeout.owned_dataset(name);
BEGIN
  PERFORM takeout.forget_dataset(name);
  IF (present ->> 'view_exists')::boolean THEN
    EXECUTE format('DROP VIEW %s', (present ->> 'view')::oid::regclass);
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.drop_dataset(text) IS
  'Removes a dataset and its governed view; the source stays as it is';
