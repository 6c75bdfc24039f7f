-- schedule and unschedule run as the owner of the extension, for the role that logged in.

CREATE FUNCTION takeout.session_role() RETURNS regrole
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r.oid::regrole FROM pg_roles r WHERE r.rolname = session_user;
END;
COMMENT ON FUNCTION takeout.session_role() IS 'The role that logged in';

CREATE FUNCTION takeout.is_member(member regrole, tenant text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM takeout.members m JOIN pg_roles r ON r.oid = m.role
                 WHERE m.role = member AND m.tenant IN (is_member.tenant, '*'));
END;
COMMENT ON FUNCTION takeout.is_member(regrole, text) IS 'Whether the role may export the tenant''s rows';

CREATE FUNCTION takeout.schedule_tenant(dataset takeout.datasets, asked text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  me CONSTANT regrole := takeout.session_role();
  mine CONSTANT text[] := ARRAY(SELECT m.tenant FROM takeout.members m WHERE m.role = me ORDER BY 1);
  result text := coalesce(asked, (dataset).fixed_tenant);
BEGIN
  IF mine = '{}' THEN
    RAISE EXCEPTION 'role "%" is not a member of any tenant', session_user
      USING ERRCODE = '42501', HINT = 'The database''s administrator enters members into takeout.members.';
  ELSIF result IS NULL AND cardinality(mine) = 1 AND mine[1] <> '*' THEN
    result := mine[1];
  ELSIF result IS NULL THEN
    RAISE EXCEPTION 'role "%" is a member of more than one tenant', session_user
      USING ERRCODE = '22023', HINT = 'Name the one whose rows to export with tenant => ''...''.';
  ELSIF NOT takeout.is_member(me, result) THEN
    RAISE EXCEPTION 'role "%" is not a member of tenant "%"', session_user, result USING ERRCODE = '42501';
  ELSIF result <> (dataset).fixed_tenant THEN
    RAISE EXCEPTION 'dataset "%" holds no rows of tenant "%"', (dataset).name, result USING ERRCODE = '22023';
  END IF;
  RETURN result;
END
$$;
COMMENT ON FUNCTION takeout.schedule_tenant(takeout.datasets, text) IS
  'Whose rows a schedule of the session''s role exports, by the rules of exports';

CREATE FUNCTION takeout.has_instants(dataset takeout.datasets) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM takeout.fields f
                 WHERE f.dataset = (has_instants.dataset).name AND f.name = (has_instants.dataset).time_column
                   AND takeout.base_type(f.type) = 'timestamptz'::regtype);
END;
COMMENT ON FUNCTION takeout.has_instants(takeout.datasets) IS 'Whether the dataset''s time column is a timestamptz';

CREATE FUNCTION takeout.check_options(format text, options jsonb) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'takeout_check_options';
COMMENT ON FUNCTION takeout.check_options(text, jsonb) IS 'Raises an error unless an export in the format takes the options';

