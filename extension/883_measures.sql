-- Technical measures, as far as this server can prove them. A verdict is 'ok' only where the server's own catalogs,
-- settings and files show it, 'failed' where they show the contrary, 'not proven' for all else: no answer, no right to
-- look, nothing to look at. The functions here run as the owner of the extension, inside measures() and register().

CREATE FUNCTION takeout.technical_measures()
RETURNS TABLE ("position" integer, name text, title text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES
    (1, 'tls'::text, 'Other machines connect by TLS 1.2 or later'::text),
    (2, 'password_hashing', 'Passwords are stored as SCRAM-SHA-256 only'),
    (3, 'password_expiry', 'Passwords expire'),
    (4, 'no_trust', 'Nobody is let in without proof of identity'),
    (5, 'superusers', 'There is one superuser that can log in'),
    (6, 'public_privileges', 'Nothing is open to every login'),
    (7, 'row_security', 'Tables with customers'' rows have row security'),
    (8, 'masking', 'IP addresses leave masked only'),
    (9, 'audit', 'Exports are recorded in a chain of hashes'),
    (10, 'mass_change_log', 'Statements that change data are logged'),
    (11, 'connection_log', 'Logins are logged'),
    (12, 'checksums', 'Pages on disk have checksums'),
    (13, 'standbys', 'A standby is attached');
END;
COMMENT ON FUNCTION takeout.technical_measures() IS 'The technical measures that measures() looks at';

-- Settings as the session began with them, all in one look: some can be SET by anybody, some by a superuser for itself.
CREATE FUNCTION takeout.server_settings() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT jsonb_object_agg(s.name, s.reset_val)
  FROM pg_settings s
  WHERE s.name IN ('password_encryption', 'log_statement', 'log_connections', 'pgaudit.log', 'data_checksums',
                   'shared_preload_libraries', 'takeout.ipv4_prefix', 'takeout.ipv6_prefix');
END;
COMMENT ON FUNCTION takeout.server_settings() IS 'Settings that measures are about, as they are for every new session';

-- Rules that let somebody in. pg_hba_file_rules shows the file, not what the server goes by: both are the same if the
-- file has no errors and did not change since it was last read.
CREATE FUNCTION takeout.login_rules() RETURNS TABLE (line integer, type text, method text, remote boolean, known boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.line_number, r.type, r.auth_method,
         r.type <> 'local' AND coalesce(r.address NOT IN ('localhost', 'samehost', '::1') AND r.address !~ '^127\.', true),
         bool_and(r.error IS NULL) OVER ()
         AND (SELECT f.modification <= pg_conf_load_time() FROM pg_stat_file(current_setting('hba_file')) f)
  FROM pg_hba_file_rules r
  WHERE r.auth_method IS DISTINCT FROM 'reject';
END;
COMMENT ON FUNCTION takeout.login_rules() IS
  'Rules of pg_hba.conf that let somebody in: from other machines or not, and whether they are surely those in force';

CREATE FUNCTION takeout.measure_logins() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH rules AS MATERIALIZED (SELECT * FROM takeout.login_rules()),
  summary AS (
    SELECT coalesce(bool_and(known), false) AS known,
           string_agg(line::text, ', ' ORDER BY line)
             FILTER (WHERE remote AND type IN ('host', 'hostnossl', 'hostnogssenc')) AS plain_lines,
           string_agg(line::text, ', ' ORDER BY line)
             FILTER (WHERE method = 'trust' OR (method = 'ident' AND type <> 'local')) AS trusting_lines
    FROM rules),
  transport AS (
    SELECT current_setting('ssl') = 'on' AS tls,
           current_setting('ssl_min_protocol_version') AS lowest,
           current_setting('listen_addresses') <> '' AS listens)
  SELECT 'tls',
    CASE WHEN t.tls AND t.lowest IN ('TLSv1.2', 'TLSv1.3') AND s.plain_lines IS NULL THEN
           CASE WHEN s.known THEN 'ok' ELSE 'not proven' END
         WHEN t.listens THEN 'failed'
         ELSE 'not proven' END,
    format('ssl %s, ssl_min_protocol_version %s, %s; %s', CASE WHEN t.tls THEN 'on' ELSE 'off' END, t.lowest,
           CASE WHEN t.listens THEN 'listens on TCP' ELSE 'listens on sockets only' END,
           coalesce('lines of pg_hba.conf that let other machines in without TLS: ' || s.plain_lines,
                    CASE WHEN s.known THEN 'pg_hba.conf lets no other machine in without TLS'
                         ELSE 'pg_hba.conf has errors or was changed since it was read' END))
  FROM transport t, summary s
  UNION ALL
  SELECT 'no_trust',
    CASE WHEN NOT s.known THEN 'not proven' WHEN s.trusting_lines IS NULL THEN 'ok' ELSE 'failed' END,
    coalesce('lines of pg_hba.conf that ask for no proof: ' || s.trusting_lines,
             CASE WHEN s.known THEN 'no line of pg_hba.conf with trust, or ident over TCP'
                  ELSE 'pg_hba.conf has errors or was changed since it was read' END)
  FROM summary s;
END;
COMMENT ON FUNCTION takeout.measure_logins() IS 'Measures tls and no_trust';

CREATE FUNCTION takeout.measure_roles() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH logins AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE a.rolpassword IS NOT NULL) AS passwords,
           string_agg(quote_ident(a.rolname), ', ' ORDER BY a.rolname)
             FILTER (WHERE a.rolpassword NOT LIKE 'SCRAM-SHA-256$%') AS weak,
           string_agg(quote_ident(a.rolname), ', ' ORDER BY a.rolname)
             FILTER (WHERE a.rolcanlogin AND a.rolpassword IS NOT NULL
                       AND coalesce(a.rolvaliduntil, 'infinity') = 'infinity') AS endless,
           count(*) FILTER (WHERE a.rolcanlogin AND a.rolpassword IS NOT NULL) AS login_passwords,
           count(*) FILTER (WHERE a.rolcanlogin AND a.rolsuper) AS superusers,
           string_agg(quote_ident(a.rolname), ', ' ORDER BY a.rolname)
             FILTER (WHERE a.rolcanlogin AND a.rolsuper) AS superuser_names
    FROM pg_authid a)
  SELECT 'password_hashing',
    CASE WHEN s.encryption <> 'scram-sha-256' OR l.weak IS NOT NULL THEN 'failed' ELSE 'ok' END,
    format('password_encryption %s, %s stored passwords%s', s.encryption, l.passwords,
           coalesce('; not SCRAM: ' || l.weak, ', all SCRAM'))
  FROM logins l,
       (SELECT takeout.server_settings() ->> 'password_encryption' AS encryption) s
  UNION ALL
  SELECT 'password_expiry',
    CASE WHEN l.endless IS NOT NULL THEN 'failed' WHEN l.login_passwords = 0 THEN 'not proven' ELSE 'ok' END,
    coalesce('valid for ever: ' || l.endless, format('%s passwords of logins, all with VALID UNTIL', l.login_passwords))
  FROM logins l
  UNION ALL
  SELECT 'superusers', CASE WHEN l.superusers > 1 THEN 'not proven' ELSE 'ok' END,
         coalesce('can log in: ' || l.superuser_names, 'none can log in')
  FROM logins l;
