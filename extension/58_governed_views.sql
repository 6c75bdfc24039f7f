-- The governed view of a dataset: the chosen columns of its source with every address masked, the rows of the reader's
-- tenants. The tenant column comes last when it is not among them: a reader with several tenants tells rows apart by it,
-- and exports, which are of one tenant, do not write it.

CREATE FUNCTION takeout.texts_of(list jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(array_agg(e.value ORDER BY e.place), '{}')
  FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(list) = 'array' THEN list ELSE '[]' END)
         WITH ORDINALITY e(value, place);
END;
COMMENT ON FUNCTION takeout.texts_of(jsonb) IS 'The texts in a JSON array; none for anything else';

CREATE FUNCTION takeout.quoted_list(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT string_agg(format('"%s"', n), ', ' ORDER BY place) FROM unnest(names) WITH ORDINALITY u(n, place);
END;
COMMENT ON FUNCTION takeout.quoted_list(text[]) IS 'The names in double quotes with commas between, for messages';

CREATE FUNCTION takeout.holds_addresses(type regtype) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'takeout_holds_addresses';
COMMENT ON FUNCTION takeout.holds_addresses(regtype) IS
  'Whether values of the type can hold IP addresses: inet, cidr, and domains, arrays, rows and ranges with them inside';

CREATE FUNCTION takeout.base_type(type regtype) RETURNS regtype
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  WITH RECURSIVE layer AS (
    SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = type::oid
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype FROM layer l JOIN pg_type t ON t.oid = l.typbasetype
    WHERE l.typtype = 'd')
  SELECT oid::regtype FROM layer WHERE typtype <> 'd';
END;
COMMENT ON FUNCTION takeout.base_type(regtype) IS 'The type that a domain stands for; another type itself';

-- A row type can get an attribute of addresses later, without a change of the view or its source.
CREATE FUNCTION takeout.holds_rows(type regtype) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  WITH RECURSIVE layer AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typelem FROM pg_type t WHERE t.oid = type::oid
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typelem
    FROM layer l JOIN pg_type t ON t.oid = CASE l.typtype WHEN 'd' THEN l.typbasetype ELSE l.typelem END)
  SELECT EXISTS (SELECT FROM layer WHERE typtype = 'c');
END;
COMMENT ON FUNCTION takeout.holds_rows(regtype) IS
  'Whether values of the type are rows, or domains and arrays with rows inside';

