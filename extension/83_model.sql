-- The model: everything that a marketing and sales service holds about its customers' visitors, as tables of the
-- caller's own, and every category of it as a dataset.

CREATE FUNCTION takeout.model_datasets()
RETURNS TABLE (name text, source name, key name[], time_column name, formats text[], default_format text,
               parent text, parent_key name[], parent_field name,
               title text, description text, category text, kind text, difficulty text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES
    ('leads'::text, 'lead'::name, '{contact_id}'::name[], 'created_at'::name, '{csv,json,jsonl,xlsx}'::text[],
     'csv'::text, NULL::text, NULL::name[], NULL::name,
     'Leads'::text, 'People who left contact details: who they are, how to reach them, what brought them here'::text,
     'end-user data'::text, 'personal'::text, 'easy'::text),
    ('visitor_profiles', 'visitor_profile', '{profile_id}', 'last_seen_at', '{csv,json,jsonl,xlsx}',
     'json', NULL, NULL, NULL,
     'Visitor profiles', 'Visitors of the web site, each with what all visits together tell',
     'end-user data', 'personal', 'medium'),
    ('visits', 'visit', '{visit_id}', 'started_at', '{csv,json,jsonl,xlsx}',
     'csv', NULL, NULL, NULL,
     'Visits', 'Single visits to the web site and where they came from',
     'marketing data', 'personal', 'easy'),
    ('journey_insights', 'journey_insight', '{profile_id,visit_id}', 'started_at', '{csv,json,jsonl,xlsx}',
     'json', NULL, NULL, NULL,
     'Journey insights', 'Visits with all their steps inside, found by the visitor profiles that made them',
     'marketing data', 'personal', 'medium'),
    ('journey_steps', 'journey_step', '{visit_id,seq}', 'occurred_at', '{csv,json,jsonl,xlsx}',
     'csv', 'journey_insights', '{visit_id}', 'steps',
     'Journey steps', 'Single steps of visits: pages seen, bots used, forms sent, conversions',
     'marketing data', 'personal', 'easy'),
    ('organization_profiles', 'organization_profile', '{organization_id}', 'last_visit_at', '{csv,json,jsonl,xlsx}',
     'json', NULL, NULL, NULL,
     'Organization profiles', 'Companies whose people visited the web site, with their contacts inside',
     'operational data', 'mixed', 'easy'),
    ('organization_contacts', 'organization_contact', '{organization_id,seq}', NULL, '{csv,json,jsonl,xlsx}',
     'csv', 'organization_profiles', '{organization_id}', 'contacts',
     'Organization contacts', 'People to speak to at these companies',
     'operational data', 'personal', 'easy'),
    ('report_conversions_by_day', 'conversion_by_day', '{report_id}', 'day', '{json,jsonl}',
     'json', NULL, NULL, NULL,
     'Conversions by day', 'How many visits and visitors converted each day',
     'analytical data', 'non-personal', 'easy'),
    ('report_conversions_by_source', 'conversion_by_source', '{report_id}', 'day', '{json,jsonl}',
     'json', NULL, NULL, NULL,
     'Conversions by source', 'Conversions of each day by source, medium and campaign',
     'analytical data', 'non-personal', 'easy'),
    ('report_traffic_by_source', 'traffic_by_source', '{report_id}', 'day', '{json,jsonl}',
     'json', NULL, NULL, NULL,
     'Traffic by source', 'Visits and visitors of each day by source, medium and campaign',
     'analytical data', 'non-personal', 'easy'),
    ('report_bots', 'bot_by_day', '{report_id}', 'day', '{json,jsonl}',
     'json', NULL, NULL, NULL,
     'Chat bots', 'Opens, answers, conversions and leads of each chat bot, by day',
     'analytical data', 'non-personal', 'easy');
END;
COMMENT ON FUNCTION takeout.model_datasets() IS 'Internal to create_model: its datasets';

CREATE FUNCTION takeout.check_room_for_model(schema name) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taken text[];
  missing text[];
BEGIN
  IF schema ~ '^pg_' OR schema IN ('information_schema', 'takeout') THEN
    RAISE EXCEPTION 'schema "%" cannot hold the model', schema
      USING ERRCODE = '42501', HINT = 'Name a schema of your own; it is made if it does not exist.';
  END IF;
  IF EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = schema AND NOT pg_has_role(n.nspowner, 'USAGE')) THEN
    RAISE EXCEPTION 'must be owner of schema "%" to make the model in it', schema USING ERRCODE = '42501';
  END IF;

  SELECT array_agg(d.name ORDER BY d.name) INTO taken
  FROM takeout.model_datasets() d, LATERAL takeout.dataset_definition(d.name) present
  WHERE (present ->> 'source')::oid IS DISTINCT FROM to_regclass(format('%I.%I', schema, d.source))::oid
    AND present IS NOT NULL;
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION 'datasets of the model already exist'
      USING ERRCODE = '42710', DETAIL = format('They are %s.', takeout.quoted_list(taken)),
            HINT = 'A database holds one model, with a tenant column in each of its tables.';
  END IF;

  SELECT array_agg(DISTINCT m.relation), array_agg(DISTINCT m.relation) FILTER (WHERE c.oid IS NULL)
    INTO taken, missing
  FROM (SELECT DISTINCT takeout.model_home(c.relation) AS relation FROM takeout.model_columns() c) m
  LEFT JOIN pg_class c ON c.relname = m.relation AND c.relkind IN ('r', 'p')
                      AND c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = schema)
  WHERE m.relation <> 'report';
  IF missing <> taken THEN
    RAISE EXCEPTION 'schema "%" has some of the tables of the model', schema
      USING ERRCODE = '42P07', DETAIL = format('It does not have %s.', takeout.quoted_list(missing)),
            HINT = 'Name a schema that has none of them, or all.';
  END IF;
  RETURN missing IS NOT NULL;
