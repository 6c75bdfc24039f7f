-- The one door to the rows of takeout.datasets and takeout.fields. Nobody has a privilege on these tables, and the
-- functions that make datasets run as their caller. So each C function below runs the SQL function of its name with
-- "_for", as the owner of the extension, and hands it the role that called: who may change what is decided there.

-- Whether the role has the rights of the relation's owner; NULL when there is no such relation.
CREATE FUNCTION takeout.owns_relation(role oid, relation oid) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_has_role(role, c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = relation;
END;
COMMENT ON FUNCTION takeout.owns_relation(oid, oid) IS
  'Whether the role has the rights of the relation''s owner; NULL when there is no such relation';

-- Its view's owner decides, or its source's when the view is gone, or whoever made it when both are.
CREATE FUNCTION takeout.owns_dataset(role oid, dataset takeout.datasets) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(
    takeout.owns_relation(role, (dataset).view),
    takeout.owns_relation(role, (dataset).source),
    (SELECT pg_has_role(role, r.oid, 'USAGE') FROM pg_roles r WHERE r.oid = (dataset).owner),
    (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = role),
    false);
END;
COMMENT ON FUNCTION takeout.owns_dataset(oid, takeout.datasets) IS 'Whether the role may change and drop the dataset';

CREATE FUNCTION takeout.dataset_definition_for(invoker oid, name text) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN takeout.owns_dataset(invoker, d) THEN
      to_jsonb(d) || jsonb_build_object(
        'owned', true,
        'view', d.view::oid::bigint,
        'source', d.source::oid::bigint,
        'view_exists', EXISTS (SELECT FROM pg_class c WHERE c.oid = d.view::oid),
        'source_exists', EXISTS (SELECT FROM pg_class c WHERE c.oid = d.source::oid),
        'columns', (SELECT jsonb_agg(f.source_column ORDER BY f.position)
                    FROM takeout.fields f WHERE f.dataset = d.name),
        'mask', (SELECT coalesce(jsonb_agg(f.source_column ORDER BY f.position), '[]')
                 FROM takeout.fields f WHERE f.dataset = d.name AND f.masked))
    ELSE jsonb_build_object('name', d.name, 'owned', false)
    END
  FROM takeout.datasets d
  WHERE d.name = dataset_definition_for.name;
END;
COMMENT ON FUNCTION takeout.dataset_definition_for(oid, text) IS
  'What dataset_definition answers the role invoker';

CREATE FUNCTION takeout.record_dataset_for(invoker oid, definition jsonb, fields jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given takeout.datasets := jsonb_populate_record(NULL::takeout.datasets, definition);
  present takeout.datasets;
BEGIN
  IF takeout.owns_relation(invoker, given.source) IS NOT TRUE
     OR takeout.owns_relation(invoker, given.view) IS NOT TRUE THEN
    RAISE EXCEPTION 'must be owner of source and view to make a dataset' USING ERRCODE = '42501';
  END IF;
  SELECT * INTO present FROM takeout.datasets d WHERE d.name = given.name FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM takeout.check_reserved_name(invoker, given.name, given.source);
  ELSIF NOT takeout.owns_dataset(invoker, present) THEN
    RAISE EXCEPTION 'must be owner of dataset "%"', given.name USING ERRCODE = '42501';
  END IF;
  IF given.parent IS NOT NULL AND NOT EXISTS (
       SELECT FROM takeout.datasets d WHERE d.name = given.parent AND takeout.owns_dataset(invoker, d)) THEN
    RAISE EXCEPTION 'must be owner of parent dataset "%"', given.parent USING ERRCODE = '42501';
  END IF;
  PERFORM takeout.check_reach(given.name, given.view);

  INSERT INTO takeout.datasets AS d
    (name, owner, view, source, key_columns, time_column, tenant_column, fixed_tenant, formats, default_format,
     parent, parent_key, parent_field)
  VALUES
    (given.name, invoker, given.view, given.source, given.key_columns, given.time_column,
     given.tenant_column, given.fixed_tenant, given.formats, given.default_format,
     given.parent, given.parent_key, given.parent_field)
  ON CONFLICT (name) DO UPDATE SET
    (owner, view, source, key_columns, time_column, tenant_column, fixed_tenant, formats, default_format,
     parent, parent_key, parent_field) =
    (excluded.owner, excluded.view, excluded.source, excluded.key_columns, excluded.time_column,
     excluded.tenant_column, excluded.fixed_tenant, excluded.formats, excluded.default_format,
     excluded.parent, excluded.parent_key, excluded.parent_field);

  -- A field that stays keeps what was said about it. Positions are unique, so they move out of the way first.
  DELETE FROM takeout.fields f
  WHERE f.dataset = given.name
    AND f.name NOT IN (SELECT (e ->> 'name')::name FROM jsonb_array_elements(fields) e);
  UPDATE takeout.fields f SET position = f.position + 100000 WHERE f.dataset = given.name;
  INSERT INTO takeout.fields AS f (dataset, name, position, type, source_column, source_type, masked)
  SELECT given.name, e.name, e.position, e.type, e.source_column, e.source_type, e.masked
  FROM jsonb_populate_recordset(NULL::takeout.fields, fields) e
  ON CONFLICT (dataset, name) DO UPDATE SET
    (position, type, source_column, source_type, masked) =
    (excluded.position, excluded.type, excluded.source_column, excluded.source_type, excluded.masked);
END
$$;
COMMENT ON FUNCTION takeout.record_dataset_for(oid, jsonb, jsonb) IS
  'What record_dataset does for the role invoker';

CREATE FUNCTION takeout.annotate_dataset_for(invoker oid, name text, properties jsonb, fields jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present takeout.datasets;
  unknown text;
BEGIN
  SELECT * INTO present FROM takeout.datasets d WHERE d.name = annotate_dataset_for.name FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'dataset "%" does not exist', name USING ERRCODE = '42704';
  ELSIF NOT takeout.owns_dataset(invoker, present) THEN
    RAISE EXCEPTION 'must be owner of dataset "%"', name USING ERRCODE = '42501';
  END IF;

  SELECT string_agg(format('"%s"', e ->> 'name'), ', ') INTO unknown
  FROM jsonb_array_elements(fields) e
  WHERE NOT EXISTS (SELECT FROM takeout.fields f
                    WHERE f.dataset = present.name AND f.name = (e ->> 'name')::name);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'dataset "%" has no field %', name, unknown
      USING ERRCODE = '22023',
            DETAIL = (SELECT format('Its fields are %s.', string_agg(format('"%s"', f.name), ', ' ORDER BY f.position))
                      FROM takeout.fields f WHERE f.dataset = present.name);
  END IF;
  UPDATE takeout.fields f
  SET (standard, personal_class, note) = (
    SELECT nullif(e.said ->> 'standard', ''), nullif(e.said ->> 'personal_class', ''), nullif(e.said ->> 'note', '')
    FROM (SELECT to_jsonb(f) || each AS said) e)
  FROM jsonb_array_elements(fields) each
  WHERE f.dataset = present.name AND f.name = (each ->> 'name')::name;

  present := jsonb_populate_record(present, properties);
  IF present.name <> annotate_dataset_for.name THEN
    PERFORM takeout.check_reserved_name(invoker, present.name, present.source);
  END IF;
  UPDATE takeout.datasets d
  SET (name, title, description, category, kind, purpose, retention, location, difficulty, difficulty_note,
       methods, method_note, price_note) =
      (present.name, nullif(present.title, ''), nullif(present.description, ''), nullif(present.category, ''),
       nullif(present.kind, ''), nullif(present.purpose, ''), nullif(present.retention, ''),
       nullif(present.location, ''), nullif(present.difficulty, ''), nullif(present.difficulty_note, ''),
       nullif(present.methods, '{}'), nullif(present.method_note, ''), nullif(present.price_note, ''))
  WHERE d.name = annotate_dataset_for.name;
  IF present.name <> annotate_dataset_for.name THEN
    UPDATE takeout.fields f SET dataset = present.name WHERE f.dataset = annotate_dataset_for.name;
    UPDATE takeout.limits l SET dataset = present.name WHERE l.dataset = annotate_dataset_for.name;
    UPDATE takeout.schedules s SET dataset = present.name WHERE s.dataset = annotate_dataset_for.name;
    UPDATE takeout.datasets d SET parent = present.name WHERE d.parent = annotate_dataset_for.name;
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.annotate_dataset_for(oid, text, jsonb, jsonb) IS
  'What annotate_dataset does for the role invoker';

CREATE FUNCTION takeout.forget_dataset_for(invoker oid, name text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present takeout.datasets;
BEGIN
  SELECT * INTO present FROM takeout.datasets d WHERE d.name = forget_dataset_for.name FOR UPDATE;
  IF NOT takeout.owns_dataset(invoker, present) THEN
    RAISE EXCEPTION 'must be owner of dataset "%"', name USING ERRCODE = '42501';
  END IF;
  UPDATE takeout.datasets d
  SET parent = NULL, parent_key = NULL, parent_field = NULL
  WHERE d.parent = forget_dataset_for.name;
  DELETE FROM takeout.fields f WHERE f.dataset = forget_dataset_for.name;
  DELETE FROM takeout.datasets d WHERE d.name = forget_dataset_for.name;
END
$$;
COMMENT ON FUNCTION takeout.forget_dataset_for(oid, text) IS 'What forget_dataset does for the role invoker';

CREATE FUNCTION takeout.known_datasets_for(invoker oid) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(array_agg(d.name ORDER BY d.name), '{}') FROM takeout.datasets d;
END;
COMMENT ON FUNCTION takeout.known_datasets_for(oid) IS 'What known_datasets answers the role invoker';

CREATE FUNCTION takeout.dataset_definition(name text) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_dataset_definition';
COMMENT ON FUNCTION takeout.dataset_definition(text) IS
  'The dataset''s properties for whoever owns it, its name and "owned": false for others, NULL when there is none';

CREATE FUNCTION takeout.record_dataset(definition jsonb, fields jsonb) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_record_dataset';
COMMENT ON FUNCTION takeout.record_dataset(jsonb, jsonb) IS
  'Enters a dataset whose source and view the caller owns; its descriptions stay';

CREATE FUNCTION takeout.annotate_dataset(name text, properties jsonb, fields jsonb) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_annotate_dataset';
COMMENT ON FUNCTION takeout.annotate_dataset(text, jsonb, jsonb) IS
  'Changes the name and the descriptions that are given of a dataset that the caller owns, and of its fields';

CREATE FUNCTION takeout.forget_dataset(name text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_forget_dataset';
COMMENT ON FUNCTION takeout.forget_dataset(text) IS 'Removes the rows of a dataset that the caller owns';

CREATE FUNCTION takeout.known_datasets() RETURNS text[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'takeout_known_datasets';
COMMENT ON FUNCTION takeout.known_datasets() IS 'The names of all datasets';