CREATE FUNCTION takeout.view_expression(column_name name, type regtype, masked boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE
    WHEN takeout.base_type(type) IN ('inet'::regtype, 'cidr'::regtype)
      THEN format('takeout.mask_ip(s.%1$I) AS %1$I', column_name)
    WHEN takeout.holds_addresses(type) OR takeout.holds_rows(type) THEN format('takeout.mask_inside(s.%1$I) AS %1$I', column_name)
    WHEN masked THEN format('takeout.mask_ip_text(s.%1$I::pg_catalog.text) AS %1$I', column_name)
    ELSE format('s.%1$I', column_name)
  END;
END;
COMMENT ON FUNCTION takeout.view_expression(name, regtype, boolean) IS
  'How a governed view shows a column of its source';

-- The sub-select makes it an init plan, run once a query and not once a row; the cast tells it from = ANY (subquery).
CREATE FUNCTION takeout.tenant_predicate(
  source regclass, tenant_column name, fixed_tenant text, alias text DEFAULT 's.') RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN tenant_column IS NULL
    THEN format('%L = ANY ((SELECT takeout.current_tenants())::pg_catalog.text[])', fixed_tenant)
    ELSE (SELECT format('%s%I = ANY ((SELECT takeout.current_tenants())::%I.%I[])',
                        alias, tenant_column, n.nspname, t.typname)
          FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          JOIN pg_namespace n ON n.oid = t.typnamespace
          WHERE a.attrelid = source::oid AND a.attname = tenant_column)
  END;
END;
COMMENT ON FUNCTION takeout.tenant_predicate(regclass, name, text, text) IS
  'The condition of governed views and policies: only rows of the tenants that whoever reads them is a member of';

CREATE FUNCTION takeout.view_query(
  source regclass, exported name[], mask name[], tenant_column name, fixed_tenant text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT format('SELECT %s FROM %I.%I AS s WHERE %s',
                (SELECT string_agg(takeout.view_expression(a.attname, a.atttypid, a.attname = ANY (mask)), ', '
                                   ORDER BY u.place)
                 FROM unnest(exported || CASE WHEN tenant_column <> ALL (exported) THEN tenant_column END)
                        WITH ORDINALITY u(column_name, place)
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = u.column_name),
                n.nspname, c.relname, takeout.tenant_predicate(source, tenant_column, fixed_tenant))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = source::oid;
END;
COMMENT ON FUNCTION takeout.view_query(regclass, name[], name[], name, text) IS
  'The query of a governed view';

CREATE FUNCTION takeout.view_comment(dataset text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('Governed view of dataset "%s": rows of the reader''s tenants, addresses masked', dataset);
COMMENT ON FUNCTION takeout.view_comment(text) IS
  'The comment on a dataset''s governed view, by which it is known again';

CREATE FUNCTION takeout.name_view(schema name, dataset text) RETURNS name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  candidate text;
  present regclass;
BEGIN
  FOREACH candidate IN ARRAY ARRAY[dataset, dataset || '_dataset'] LOOP
    present := to_regclass(format('%I.%I', schema, candidate));
    IF octet_length(candidate) <= 63 AND
       (present IS NULL
        OR (obj_description(present::oid, 'pg_class') = takeout.view_comment(dataset)
            AND EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
                        WHERE c.oid = present::oid AND r.rolname = CURRENT_USER))) THEN
      RETURN candidate;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'no name is left for the governed view of dataset "%"', dataset
    USING ERRCODE = '42P07',
          DETAIL = format('Schema "%s" has relations "%s" and "%s_dataset", or the longer name has over 63 bytes.',
                          schema, dataset, dataset),
          HINT = 'Give the dataset another name with name => ...';
END
$$;
COMMENT ON FUNCTION takeout.name_view(name, text) IS
  'The dataset''s name, or that with "_dataset" where another relation has it; the caller''s earlier view of it is taken again';

CREATE FUNCTION takeout.replace_view(view regclass, schema name, view_name name, query text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text := format('VIEW %I.%I WITH (security_barrier) AS %s', schema, view_name, query);
  owner name;
  grants text[];
  column_grants boolean;
BEGIN
  IF view IS NULL THEN
    EXECUTE 'CREATE ' || command;
    RETURN;
  END IF;
  BEGIN
    EXECUTE 'CREATE OR REPLACE ' || command;
    RETURN;
  EXCEPTION WHEN invalid_table_definition THEN
    NULL;  -- columns went, moved or changed their types: it has to be made anew
  END;
  SELECT array_agg(format('GRANT %s ON %I.%I TO %s%s', g.privilege_type, schema, view_name,
                          CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                          CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
    INTO grants
  FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) g
  WHERE c.oid = view::oid AND g.grantee <> c.relowner;
  owner := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = view::oid);
  column_grants := EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = view::oid AND a.attacl IS NOT NULL);

  EXECUTE format('DROP VIEW %I.%I', schema, view_name);
  EXECUTE 'CREATE ' || command;
  IF owner <> CURRENT_USER THEN
    EXECUTE format('ALTER VIEW %I.%I OWNER TO %I', schema, view_name, owner);
  END IF;
  FOREACH command IN ARRAY coalesce(grants, '{}') LOOP
    EXECUTE command;
  END LOOP;
  IF column_grants THEN
    RAISE NOTICE 'grants on single columns of view "%.%" are gone', schema, view_name
      USING DETAIL = 'Its columns changed, so it was made anew; grants on the whole view were kept.';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.replace_view(regclass, name, name, text) IS
  'Makes the view, or makes it anew with its owner and grants kept';

CREATE FUNCTION takeout.copy_comments(source regclass, view regclass, dataset text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  commented record;
BEGIN
  EXECUTE format('COMMENT ON VIEW %s IS %L', view, takeout.view_comment(dataset));
  FOR commented IN
    SELECT v.attname, col_description(source::oid, s.attnum) AS comment
    FROM pg_attribute v JOIN pg_attribute s ON s.attrelid = source::oid AND s.attname = v.attname
    WHERE v.attrelid = view::oid AND v.attnum > 0 AND NOT v.attisdropped
  LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', view, commented.attname, commented.comment);
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.copy_comments(regclass, regclass, text) IS
  'Says what the governed view is, and of its columns what the source says';

CREATE FUNCTION takeout.check_definition(definition jsonb, columns name[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass := (definition ->> 'source')::oid;
  key_columns name[] := takeout.texts_of(definition -> 'key_columns');
  mask name[] := takeout.texts_of(definition -> 'mask');
  formats text[] := takeout.texts_of(definition -> 'formats');
  time_column name := definition ->> 'time_column';
  tenant_column name := definition ->> 'tenant_column';
  wrong text[];
BEGIN
  SELECT array_agg(DISTINCT n) INTO wrong
  FROM unnest(columns || key_columns || mask || ARRAY[time_column, tenant_column]) n
  WHERE n IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = source::oid AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'source % has no column %', source::text, takeout.quoted_list(wrong) USING ERRCODE = '22023',
      DETAIL = (SELECT format('Its columns are %s.', takeout.quoted_list(array_agg(a.attname::text ORDER BY a.attnum)))
                FROM pg_attribute a WHERE a.attrelid = source::oid AND a.attnum > 0 AND NOT a.attisdropped),
      HINT = 'Name those that there are with columns => ..., key => ..., time_column => ... or mask => ...';
  END IF;

  SELECT array_agg(n) INTO wrong FROM (SELECT n FROM unnest(columns) n GROUP BY n HAVING count(*) > 1) twice;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'column % is named twice', takeout.quoted_list(wrong) USING ERRCODE = '22023';
  ELSIF cardinality(columns) = 0 THEN
    RAISE EXCEPTION 'source % has no column to export', source::text USING ERRCODE = '22023';
  END IF;

  SELECT array_agg(n) INTO wrong
  FROM unnest(key_columns || time_column) n
  WHERE n <> ALL (columns) AND n IS DISTINCT FROM tenant_column;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'key or time column % is not among the exported columns', takeout.quoted_list(wrong)
      USING ERRCODE = '22023',
            HINT = 'Add it to columns => ..., or name others with key => ... and time_column => ...';
  END IF;

  SELECT array_agg(a.attname) INTO wrong
  FROM pg_attribute a
  WHERE a.attrelid = source::oid AND a.attname = ANY (key_columns)
    AND (a.attname = ANY (mask) OR takeout.holds_addresses(a.atttypid));
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'key column % holds addresses', takeout.quoted_list(wrong) USING ERRCODE = '22023',
      DETAIL = 'Masked addresses do not tell rows apart.', HINT = 'Name other columns with key => ...';
  END IF;

  SELECT array_agg(a.attname) INTO wrong
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = source::oid AND a.attname = ANY (mask)
    AND t.typcategory <> 'S' AND NOT takeout.holds_addresses(a.atttypid);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'column % cannot be masked', takeout.quoted_list(wrong) USING ERRCODE = '22023',
      DETAIL = 'Only columns of text or of types that hold addresses can.';
  END IF;

  IF time_column IS NOT NULL AND NOT EXISTS (
       SELECT FROM pg_attribute a
       WHERE a.attrelid = source::oid AND a.attname = time_column
         AND takeout.base_type(a.atttypid) IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)) THEN
    RAISE EXCEPTION 'time column "%" is not of a time type', time_column USING ERRCODE = '22023',
      DETAIL = 'It must be timestamp with time zone, timestamp or date.';
  END IF;

  SELECT array_agg(f) INTO wrong FROM unnest(formats) f WHERE f NOT IN ('csv', 'json', 'jsonl', 'xlsx');
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown format %', takeout.quoted_list(wrong)
      USING ERRCODE = '22023', HINT = 'Formats are csv, json, jsonl and xlsx.';
  ELSIF NOT (definition ->> 'default_format') = ANY (formats) THEN
    RAISE EXCEPTION 'default format "%" is not among the formats of the dataset', definition ->> 'default_format'
      USING ERRCODE = '22023', HINT = format('They are %s.', array_to_string(formats, ', '));
  END IF;
  IF definition ->> 'fixed_tenant' IS NULL AND tenant_column IS NULL THEN
    RAISE EXCEPTION 'a dataset needs a tenant column or a tenant' USING ERRCODE = '22023';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_definition(jsonb, name[]) IS
  'Raises an error that says what is wrong with a dataset''s definition';

CREATE FUNCTION takeout.check_parent(definition jsonb, view regclass) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parent text := definition ->> 'parent';
  parent_key name[] := takeout.texts_of(definition -> 'parent_key');
  parent_field name := definition ->> 'parent_field';
  parent_view oid;
  wrong text[];
BEGIN
  IF parent IS NULL THEN
    IF cardinality(parent_key) > 0 OR parent_field IS NOT NULL THEN
      RAISE EXCEPTION 'parent_key and parent_field go with parent' USING ERRCODE = '22023';
    END IF;
    RETURN;
  ELSIF parent = definition ->> 'name' THEN
    RAISE EXCEPTION 'dataset "%" cannot be its own parent', parent USING ERRCODE = '22023';
  ELSIF cardinality(parent_key) = 0 THEN
    RAISE EXCEPTION 'a dataset with a parent needs a parent key' USING ERRCODE = '22023',
      HINT = 'Name the columns that both have and that join them with parent_key => ...';
  END IF;
  parent_view := (takeout.owned_dataset(parent) ->> 'view')::oid;
  SELECT array_agg(n) INTO wrong
  FROM unnest(parent_key) n
  WHERE NOT EXISTS (SELECT FROM pg_attribute p JOIN pg_attribute c ON c.attname = p.attname AND c.atttypid = p.atttypid
                    WHERE p.attrelid = parent_view AND c.attrelid = view::oid AND p.attname = n);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'parent key % is not a column of both datasets', takeout.quoted_list(wrong)
      USING ERRCODE = '22023', HINT = 'The views of parent and child need columns of the same names and types.';
  ELSIF parent_field IS NOT NULL AND NOT EXISTS (
          SELECT FROM pg_attribute p WHERE p.attrelid = parent_view AND p.attname = parent_field AND p.attnum > 0) THEN
    RAISE EXCEPTION 'parent dataset "%" has no field "%"', parent, parent_field USING ERRCODE = '22023';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_parent(jsonb, regclass) IS
  'Raises an error that says what is wrong with the parent of a dataset''s definition';

CREATE FUNCTION takeout.place_dataset(definition jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass := (definition ->> 'source')::oid;
  view regclass := (definition ->> 'view')::oid;
  tenant_column name := definition ->> 'tenant_column';
  mask name[] := takeout.texts_of(definition -> 'mask');
  exported name[] := nullif(takeout.texts_of(definition -> 'columns'), '{}');
  schema_name name;
  view_name name;
  fields jsonb;
BEGIN
  IF exported IS NULL THEN
    exported := ARRAY(SELECT a.attname FROM pg_attribute a
                      WHERE a.attrelid = source::oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND a.attname IS DISTINCT FROM tenant_column
                      ORDER BY a.attnum);
  END IF;
  PERFORM takeout.check_definition(definition, exported);

  IF view IS NULL THEN
    SELECT n.nspname INTO schema_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = source::oid;
    view_name := takeout.name_view(schema_name, definition ->> 'name');
    view := to_regclass(format('%I.%I', schema_name, view_name));
  ELSE
    SELECT n.nspname, c.relname INTO schema_name, view_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = view::oid;
  END IF;

  PERFORM takeout.replace_view(view, schema_name, view_name,
                               takeout.view_query(source, exported, mask, tenant_column, definition ->> 'fixed_tenant'));
  view := format('%I.%I', schema_name, view_name)::regclass;
  PERFORM takeout.check_parent(definition, view);
  PERFORM takeout.copy_comments(source, view, definition ->> 'name');

  SELECT jsonb_agg(jsonb_build_object(
           'name', v.attname, 'position', v.attnum, 'type', v.atttypid::bigint,
           'source_column', s.attname, 'source_type', s.atttypid::bigint,
           'masked', s.attname = ANY (mask) OR takeout.holds_addresses(s.atttypid)))
    INTO fields
  FROM pg_attribute v
  JOIN pg_attribute s ON s.attrelid = source::oid AND s.attname = v.attname
  WHERE v.attrelid = view::oid AND v.attname = ANY (exported);
  PERFORM takeout.record_dataset(definition || jsonb_build_object('view', view::oid::bigint), fields);
END
$$;
COMMENT ON FUNCTION takeout.place_dataset(jsonb) IS
  'Makes or renews the governed view that the definition asks for, and records the dataset';
