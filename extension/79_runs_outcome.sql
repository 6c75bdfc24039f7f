-- What the program takeout tells of its runs: that it still has one, how it ended; and what it asks besides.

CREATE FUNCTION takeout.end_run(run bigint, state text, code text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE takeout.runs r SET
    state = end_run.state, finished_at = clock_timestamp(), lease_until = NULL, error_code = code, error = reason
  WHERE r.id = run;
  PERFORM takeout.tell_of_run(run);
END
$$;
COMMENT ON FUNCTION takeout.end_run(bigint, text, text, text) IS 'Ends a run for good';

CREATE FUNCTION takeout.tell_of_run(run bigint) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT pg_notify('takeout_runs', json_build_object('run', r.id, 'schedule', r.name, 'due', r.due, 'state', r.state)::text)
  FROM takeout.runs r WHERE r.id = run;
END;
COMMENT ON FUNCTION takeout.tell_of_run(bigint) IS 'NOTIFY takeout_runs of what became of a run; names only, because anybody may listen';

CREATE FUNCTION takeout.give_up_attempt(claimed takeout.runs, planned takeout.schedules, code text, reason text) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Another attempt would not find it otherwise: wrong arguments, no rights, nothing of that name, too large.
  IF planned.id IS NULL OR NOT planned.enabled OR claimed.attempts >= planned.max_attempts OR code ~ '^(0A|22|28|42|54)' THEN
    PERFORM takeout.end_run(claimed.id, 'failed', code, reason);
    RETURN 'failed';
  END IF;
  UPDATE takeout.runs r SET
    state = 'retrying', lease_until = NULL, error_code = code, error = reason,
    not_before = clock_timestamp()
      + least(planned.retry_delay * power(2, least(claimed.attempts - 1, 20)), greatest(planned.retry_delay, interval '1 hour'))
  WHERE r.id = claimed.id;
  PERFORM takeout.tell_of_run(claimed.id);
  RETURN 'retrying';
END
$$;
COMMENT ON FUNCTION takeout.give_up_attempt(takeout.runs, takeout.schedules, text, text) IS
  'Puts a run off until its next attempt, or ends it where no attempt is left or none would help';

CREATE FUNCTION takeout.renew_run(run bigint, token bigint, lease interval) RETURNS boolean
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH renewed AS (
    UPDATE takeout.runs r SET lease_until = now() + lease
    WHERE r.id = renew_run.run AND r.token = renew_run.token AND r.state = 'running'
      AND takeout.is_member(takeout.session_role(), r.tenant)
    RETURNING r.id)
  SELECT EXISTS (SELECT FROM renewed);
END;
COMMENT ON FUNCTION takeout.renew_run(bigint, bigint, interval) IS
  'Keeps a run; false where it is somebody else''s by now: then nothing may be delivered any more';

CREATE FUNCTION takeout.finish_run(
  run bigint, token bigint, row_count bigint, bytes bigint, file_bytes bigint, sha256 text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  finished takeout.runs;
BEGIN
  -- In the order in which takeout.schedule() locks them.
  PERFORM FROM takeout.schedules s
  WHERE s.id = (SELECT r.schedule FROM takeout.runs r WHERE r.id = finish_run.run) FOR UPDATE;
  UPDATE takeout.runs r SET
    (row_count, bytes, file_bytes, sha256, error, error_code) =
    (finish_run.row_count, finish_run.bytes, finish_run.file_bytes, finish_run.sha256, NULL, NULL)
  WHERE r.id = finish_run.run AND r.token = finish_run.token AND r.state = 'running'
    AND takeout.is_member(takeout.session_role(), r.tenant)
  RETURNING r.* INTO finished;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM takeout.end_run(finished.id, 'succeeded', NULL, NULL);
  UPDATE takeout.runs r SET removed_at = clock_timestamp()
  WHERE r.destination = finished.destination AND r.file = finished.file AND r.removed_at IS NULL
    AND r.id <> finished.id AND r.state = 'succeeded';
  UPDATE takeout.schedules s SET exported_until = greatest(s.exported_until, finished.until)
  WHERE s.id = finished.schedule AND s.period = 'new';
  RETURN true;
END
$$;
COMMENT ON FUNCTION takeout.finish_run(bigint, bigint, bigint, bigint, bigint, text) IS
  'Says that a run succeeded; false where it is somebody else''s by now';

CREATE FUNCTION takeout.fail_run(run bigint, token bigint, code text, reason text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  failed takeout.runs;
  planned takeout.schedules;
BEGIN
  SELECT * INTO failed FROM takeout.runs r
  WHERE r.id = fail_run.run AND r.token = fail_run.token AND r.state = 'running'
    AND takeout.is_member(takeout.session_role(), r.tenant) FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT * INTO planned FROM takeout.schedules s WHERE s.id = failed.schedule;
  RETURN takeout.give_up_attempt(failed, planned, code, reason);
END
$$;
COMMENT ON FUNCTION takeout.fail_run(bigint, bigint, text, text) IS
  'Says why an attempt failed; returns retrying or failed, NULL where the run is somebody else''s by now';

CREATE FUNCTION takeout.release_run(run bigint, token bigint) RETURNS boolean
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH released AS (
    UPDATE takeout.runs r SET state = 'due', attempts = r.attempts - 1, lease_until = NULL
    WHERE r.id = release_run.run AND r.token = release_run.token AND r.state = 'running'
      AND takeout.is_member(takeout.session_role(), r.tenant)
    RETURNING pg_notify('takeout', 'runs'))
  SELECT EXISTS (SELECT FROM released);
END;
COMMENT ON FUNCTION takeout.release_run(bigint, bigint) IS
  'Gives a run back before it is made: its runner shuts down, another takes it at once';

CREATE FUNCTION takeout.next_wakeup(destinations text[]) RETURNS interval
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT greatest(min(t.instant) - clock_timestamp(), '0')
  FROM (SELECT s.next_due FROM takeout.schedules s
        WHERE s.enabled AND s.destination = ANY (destinations) AND s.next_due < 'infinity'
          AND takeout.is_member(takeout.session_role(), s.tenant)
        UNION ALL
        SELECT CASE r.state WHEN 'running' THEN r.lease_until ELSE r.not_before END FROM takeout.runs r
        WHERE r.state IN ('due', 'running', 'retrying') AND r.destination = ANY (destinations)
          AND takeout.is_member(takeout.session_role(), r.tenant)
          AND r.id IN (SELECT takeout.foremost_runs())) AS t (instant);
END;
COMMENT ON FUNCTION takeout.next_wakeup(text[]) IS
  'How long it is until something may be there to be claimed; NULL where nothing is scheduled';

CREATE FUNCTION takeout.expired_files(destinations text[], OUT run bigint, OUT destination text, OUT file text, OUT checksum boolean)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT r.id, r.destination, r.file, r.checksum
  FROM takeout.runs r
  WHERE r.state = 'succeeded' AND r.removed_at IS NULL AND r.keep IS NOT NULL
    AND (r.finished_at AT TIME ZONE 'UTC') + r.keep < now() AT TIME ZONE 'UTC'
    AND r.destination = ANY (destinations) AND takeout.is_member(takeout.session_role(), r.tenant)
    -- A name that a later run used again is that one's file.
    AND NOT EXISTS (SELECT FROM takeout.runs l
                    WHERE l.destination = r.destination AND l.file = r.file AND l.id <> r.id AND l.removed_at IS NULL
                      AND (l.state IN ('due', 'running', 'retrying') OR l.finished_at >= r.finished_at))
  -- In any order: those that cannot be removed are not always the first.
  ORDER BY random() LIMIT 1000;
END;
COMMENT ON FUNCTION takeout.expired_files(text[]) IS
  'Files that have been kept as long as their schedules said';

CREATE FUNCTION takeout.forget_file(run bigint) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE takeout.runs r SET removed_at = clock_timestamp()
  WHERE r.id = forget_file.run AND takeout.is_member(takeout.session_role(), r.tenant);
END;
COMMENT ON FUNCTION takeout.forget_file(bigint) IS 'Records that the file of a run was removed';

CREATE FUNCTION takeout.allow_runner(role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION takeout.claim_run, takeout.renew_run, takeout.finish_run, takeout.fail_run, '
                 'takeout.release_run, takeout.next_wakeup, takeout.expired_files, takeout.forget_file TO %s', role);
END
$$;
COMMENT ON FUNCTION takeout.allow_runner(regrole) IS
  'Lets a role run the schedules of all tenants that it is a member of: for the program takeout; an administrator calls it';