END
$$;
COMMENT ON FUNCTION takeout.check_room_for_model(name) IS
  'Internal to create_model: whether its tables are to be made; an error when something is in the way';

-- leads() and its like export by these names: whoever may make a dataset must not be there first with rows of their own.
CREATE FUNCTION takeout.check_reserved_name(invoker oid, dataset text, source regclass) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM takeout.model_datasets() m WHERE m.name = dataset)
     OR pg_has_role(invoker, CURRENT_USER, 'USAGE')
     OR EXISTS (
       SELECT FROM takeout.model_datasets() m
       JOIN pg_class c ON c.relname = m.source AND c.oid = check_reserved_name.source
       JOIN pg_namespace n ON n.oid = c.relnamespace AND pg_has_role(invoker, n.nspowner, 'USAGE')
       WHERE m.name = dataset
         AND NOT EXISTS (SELECT FROM takeout.model_columns() l
                         WHERE l.relation <> 'report'
                           AND to_regclass(format('%I.%I', n.nspname, takeout.model_home(l.relation))) IS NULL)) THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'name "%" is kept for a dataset of the model', dataset
    USING ERRCODE = '42501',
          HINT = 'Give the dataset another name with name => ..., or CALL takeout.create_model(''schema'').';
END
$$;
COMMENT ON FUNCTION takeout.check_reserved_name(oid, text, regclass) IS
  'Raises an error where the dataset would take a name of the model''s without being the model''s: only the owner of the extension may';

CREATE FUNCTION takeout.describe_model(schema name) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  described record;
BEGIN
  FOR described IN
    SELECT c.relname, a.attname, m.description
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN takeout.model_columns() m
      ON m.column_name = a.attname AND m.relation IN (c.relname, takeout.model_home(c.relname))
    WHERE n.nspname = schema AND c.relkind IN ('r', 'v')
    ORDER BY c.relname, a.attnum
  LOOP
    EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L',
                   schema, described.relname, described.attname, described.description);
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.describe_model(name) IS 'Internal to create_model: comments on its columns';

CREATE FUNCTION takeout.make_model_datasets(schema name) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d record;
BEGIN
  FOR d IN SELECT * FROM takeout.model_datasets() m WHERE m.name <> ALL (takeout.known_datasets()) LOOP
    PERFORM takeout.create_dataset(
      format('%I.%I', schema, d.source)::regclass, name => d.name, key => d.key, time_column => d.time_column,
      tenant_column => 'tenant_id', formats => d.formats, default_format => d.default_format,
      parent => d.parent, parent_key => d.parent_key, parent_field => d.parent_field);
    PERFORM takeout.annotate_dataset(
      d.name,
      jsonb_build_object('title', d.title, 'description', d.description, 'category', d.category, 'kind', d.kind,
                         'difficulty', d.difficulty) || takeout.model_terms(d.name),
      (SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'standard', m.standard,
                                           'personal_class', m.personal_class))
       FROM pg_attribute a
       JOIN takeout.model_columns() m
         ON m.column_name = a.attname AND m.relation IN (d.source, takeout.model_home(d.source))
       WHERE a.attrelid = format('%I.%I', schema, d.source)::regclass AND a.attnum > 0 AND a.attname <> 'tenant_id'));
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.make_model_datasets(name) IS 'Internal to create_model: its datasets, described';

CREATE PROCEDURE takeout.create_model(schema name, owner regrole DEFAULT NULL)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  role_before text := current_setting('role');
BEGIN
  IF has_table_privilege('takeout.members', 'INSERT') THEN
    INSERT INTO takeout.members (role, tenant) VALUES (quote_ident(SESSION_USER)::regrole, 'default')
    ON CONFLICT DO NOTHING;
  ELSE
    RAISE NOTICE 'role "%" may not enter itself in takeout.members', CURRENT_USER
      USING HINT = format('The database''s administrator can: INSERT INTO takeout.members VALUES (%L, ''default'').',
                          quote_ident(SESSION_USER));
  END IF;
  IF owner IS NOT NULL AND NOT pg_has_role(owner, 'MEMBER') THEN
    RAISE EXCEPTION 'must be a member of role % to make a model of its own', owner::text USING ERRCODE = '42501';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = schema) THEN
    EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %s', schema, coalesce(owner::text, 'CURRENT_USER'));
  END IF;
  IF owner IS NOT NULL THEN
    EXECUTE format('SET LOCAL ROLE %s', owner::text);
  END IF;
  IF takeout.check_room_for_model(schema) THEN
    PERFORM takeout.make_model_tables(schema);
    PERFORM takeout.secure_model_tables(schema);
  END IF;
  PERFORM takeout.make_model_views(schema);
  PERFORM takeout.describe_model(schema);
  PERFORM takeout.make_model_datasets(schema);
  IF owner IS NOT NULL THEN
    EXECUTE format('SET LOCAL ROLE %s', CASE role_before WHEN 'none' THEN 'NONE' ELSE quote_ident(role_before) END);
  END IF;
END
$$;
COMMENT ON PROCEDURE takeout.create_model(name, regrole) IS
  'Makes the model''s tables and datasets in a schema of the caller''s, or of the owner named, and makes the caller a member of tenant default; what is there stays';
