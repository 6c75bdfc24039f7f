-- takeout.check(): the doctor. Each finding is true now, matters, and comes with the statement that mends it.
--   error    rows or addresses get out that should not, or a dataset or schedule cannot be exported
--   warning  that could come, or somebody has more rights than exports need
--   notice   worth knowing

CREATE FUNCTION takeout.audit_trouble() RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'takeout_audit_trouble';
COMMENT ON FUNCTION takeout.audit_trouble() IS 'What keeps exports from being recorded; NULL for nothing';

CREATE FUNCTION takeout.check_server()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  -- A setting of this kind is there only where the library was loaded at server start.
  SELECT 'error', 'shared_preload_libraries', 'pg_takeout is not loaded at server start: no dataset can be exported',
         format('ALTER SYSTEM SET shared_preload_libraries = %s; -- and restart the server',
                (SELECT string_agg(quote_literal(btrim(library, ' "')), ', ' ORDER BY place)
                 FROM unnest(array_append(string_to_array(nullif(current_setting('shared_preload_libraries'), ''), ','),
                                          'pg_takeout')) WITH ORDINALITY u(library, place)))
  WHERE NOT EXISTS (SELECT FROM pg_settings WHERE name = 'takeout.quota_slots')
  UNION ALL
  SELECT 'error', 'takeout.audit_directory', t.trouble,
         'ALTER SYSTEM SET takeout.audit_directory = ''/var/lib/pg_takeout_audit''; -- or mend it, and restart the server'
  FROM takeout.audit_trouble() t(trouble) WHERE t.trouble IS NOT NULL
  UNION ALL
  SELECT 'warning', 'takeout.audit_directory',
         'It lies inside the data directory: base backups and pg_rewind would copy or remove the record of exports',
         'ALTER SYSTEM SET takeout.audit_directory = ''/var/lib/pg_takeout_audit''; -- and restart the server'
  FROM pg_settings audit, pg_settings data
  WHERE audit.name = 'takeout.audit_directory' AND data.name = 'data_directory'
    AND (audit.setting !~ '^/' OR audit.setting = data.setting OR starts_with(audit.setting, data.setting || '/'))
  UNION ALL
  SELECT 'warning', s.name, format('%s bits of an address leave, where %s are the rule', s.setting, s.boot_val),
         format('ALTER SYSTEM RESET %s; SELECT pg_catalog.pg_reload_conf();', s.name)
  FROM pg_settings s
  WHERE s.name IN ('takeout.ipv4_prefix', 'takeout.ipv6_prefix') AND s.setting::integer > s.boot_val::integer
  UNION ALL
  SELECT 'warning', 'pg_takeout',
         format('Version %s is in this database, %s is installed', e.extversion, a.default_version),
         'ALTER EXTENSION pg_takeout UPDATE;'
  FROM pg_extension e JOIN pg_available_extensions a ON a.name = e.extname
  WHERE e.extname = 'pg_takeout' AND a.default_version <> e.extversion;
END;
COMMENT ON FUNCTION takeout.check_server() IS 'What check finds in the server''s settings';

CREATE FUNCTION takeout.check_members()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT 'warning', 'takeout.members', 'Nobody is a member of a tenant: nobody can export',
         'INSERT INTO takeout.members VALUES (''role'', ''tenant'');'
  WHERE NOT EXISTS (SELECT FROM takeout.members)
  UNION ALL
  SELECT 'warning', 'takeout.members', format('Role %s of tenant "%s" does not exist any more', m.role::oid, m.tenant),
         format('DELETE FROM takeout.members WHERE role = %s;', m.role::oid)
  FROM takeout.members m WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = m.role)
  UNION ALL
  SELECT 'warning', 'role ' || m.role::text,
         'It is a member and a superuser: whoever can use it gets past every rule',
         format('DELETE FROM takeout.members WHERE role = %L::regrole;', m.role)
  FROM (SELECT DISTINCT m.role FROM takeout.members m) m JOIN pg_roles r ON r.oid = m.role
  WHERE r.rolsuper AND r.oid <> (SELECT e.extowner FROM pg_extension e WHERE e.extname = 'pg_takeout')
  UNION ALL
  SELECT 'warning', 'role ' || m.role::text,
         CASE WHEN r.rolbypassrls THEN 'It is a member and passes row security: it can read rows of every tenant where it has SELECT'
              ELSE 'It is a member and reads every table as pg_read_all_data: rows of every tenant, addresses unmasked' END,
         CASE WHEN r.rolbypassrls THEN format('ALTER ROLE %s NOBYPASSRLS;', m.role)
              ELSE format('REVOKE pg_read_all_data FROM %s;', m.role) END
  FROM (SELECT DISTINCT m.role FROM takeout.members m) m JOIN pg_roles r ON r.oid = m.role
  WHERE NOT r.rolsuper AND (r.rolbypassrls OR pg_has_role(r.oid, 'pg_read_all_data', 'USAGE'))
  UNION ALL
  SELECT 'notice', 'role ' || m.role::text, 'It is a member of every tenant: it exports what it says it acts for',
         format('DELETE FROM takeout.members WHERE role = %L::regrole AND tenant = ''*'';', m.role)
  FROM takeout.members m JOIN pg_roles r ON r.oid = m.role
  WHERE m.tenant = '*'
  UNION ALL
  SELECT 'notice', format('dataset "%s"', d.name),
         format('Nobody is a member of tenant "%s", whose rows it holds: nobody can export it', d.fixed_tenant),
         format('INSERT INTO takeout.members VALUES (''role'', %L);', d.fixed_tenant)
  FROM takeout.datasets d
  WHERE d.fixed_tenant IS NOT NULL AND EXISTS (SELECT FROM takeout.members)
    AND NOT EXISTS (SELECT FROM takeout.members m WHERE m.tenant IN (d.fixed_tenant, '*'));
