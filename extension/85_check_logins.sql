-- What takeout.check() finds in the settings that sessions of members begin with.

CREATE FUNCTION takeout.check_logins()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH placed AS (
    SELECT s.setrole, s.setdatabase, split_part(c.setting, '=', 1) AS name, substr(c.setting, strpos(c.setting, '=') + 1) AS value
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) c(setting)
    WHERE (s.setrole = 0 OR s.setrole IN (SELECT m.role FROM takeout.members m))
      AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))
  SELECT CASE WHEN p.name = 'search_path' THEN 'notice' ELSE 'warning' END,
         CASE WHEN p.setrole = 0 THEN 'database ' || quote_ident(current_database()) ELSE 'role ' || p.setrole::regrole::text END,
         format('%s begin with %s = %s: %s',
                CASE WHEN p.setrole = 0 THEN 'Sessions of members' ELSE 'Its sessions' END, p.name, p.value,
                CASE
                  WHEN p.name = 'search_path' THEN 'functions of its views find there what they do not qualify'
                  WHEN p.name = 'session_replication_role' THEN 'triggers and rules do not hold in them'
                  WHEN p.name = 'row_security' THEN 'tables with row security are errors in them'
                  WHEN p.name LIKE 'takeout.ip%' THEN 'other parts of addresses leave than elsewhere'
                  WHEN p.name = 'takeout.audit_sha256' THEN 'their exports may be recorded without what they were'
                  WHEN p.name = 'takeout.act_for' THEN 'exports that name no tenant are of that one'
                  ELSE 'other rules hold than elsewhere'
                END),
         CASE WHEN p.setrole = 0 THEN format('ALTER DATABASE %I RESET %s;', current_database(), p.name)
              ELSE format('ALTER ROLE %s%s RESET %s;', p.setrole::regrole,
                          CASE WHEN p.setdatabase <> 0 THEN format(' IN DATABASE %I', current_database()) END, p.name) END
  FROM placed p
  WHERE p.name LIKE 'takeout.%' OR p.name IN ('search_path', 'session_replication_role', 'row_security');
END;
COMMENT ON FUNCTION takeout.check_logins() IS 'What check finds in the settings that sessions of members begin with';
