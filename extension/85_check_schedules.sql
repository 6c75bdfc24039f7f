-- What takeout.check() finds in schedules. Whoever may call it sees those of all owners: it runs as the owner of the extension.

CREATE FUNCTION takeout.check_schedules()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT 'error', format('schedule "%s"', s.name), t.trouble || ': its runs fail', format('SELECT takeout.unschedule(%L);', s.name)
  FROM takeout.schedules s
  LEFT JOIN takeout.datasets d ON d.name = s.dataset
  CROSS JOIN LATERAL (
    SELECT CASE
      WHEN NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = s.owner) THEN format('Its owner, role %s, does not exist any more', s.owner::oid)
      WHEN NOT takeout.is_member(s.owner, s.tenant) THEN format('Its owner %s is not a member of tenant "%s" any more', s.owner, s.tenant)
      WHEN d.name IS NULL THEN format('Its dataset "%s" does not exist any more', s.dataset)
      WHEN s.period <> 'all' AND d.time_column IS NULL THEN format('Dataset "%s" has no time column any more', s.dataset)
      WHEN s.period = 'new' AND NOT takeout.has_instants(d) THEN
        format('Time column "%s" of dataset "%s" is not of type timestamptz any more', d.time_column, s.dataset)
    END) t(trouble)
  WHERE s.enabled AND t.trouble IS NOT NULL
  UNION ALL
  SELECT 'warning', format('schedule "%s"', h.name), 'It is due for more than five minutes, and no runner makes it',
         format('SELECT takeout.allow_runner(''role''); -- and start takeout run with destination "%s"', h.destination)
  FROM takeout.schedule_health h WHERE h.overdue;
END;
COMMENT ON FUNCTION takeout.check_schedules() IS 'What check finds in schedules';
