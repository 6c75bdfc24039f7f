-- What the program takeout asks while it runs schedules; 79_runs_outcome.sql has what it tells. The functions that it calls
-- run as the owner of the extension, and nobody may call them whom allow_runner() does not name: the runner claims a run,
-- renews its lease while it exports, and says how it ended. It exports under its own rights, as any member does.

CREATE FUNCTION takeout.plan_runs(destinations text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  planned takeout.schedules;
  upcoming timestamptz;
  latest timestamptz;
BEGIN
  -- A schedule that another runner plans is its business.
  FOR planned IN
    SELECT * FROM takeout.schedules s
    WHERE s.enabled AND s.next_due <= now() AND s.destination = ANY (destinations)
      AND takeout.is_member(takeout.session_role(), s.tenant)
    ORDER BY s.next_due FOR UPDATE SKIP LOCKED
  LOOP
    latest := NULL;
    upcoming := 'infinity';
    BEGIN
      FOR upcoming IN
        SELECT takeout.next_runs(planned.cron, planned.zone, 2147483647, planned.next_due - interval '1 second')
      LOOP
        EXIT WHEN upcoming > now();
        IF planned.catch_up = 'all' AND latest IS NOT NULL THEN
          PERFORM takeout.plan_run(planned, latest);
        END IF;
        latest := upcoming;
        upcoming := 'infinity';
      END LOOP;
      PERFORM takeout.plan_run(planned, latest);
    EXCEPTION WHEN invalid_parameter_value THEN
      -- A zone that this server does not know, say. prepare_run fails the run for it; the others go on.
      PERFORM takeout.plan_run(planned, planned.next_due);
      upcoming := now() + interval '1 hour';
    END;
    UPDATE takeout.schedules s SET next_due = upcoming WHERE s.id = planned.id;
    -- The others need not wait until they look again.
    PERFORM pg_notify('takeout', 'runs');
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.plan_runs(text[]) IS
  'Enters the runs that have become due, for schedules of these destinations, by the catch-up policy of each';

CREATE FUNCTION takeout.plan_run(planned takeout.schedules, due timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reason text;
  entered bigint;
BEGIN
  IF due IS NULL THEN
    RETURN;
  ELSIF planned.overlap = 'skip' AND (
      EXISTS (SELECT FROM takeout.runs r
              WHERE r.schedule = planned.id AND r.state IN ('running', 'retrying') AND r.due < plan_run.due)
      -- A runner that has nobody beside it plans only when it has made that run.
      OR (SELECT r.finished_at > plan_run.due FROM takeout.runs r
          WHERE r.schedule = planned.id AND r.due < plan_run.due AND r.started_at <= plan_run.due
          ORDER BY r.due DESC LIMIT 1)) THEN
    reason := 'the run before was still going on';
  ELSIF planned.catch_up = 'skip' AND due < now() - interval '5 minutes' THEN
    reason := 'no runner was free when it was due';
  END IF;
  INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before, finished_at, error)
  VALUES (planned.id, planned.name, planned.owner, planned.tenant, planned.destination, due,
          CASE WHEN reason IS NULL THEN 'due' ELSE 'skipped' END, due,
          CASE WHEN reason IS NOT NULL THEN clock_timestamp() END, reason)
  ON CONFLICT ON CONSTRAINT runs_once_a_due_time DO NOTHING
  RETURNING id INTO entered;
  IF reason IS NOT NULL THEN
    PERFORM takeout.tell_of_run(entered);
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.plan_run(takeout.schedules, timestamptz) IS
  'Enters a run, or that it is skipped and why';

CREATE FUNCTION takeout.run_period(
  planned takeout.schedules, due timestamptz, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unit CONSTANT text := CASE planned.period WHEN 'yesterday' THEN 'day' ELSE replace(planned.period, 'last_', '') END;
  local_end timestamp;
BEGIN
  IF planned.period = 'all' THEN
    RETURN;
  ELSIF planned.period = 'new' THEN
    since := planned.exported_until;
    until := takeout.settled_until();
    -- Where a long transaction holds it back there is nothing new yet.
    until := greatest(until, since);
  ELSE
    local_end := date_trunc(unit, due AT TIME ZONE planned.zone);
    until := local_end AT TIME ZONE planned.zone;
    since := (local_end - format('1 %s', unit)::interval) AT TIME ZONE planned.zone;
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.run_period(takeout.schedules, timestamptz) IS
  'The period that a run of the schedule exports, on the clocks of its zone';

CREATE FUNCTION takeout.settled_until() RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  settled timestamptz;
BEGIN
  -- now() in a transaction is its start, so rows that it commits later carry no earlier time. Where sessions do not show
  -- theirs (track_activities) but are in one, it is after that of the session. The second is for a transaction that has begun
  -- and does not show yet.
  SELECT least(now(), min(CASE
    WHEN a.state IS DISTINCT FROM 'disabled' THEN a.xact_start
    WHEN EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'virtualxid') THEN a.backend_start
  END)) - interval '1 second'
  INTO settled
  FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND a.backend_type NOT IN ('autovacuum worker', 'parallel worker', 'walsender');
  -- After that, or one that is prepared between the two is in neither. What it began with is not known any more.
  IF EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = current_database()) THEN
    RAISE EXCEPTION 'cannot tell up to which time all rows are there'
      USING ERRCODE = '55000', DETAIL = 'There are prepared transactions in this database.',
            HINT = 'Commit or roll them back: pg_prepared_xacts lists them.';
  END IF;
  RETURN settled;