END;
COMMENT ON FUNCTION takeout.measure_roles() IS 'Measures password_hashing, password_expiry and superusers';

-- What extensions and initdb made is theirs to answer for.
CREATE FUNCTION takeout.measure_public() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH granted AS MATERIALIZED (
    SELECT format('%s on %s', g.privilege_type, c.oid::regclass) AS what
    FROM pg_class c
    CROSS JOIN LATERAL aclexplode(c.relacl) g
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE g.grantee = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('CREATE in schema %I', n.nspname)
    FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
    WHERE g.grantee = 0 AND g.privilege_type = 'CREATE' AND n.nspname !~ '^pg_')
  SELECT 'public_privileges', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'failed' END,
         CASE WHEN count(*) = 0 THEN 'PUBLIC has no privilege on a table or view, and may create nothing in a schema'
              ELSE format('PUBLIC has %s privileges, such as %s', count(*), min(g.what)) END
  FROM granted g;
END;
COMMENT ON FUNCTION takeout.measure_public() IS 'Measure public_privileges';

CREATE FUNCTION takeout.measure_rows() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH read_by AS (
    -- A plain table without children leads nowhere else.
    SELECT d.source AS relation
    FROM takeout.datasets d JOIN pg_class c ON c.oid = d.source::oid WHERE c.relkind = 'r' AND NOT c.relhassubclass
    UNION
    SELECT r.relation
    FROM takeout.datasets d JOIN pg_class c ON c.oid = d.source::oid
    CROSS JOIN LATERAL takeout.reached_relations(d.source) r(relation)
    WHERE c.relkind <> 'r' OR c.relhassubclass),
  tables AS MATERIALIZED (
    SELECT c.oid, c.relrowsecurity, c.relkind
    FROM read_by r JOIN pg_class c ON c.oid = r.relation::oid
    WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT takeout.is_never_exported(r.relation))
  SELECT 'row_security',
    CASE WHEN count(*) = 0 OR bool_or(t.relkind IN ('f', 'm')) THEN
           CASE WHEN bool_or(t.relkind IN ('r', 'p') AND NOT t.relrowsecurity) THEN 'failed' ELSE 'not proven' END
         WHEN bool_and(t.relrowsecurity) THEN 'ok' ELSE 'failed' END,
    CASE WHEN count(*) = 0 THEN 'there is no dataset'
         ELSE format('%s of %s tables that datasets read have row security%s',
                     count(*) FILTER (WHERE t.relrowsecurity), count(*),
                     '; without: ' || string_agg(t.oid::regclass::text, ', ' ORDER BY t.oid::regclass::text)
                                        FILTER (WHERE NOT t.relrowsecurity)) END
  FROM tables t;