CREATE FUNCTION takeout.check_schedule_dataset(dataset takeout.datasets, format text, columns text[], period text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unknown text;
BEGIN
  IF format <> ALL ((dataset).formats) THEN
    RAISE EXCEPTION 'dataset "%" is not exported as "%"', (dataset).name, format
      USING ERRCODE = '22023', DETAIL = pg_catalog.format('Its formats are %s.', array_to_string((dataset).formats, ', '));
  END IF;
  SELECT string_agg(pg_catalog.format('"%s"', c), ', ') INTO unknown
  FROM unnest(columns) c
  WHERE NOT EXISTS (SELECT FROM takeout.fields f WHERE f.dataset = (check_schedule_dataset.dataset).name AND f.name = c);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'dataset "%" has no column %', (dataset).name, unknown USING ERRCODE = '22023';
  ELSIF cardinality(columns) = 0 THEN
    RAISE EXCEPTION 'list of columns must not be empty'
      USING ERRCODE = '22023', HINT = 'Leave columns out, or give NULL, for all of them.';
  ELSIF cardinality(columns) > (SELECT count(DISTINCT c) FROM unnest(columns) c) THEN
    RAISE EXCEPTION 'a column is named more than once' USING ERRCODE = '22023';
  ELSIF period <> 'all' AND (dataset).time_column IS NULL THEN
    RAISE EXCEPTION 'dataset "%" has no time column', (dataset).name
      USING ERRCODE = '22023', DETAIL = pg_catalog.format('Period "%s" needs one.', period),
            HINT = 'Its owner can name one with takeout.alter_dataset(), or schedule period => ''all''.';
  ELSIF period = 'new' AND NOT takeout.has_instants(dataset) THEN
    RAISE EXCEPTION 'time column "%" of dataset "%" is not of type timestamptz', (dataset).time_column, (dataset).name
      USING ERRCODE = '22023', DETAIL = 'Period "new" needs the instant at which a row was made.',
            HINT = 'Its owner can name a column of that type, or of a view that gives it one with AT TIME ZONE. Else take another period.';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_schedule_dataset(takeout.datasets, text, text[], text) IS
  'Raises an error unless the dataset has the format, the columns and the times that a schedule wants';

CREATE FUNCTION takeout.check_file_name(template text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unknown text;
BEGIN
  SELECT m[1] INTO unknown
  FROM regexp_matches(template, '(\{[^{}]*\}?|\})', 'g') m
  WHERE m[1] NOT IN ('{schedule}', '{dataset}', '{tenant}', '{date}', '{time}', '{due}', '{since}', '{until}', '{extension}');
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'invalid file name: "%"', template
      USING ERRCODE = '22023', DETAIL = format('"%s" stands for nothing.', unknown),
            HINT = 'Use {schedule}, {dataset}, {tenant}, {date}, {time}, {due}, {since}, {until} and {extension}.';
  END IF;
  PERFORM takeout.check_path(regexp_replace(template, '\{[a-z]+\}', 'x', 'g'));
END
$$;
COMMENT ON FUNCTION takeout.check_file_name(text) IS 'Raises an error unless a schedule''s files may be named so';

CREATE FUNCTION takeout.check_path(path text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF octet_length(path) > 1000 OR path ~ '[[:cntrl:]\\]'
     OR EXISTS (SELECT FROM string_to_table(path, '/') part
                WHERE part = '' OR octet_length(part) > 240 OR part ~ '^[.-]') THEN
    RAISE EXCEPTION 'invalid file name: "%"', path
      USING ERRCODE = '22023',
            DETAIL = 'It lies below the destination: its parts are not empty, do not begin with a point or dash, and have no backslash or control character.';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_path(text) IS 'Raises an error unless it is a path below a directory';

CREATE FUNCTION takeout.check_zone(zone text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = zone) THEN
    RAISE EXCEPTION 'unknown time zone: "%"', zone
      USING ERRCODE = '22023', HINT = 'Give a name of the IANA database as pg_timezone_names has it, such as Europe/Helsinki.';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_zone(text) IS 'Raises an error unless it is the name of a zone, and not a rule in its place';

CREATE FUNCTION takeout.schedule(
  name         text,
  cron         text,
  dataset      text,
  format       text,
  destination  text,
  zone         text     DEFAULT 'UTC',
  period       text     DEFAULT 'all',
  columns      text[]   DEFAULT NULL,
  tenant       text     DEFAULT NULL,
  options      jsonb    DEFAULT NULL,
  file_name    text     DEFAULT '{schedule}-{due}.{extension}',
  compression  text     DEFAULT 'none',
  checksum     boolean  DEFAULT false,
  catch_up     text     DEFAULT 'once',
  overlap      text     DEFAULT 'skip',
  max_attempts integer  DEFAULT 5,
  retry_delay  interval DEFAULT '1 minute',
  timeout      interval DEFAULT '1 hour',
  keep         interval DEFAULT NULL,
  enabled      boolean  DEFAULT true
) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  known takeout.datasets;
  present takeout.schedules;
  result bigint;
  first_due timestamptz;
  makes_other_files boolean;
  broken text;
BEGIN
  SELECT * INTO known FROM takeout.datasets d WHERE d.name = schedule.dataset;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'dataset "%" does not exist', dataset
      USING ERRCODE = '42704',
            DETAIL = pg_catalog.format('Known datasets: %s.',
                                       (SELECT coalesce(string_agg(d.name, ', ' ORDER BY d.name), 'none') FROM takeout.datasets d));
  END IF;
  format := coalesce(format, known.default_format);
  PERFORM takeout.check_zone(zone);
  PERFORM takeout.check_file_name(file_name);
  tenant := takeout.schedule_tenant(known, tenant);
  PERFORM takeout.check_schedule_dataset(known, format, columns, period);
  PERFORM takeout.check_options(format, options);
  first_due := coalesce((SELECT n FROM takeout.next_runs(cron, zone, 1) n), 'infinity');

  INSERT INTO takeout.schedules
    (name, owner, enabled, cron, zone, dataset, format, tenant, period, columns, options, destination, file_name,
     compression, checksum, catch_up, overlap, max_attempts, retry_delay, timeout, keep, next_due)
  VALUES
    (schedule.name, takeout.session_role(), schedule.enabled, schedule.cron, schedule.zone, schedule.dataset,
     schedule.format, schedule.tenant, schedule.period, schedule.columns, schedule.options, schedule.destination,
     schedule.file_name, schedule.compression, schedule.checksum, schedule.catch_up, schedule.overlap,
     schedule.max_attempts, schedule.retry_delay, schedule.timeout, schedule.keep, first_due)
  ON CONFLICT ON CONSTRAINT schedules_name_key DO NOTHING RETURNING id INTO result;
  IF result IS NULL THEN
    SELECT * INTO present FROM takeout.schedules s WHERE s.name = schedule.name FOR UPDATE;
    PERFORM takeout.check_schedule_owner(present);
    result := present.id;
    makes_other_files :=
      (present.zone, present.dataset, present.format, present.tenant, present.period, present.columns, present.options,
       present.destination, present.file_name, present.compression) IS DISTINCT FROM
      (schedule.zone, schedule.dataset, schedule.format, schedule.tenant, schedule.period, schedule.columns, schedule.options,
       schedule.destination, schedule.file_name, schedule.compression);
    UPDATE takeout.schedules s SET
      (enabled, cron, zone, dataset, format, tenant, period, columns, options, destination, file_name,
       compression, checksum, catch_up, overlap, max_attempts, retry_delay, timeout, keep) =
      (schedule.enabled, schedule.cron, schedule.zone, schedule.dataset, schedule.format, schedule.tenant,
       schedule.period, schedule.columns, schedule.options, schedule.destination, schedule.file_name,
       schedule.compression, schedule.checksum, schedule.catch_up, schedule.overlap, schedule.max_attempts,
       schedule.retry_delay, schedule.timeout, schedule.keep),
      -- What a changed clock, or a schedule that was switched off, would have had to do meanwhile is not missed.
      next_due = CASE WHEN (s.cron, s.zone, s.enabled) = (schedule.cron, schedule.zone, true) THEN s.next_due ELSE first_due END,
      -- Of other rows nothing has been exported yet.
      exported_until = CASE WHEN (s.dataset, s.tenant) = (schedule.dataset, schedule.tenant) THEN s.exported_until END
    WHERE s.id = present.id;
    -- What is still to be made is made as the schedule is now; what a runner makes otherwise is taken from it. In one
    -- statement, because a run that is claimed meanwhile is one or the other.
    UPDATE takeout.runs r SET
      (name, tenant, destination, file, since, until) = (schedule.name, schedule.tenant, schedule.destination, NULL, NULL, NULL),
      state = CASE r.state WHEN 'running' THEN 'due' ELSE r.state END, lease_until = NULL,
      token = r.token + (r.state = 'running')::integer, attempts = r.attempts - (r.state = 'running')::integer
    WHERE r.schedule = present.id AND (r.state IN ('due', 'retrying') OR (r.state = 'running' AND makes_other_files));
    UPDATE takeout.runs r SET keep = schedule.keep
    WHERE r.schedule = present.id AND r.state IN ('running', 'succeeded') AND r.removed_at IS NULL
      AND r.keep IS DISTINCT FROM schedule.keep;
    IF NOT enabled THEN
      PERFORM takeout.skip_waiting_runs(present.id, 'the schedule was disabled');
    END IF;
  END IF;
  PERFORM pg_notify('takeout', 'schedules');
  RETURN result;
EXCEPTION
  WHEN check_violation THEN
    GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
    RAISE EXCEPTION 'invalid argument of takeout.schedule'
      USING ERRCODE = '22023',
            DETAIL = (SELECT pg_catalog.format('It must hold: %s.', pg_get_constraintdef(c.oid)) FROM pg_constraint c
                      WHERE c.conrelid = 'takeout.schedules'::regclass AND c.conname = broken);
  WHEN not_null_violation THEN
    GET STACKED DIAGNOSTICS broken = COLUMN_NAME;
    RAISE EXCEPTION '"%" of a schedule must not be NULL', broken USING ERRCODE = '22023';
END
$$;
COMMENT ON FUNCTION takeout.schedule(text, text, text, text, text, text, text, text[], text, jsonb, text, text, boolean, text,
  text, integer, interval, interval, interval, boolean) IS
  'Has a dataset exported whenever the cron expression is due, by the program takeout; a schedule of that name is changed';

CREATE FUNCTION takeout.skip_waiting_runs(schedule bigint, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM takeout.end_run(waiting.id, 'skipped', NULL, reason)
  FROM (SELECT r.id FROM takeout.runs r
        WHERE r.schedule = skip_waiting_runs.schedule AND r.state IN ('due', 'retrying') FOR UPDATE) waiting;
END
$$;
COMMENT ON FUNCTION takeout.skip_waiting_runs(bigint, text) IS 'Ends the runs of a schedule that nobody has begun, or that wait for another attempt';

CREATE FUNCTION takeout.check_schedule_owner(present takeout.schedules) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT coalesce(pg_has_role(takeout.session_role()::oid, (present).owner::oid, 'USAGE'),
                  (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = session_user)) THEN
    RAISE EXCEPTION 'must be owner of schedule "%"', (present).name USING ERRCODE = '42501';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_schedule_owner(takeout.schedules) IS
  'Raises an error unless the role that logged in may change the schedule';

CREATE FUNCTION takeout.unschedule(name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present takeout.schedules;
BEGIN
  SELECT * INTO present FROM takeout.schedules s WHERE s.name = unschedule.name FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'schedule "%" does not exist', name
      USING ERRCODE = '42704',
            DETAIL = format('Your schedules: %s.',
                            (SELECT coalesce(string_agg(s.name, ', ' ORDER BY s.name), 'none') FROM takeout.schedules s
                             WHERE pg_has_role(takeout.session_role()::oid, s.owner::oid, 'USAGE')));
  END IF;
  PERFORM takeout.check_schedule_owner(present);
  DELETE FROM takeout.schedules s WHERE s.id = present.id;
  PERFORM takeout.skip_waiting_runs(present.id, 'the schedule was removed');
  PERFORM pg_notify('takeout', 'schedules');
END
$$;
COMMENT ON FUNCTION takeout.unschedule(text) IS
  'Removes a schedule; a run that goes on ends as it ends, and what was recorded stays';