END
$$;
COMMENT ON FUNCTION takeout.settled_until() IS
  'A time before which no row is still to come: just before the start of the oldest transaction that runs in this database';

CREATE FUNCTION takeout.run_file(
  planned takeout.schedules, due timestamptz, since timestamptz, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  place record;
  path text := planned.file_name;
BEGIN
  -- What is put in stays one part of the path.
  FOR place IN
    SELECT * FROM (VALUES
      ('{date}', to_char(due AT TIME ZONE planned.zone, 'YYYY-MM-DD')),
      ('{time}', to_char(due AT TIME ZONE planned.zone, 'HH24MI')),
      ('{due}', to_char(due AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MI"Z"')),
      ('{since}', coalesce(to_char(since AT TIME ZONE planned.zone, 'YYYY-MM-DD'), 'start')),
      ('{until}', coalesce(to_char(until AT TIME ZONE planned.zone, 'YYYY-MM-DD'), 'end')),
      ('{extension}', planned.format || CASE planned.compression WHEN 'gzip' THEN '.gz' WHEN 'zstd' THEN '.zst' ELSE '' END),
      ('{schedule}', planned.name), ('{dataset}', planned.dataset), ('{tenant}', planned.tenant)) AS places (name, value)
  LOOP
    path := replace(path, place.name, regexp_replace(place.value, '[/\\{}[:cntrl:]]', '_', 'g'));
  END LOOP;
  PERFORM takeout.check_path(path);
  RETURN path;
END
$$;
COMMENT ON FUNCTION takeout.run_file(takeout.schedules, timestamptz, timestamptz, timestamptz) IS
  'The name of a run''s file below its destination';

CREATE FUNCTION takeout.check_file_owner(owner regrole, destination text, file text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- A file with the SHA-256 lies beside.
  IF EXISTS (SELECT FROM takeout.runs r
             WHERE r.destination = check_file_owner.destination AND r.removed_at IS NULL AND r.owner <> check_file_owner.owner
               AND r.file IN (check_file_owner.file, check_file_owner.file || '.sha256',
                              regexp_replace(check_file_owner.file, '\.sha256$', ''))) THEN
    RAISE EXCEPTION 'file "%" is that of another owner''s schedule', file USING ERRCODE = '22023';
  END IF;
END
$$;
COMMENT ON FUNCTION takeout.check_file_owner(regrole, text, text) IS
  'Raises an error where a run would replace a file that another owner''s run has made or makes';

CREATE FUNCTION takeout.foremost_runs() RETURNS SETOF bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- From schedule to schedule by the index, past all others that wait.
  WITH RECURSIVE foremost AS (
    (SELECT r.id, r.schedule FROM takeout.runs r
     WHERE r.state IN ('due', 'running', 'retrying') ORDER BY r.schedule, r.due LIMIT 1)
    UNION ALL
    SELECT n.id, n.schedule
    FROM foremost f CROSS JOIN LATERAL (
      SELECT r.id, r.schedule FROM takeout.runs r
      WHERE r.state IN ('due', 'running', 'retrying') AND r.schedule > f.schedule
      ORDER BY r.schedule, r.due LIMIT 1) n)
  SELECT f.id FROM foremost f;
END;
COMMENT ON FUNCTION takeout.foremost_runs() IS 'The first unfinished run of each schedule, for which the others wait';

CREATE FUNCTION takeout.claim_run(
  runner text, destinations text[], lease interval,
  OUT run bigint, OUT token bigint, OUT schedule text, OUT due timestamptz, OUT attempt integer,
  OUT dataset text, OUT format text, OUT tenant text, OUT columns text[], OUT options jsonb,
  OUT since timestamptz, OUT until timestamptz, OUT destination text, OUT file text,
  OUT compression text, OUT checksum boolean, OUT timeout_seconds integer, OUT state text, OUT error text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  claimed takeout.runs;
  lost text;
  planned takeout.schedules;
BEGIN
  IF lease IS NULL THEN
    RAISE EXCEPTION 'lease must not be NULL' USING ERRCODE = '22023';
  END IF;
  PERFORM takeout.plan_runs(destinations);
  -- The runs of a schedule one after the other, in the order of their times.
  SELECT * INTO claimed
  FROM takeout.runs r
  WHERE r.state IN ('due', 'running', 'retrying') AND r.not_before <= now()
    AND (r.state <> 'running' OR r.lease_until < now())
    AND r.destination = ANY (destinations) AND takeout.is_member(takeout.session_role(), r.tenant)
    AND r.id IN (SELECT takeout.foremost_runs())
  ORDER BY r.due, r.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO planned FROM takeout.schedules s WHERE s.id = claimed.schedule;
  IF claimed.state = 'running' THEN
    lost := pg_catalog.format('runner %s died or was cut off', claimed.runner);
  END IF;
  IF lost IS NOT NULL AND claimed.attempts >= planned.max_attempts THEN
    -- What killed the runners, or their server, would do so again.
    PERFORM takeout.end_run(claimed.id, 'failed', NULL, lost);
  ELSE
    UPDATE takeout.runs r SET
      state = 'running', token = r.token + 1, runner = claim_run.runner, lease_until = now() + lease,
      started_at = clock_timestamp(), attempts = r.attempts + 1, error = coalesce(lost, r.error)
    WHERE r.id = claimed.id
    RETURNING r.* INTO claimed;
    PERFORM takeout.prepare_run(claimed, planned);
  END IF;

  SELECT r.since, r.until, r.file, r.checksum, r.state, r.error INTO since, until, file, checksum, state, error
  FROM takeout.runs r WHERE r.id = claimed.id;
  run := claimed.id;
  token := claimed.token;
  schedule := claimed.name;
  due := claimed.due;
  attempt := claimed.attempts;
  dataset := planned.dataset;
  format := planned.format;
  tenant := planned.tenant;
  columns := planned.columns;
  options := planned.options;
  destination := claimed.destination;
  compression := planned.compression;
  timeout_seconds := ceil(extract(epoch FROM planned.timeout));
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION takeout.claim_run(text, text[], interval) IS
  'Takes the oldest run that is due, or whose runner is dead, and says what to export; no row where there is none, another state than running where it cannot be made';

CREATE FUNCTION takeout.prepare_run(claimed takeout.runs, planned takeout.schedules) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known takeout.datasets;
  period record;
  path text;
  code text;
  reason text;
BEGIN
  IF planned.id IS NULL THEN
    PERFORM takeout.end_run(claimed.id, 'failed', NULL, 'the schedule was removed');
  ELSIF NOT planned.enabled THEN
    PERFORM takeout.end_run(claimed.id, 'skipped', NULL, 'the schedule was disabled');
  ELSIF NOT takeout.is_member(planned.owner, planned.tenant) THEN
    PERFORM takeout.end_run(claimed.id, 'failed', '42501',
      format('the owner of the schedule is not a member of tenant "%s"', planned.tenant));
  ELSE
    SELECT * INTO known FROM takeout.datasets d WHERE d.name = planned.dataset;
    IF FOUND THEN
      PERFORM takeout.check_schedule_dataset(known, planned.format, planned.columns, planned.period);
    END IF;
    -- Every attempt makes the same file.
    IF claimed.file IS NULL THEN
      -- Fails the run where plan_runs could not go by cron and zone.
      PERFORM takeout.next_runs(planned.cron, planned.zone, 1);
      period := takeout.run_period(planned, claimed.due);
      path := takeout.run_file(planned, claimed.due, period.since, period.until);
      PERFORM takeout.check_file_owner(planned.owner, claimed.destination, path);
      UPDATE takeout.runs r SET
        since = period.since, until = period.until, file = path, keep = planned.keep, checksum = planned.checksum
      WHERE r.id = claimed.id;
    END IF;
  END IF;
EXCEPTION WHEN invalid_parameter_value OR object_not_in_prerequisite_state THEN
  GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, reason = MESSAGE_TEXT;
  PERFORM takeout.give_up_attempt(claimed, planned, code, reason);
END
$$;
COMMENT ON FUNCTION takeout.prepare_run(takeout.runs, takeout.schedules) IS
  'Fixes period and file name of a run that was claimed, or ends it or puts it off where it cannot be made';