END;
COMMENT ON FUNCTION takeout.measure_rows() IS 'Measure row_security';

-- Each field that can hold addresses, or is said to, takes one call of a masking function in its view's query. In that
-- query's stored form a call is ":funcid" and the function's number.
CREATE FUNCTION takeout.measure_masking() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH address_types AS MATERIALIZED (
    SELECT u.type FROM (SELECT DISTINCT f.type FROM takeout.fields f) u WHERE takeout.holds_addresses(u.type)),
  wanted AS MATERIALIZED (
    SELECT f.dataset, count(*) AS fields
    FROM takeout.fields f
    WHERE f.masked OR f.type IN (SELECT a.type FROM address_types a)
    GROUP BY f.dataset),
  found AS MATERIALIZED (
    SELECT w.dataset, w.fields, d.view::oid AS view,
           (SELECT sum(cardinality(string_to_array(rule.ev_action::text, format(' :funcid %s ', p.oid))) - 1)
            FROM pg_rewrite rule, pg_proc p
            WHERE rule.ev_class = d.view::oid AND rule.ev_type = '1' AND p.pronamespace = 'takeout'::regnamespace
              AND p.proname IN ('mask_ip', 'mask_ip_text', 'mask_inside')) AS calls
    FROM wanted w JOIN takeout.datasets d ON d.name = w.dataset),
  lengths AS MATERIALIZED (
    -- The longer of what this session and what every other one has.
    SELECT greatest(current_setting('takeout.ipv4_prefix')::integer, (s ->> 'takeout.ipv4_prefix')::integer) AS ipv4,
           greatest(current_setting('takeout.ipv6_prefix')::integer, (s ->> 'takeout.ipv6_prefix')::integer) AS ipv6
    FROM takeout.server_settings() s)
  SELECT 'masking',
    CASE WHEN l.ipv4 <= 24 AND l.ipv6 <= 48 AND NOT EXISTS (SELECT FROM found f WHERE f.calls IS DISTINCT FROM f.fields)
         THEN 'ok' ELSE 'failed' END,
    format('IPv4 to /%s, IPv6 to /%s; %s fields with addresses%s', l.ipv4, l.ipv6,
           (SELECT coalesce(sum(f.fields), 0) FROM found f),
           (SELECT '; not masked by the view of: ' || string_agg(f.dataset, ', ' ORDER BY f.dataset)
            FROM found f WHERE f.calls IS DISTINCT FROM f.fields))
  FROM lengths l;
END;
COMMENT ON FUNCTION takeout.measure_masking() IS 'Measure masking';

CREATE FUNCTION takeout.measure_records() RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH present AS MATERIALIZED (
    SELECT s ->> 'log_statement' AS statements, s ->> 'log_connections' AS connections, s ->> 'data_checksums' AS checksums,
           s ->> 'shared_preload_libraries' ~ '\mpgaudit\M' AS pgaudit, coalesce(s ->> 'pgaudit.log', '') AS audited
    FROM takeout.server_settings() s)
  SELECT 'mass_change_log',
    CASE WHEN p.statements IN ('mod', 'all')
           OR (p.pgaudit AND p.audited ~* '\m(write|all)\M' AND p.audited !~* '-\s*write') THEN 'ok' ELSE 'failed' END,
    format('log_statement %s, %s', p.statements,
           CASE WHEN p.pgaudit THEN 'pgaudit.log ' || p.audited ELSE 'pgaudit is not preloaded' END)
  FROM present p
  UNION ALL
  -- A list of what is logged since PostgreSQL 18, on or off before.
  SELECT 'connection_log', CASE WHEN p.connections NOT IN ('', 'off') THEN 'ok' ELSE 'failed' END,
         format('log_connections %s', coalesce(nullif(p.connections, ''), 'empty'))
  FROM present p
  UNION ALL
  SELECT 'checksums', CASE WHEN p.checksums = 'on' THEN 'ok' ELSE 'failed' END, format('data_checksums %s', p.checksums)
  FROM present p
  UNION ALL
  SELECT 'standbys', CASE WHEN pg_is_in_recovery() OR r.streaming > 0 THEN 'ok' ELSE 'not proven' END,
         CASE WHEN pg_is_in_recovery() THEN 'this server is a standby' ELSE format('%s standbys stream', r.streaming) END
  FROM (SELECT count(*) AS streaming FROM pg_stat_replication s WHERE s.state = 'streaming') r;