END;
COMMENT ON FUNCTION takeout.check_members() IS 'What check finds in takeout.members';

CREATE FUNCTION takeout.check_configuration()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT 'notice', 'takeout.limits',
         'No limit is set: 1,000,000 rows for a file or a page, none for a stream, 500 requests a minute hold by default',
         'INSERT INTO takeout.limits (method, max_rows) VALUES (''export'', 1000000), (''export_page'', 1000000), (''export_stream'', NULL);'
  WHERE NOT EXISTS (SELECT FROM takeout.limits)
  UNION ALL
  SELECT 'warning', 'takeout.limits', format('Role %s of a limit does not exist any more', l.role::oid),
         format('DELETE FROM takeout.limits WHERE role = %s;', l.role::oid)
  FROM (SELECT DISTINCT l.role FROM takeout.limits l WHERE l.role IS NOT NULL) l
  WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = l.role)
  UNION ALL
  SELECT 'warning', 'takeout.limits', format('Dataset "%s" of a limit does not exist', l.dataset),
         format('DELETE FROM takeout.limits WHERE dataset = %L;', l.dataset)
  FROM (SELECT DISTINCT l.dataset FROM takeout.limits l WHERE l.dataset IS NOT NULL) l
  WHERE NOT EXISTS (SELECT FROM takeout.datasets d WHERE d.name = l.dataset)
  UNION ALL
  SELECT 'warning', 'takeout.limits',
         format('Dataset "%s" has a longest period and no time column to hold it by: it is not exported', d.name),
         format('SELECT takeout.alter_dataset(%L, time_column => ''column'');', d.name)
  FROM takeout.datasets d
  WHERE d.time_column IS NULL
    AND EXISTS (SELECT FROM takeout.limits l WHERE l.dataset = d.name AND l.max_period IS NOT NULL)
  UNION ALL
  SELECT 'notice', 'takeout.excluded_relations',
         format('Relation %s of category "%s" does not exist any more', e.relation::oid, e.category),
         format('DELETE FROM takeout.excluded_relations WHERE relation = %s;', e.relation::oid)
  FROM takeout.excluded_relations e WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = e.relation)
  UNION ALL
  SELECT 'warning', 'takeout.exclusions', format('Category "%s" of excluded relations has no reason', e.category),
         format('INSERT INTO takeout.exclusions VALUES (%L, ''examples'', ''justification'');', e.category)
  FROM (SELECT DISTINCT e.category FROM takeout.excluded_relations e) e
  WHERE NOT EXISTS (SELECT FROM takeout.exclusions x WHERE x.category = e.category);
END;
COMMENT ON FUNCTION takeout.check_configuration() IS 'What check finds in takeout''s other tables';

CREATE FUNCTION takeout.check()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT f.severity, f.object, f.finding, f.fix
  FROM (SELECT 1 AS part, c.* FROM takeout.check_server() c
        UNION ALL SELECT 2, c.* FROM takeout.check_members() c
        UNION ALL SELECT 2, c.* FROM takeout.check_logins() c
        UNION ALL SELECT 3, c.* FROM takeout.check_configuration() c
        UNION ALL SELECT 4, c.* FROM takeout.check_datasets() c
        UNION ALL SELECT 5, c.* FROM takeout.check_grants() c
        UNION ALL SELECT 6, c.* FROM takeout.check_sources() c
        UNION ALL SELECT 7, c.* FROM takeout.check_schedules() c) f
  ORDER BY array_position('{error,warning,notice}', f.severity), f.part, f.object, f.finding;
END
$$;
COMMENT ON FUNCTION takeout.check() IS
  'What is wrong or risky with the set-up of exports, the worst first, each with the statement that mends it; no row is good';