END;
COMMENT ON FUNCTION takeout.measure_records() IS 'Measures mass_change_log, connection_log, checksums and standbys';

-- The chain is proven by reading all of it. Where that is more than most_bytes (NULL: never) it is not, and so not proven.
CREATE FUNCTION takeout.measure_audit(most_bytes bigint) RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  directory CONSTANT text := current_setting('takeout.audit_directory', true);
  size bigint;
  findings bigint;
BEGIN
  name := 'audit';
  verdict := 'not proven';
  IF directory IS NULL OR takeout.server_settings() ->> 'shared_preload_libraries' !~ '\mpg_takeout\M' THEN
    evidence := 'pg_takeout is not preloaded: no dataset can be exported';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT coalesce(sum(f.size), 0) INTO size
  FROM pg_ls_dir(directory, true, false) d CROSS JOIN LATERAL pg_stat_file(directory || '/' || d, true) f;
  IF size = 0 THEN
    evidence := 'nothing is recorded yet';
  ELSIF size > most_bytes THEN
    evidence := format('%s are too much to be read here', pg_size_pretty(size));
  ELSE
    SELECT count(*) INTO findings FROM takeout.verify_audit();
    verdict := CASE findings WHEN 0 THEN 'ok' ELSE 'failed' END;
    evidence := format('%s findings of takeout.verify_audit() in %s', findings, pg_size_pretty(size));
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION takeout.measure_audit(bigint) IS 'Measure audit, where its files are not larger than that';

-- One that may not look, on a managed server for instance, has proven nothing; the others go on.
CREATE FUNCTION takeout.measure_technical(most_audit_bytes bigint) RETURNS TABLE (name text, verdict text, evidence text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY '{logins,roles,public,rows,masking,records,audit}'::text[] LOOP
    BEGIN
      CASE part
        WHEN 'logins' THEN RETURN QUERY SELECT * FROM takeout.measure_logins();
        WHEN 'roles' THEN RETURN QUERY SELECT * FROM takeout.measure_roles();
        WHEN 'public' THEN RETURN QUERY SELECT * FROM takeout.measure_public();
        WHEN 'rows' THEN RETURN QUERY SELECT * FROM takeout.measure_rows();
        WHEN 'masking' THEN RETURN QUERY SELECT * FROM takeout.measure_masking();
        WHEN 'records' THEN RETURN QUERY SELECT * FROM takeout.measure_records();
        WHEN 'audit' THEN RETURN QUERY SELECT * FROM takeout.measure_audit(most_audit_bytes);
      END CASE;
    EXCEPTION WHEN insufficient_privilege OR undefined_file OR io_error OR feature_not_supported
                OR object_not_in_prerequisite_state THEN
      RAISE DEBUG 'measures of % are not proven: %', part, SQLERRM;
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.measure_technical(bigint) IS 'What could be looked at of the technical measures';

CREATE FUNCTION takeout.measures()
RETURNS TABLE (kind text, name text, title text, verdict text, evidence text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
    SELECT 'technical'::text, t.name, t.title, coalesce(m.verdict, 'not proven'),
           coalesce(m.evidence, 'the owner of the extension may not look, or the server cannot tell')
    FROM takeout.technical_measures() t LEFT JOIN takeout.measure_technical(NULL) m ON m.name = t.name
    ORDER BY t.position;
  RETURN QUERY
    SELECT 'organizational'::text, o.name, o.title, takeout.statement_verdict(o.in_place), o.statement
    FROM takeout.organizational_measures o
    ORDER BY o.position, o.name;
END
$$;
COMMENT ON FUNCTION takeout.measures() IS
  'Technical measures with the verdict of this server and its evidence, organizational ones with the provider''s statement';

CREATE FUNCTION takeout.statement_verdict(in_place boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN in_place THEN 'stated' WHEN NOT in_place THEN 'not in place' ELSE 'not stated' END;
COMMENT ON FUNCTION takeout.statement_verdict(boolean) IS 'What the provider states of an organizational measure';
