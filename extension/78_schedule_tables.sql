-- Schedules: exports that the program takeout makes when they are due, and the record of its runs. 78_scheduling.sql writes
-- the first, 79_runs.sql and 79_runs_outcome.sql the second; whoever owns a schedule may read both.

CREATE SEQUENCE takeout.schedule_ids;
COMMENT ON SEQUENCE takeout.schedule_ids IS 'Numbers of schedules';

CREATE TABLE takeout.schedules (
  id             bigint PRIMARY KEY DEFAULT nextval('takeout.schedule_ids'),
  name           text NOT NULL UNIQUE
                 CHECK (octet_length(name) BETWEEN 1 AND 63 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
  owner          regrole NOT NULL,
  enabled        boolean NOT NULL,
  cron           text NOT NULL,
  zone           text NOT NULL,
  dataset        text NOT NULL,
  format         text NOT NULL CHECK (format IN ('csv', 'json', 'jsonl', 'xlsx')),
  tenant         text NOT NULL,
  period         text NOT NULL
                 CHECK (period IN ('all', 'yesterday', 'last_week', 'last_month', 'last_year', 'new')),
  columns        text[],
  options        jsonb,
  destination    text NOT NULL CHECK (destination ~ '^[A-Za-z0-9_-]{1,63}$'),
  file_name      text NOT NULL,
  compression    text NOT NULL CHECK (compression IN ('none', 'gzip', 'zstd')),
  checksum       boolean NOT NULL,
  catch_up       text NOT NULL CHECK (catch_up IN ('skip', 'once', 'all')),
  overlap        text NOT NULL CHECK (overlap IN ('skip', 'queue')),
  max_attempts   integer NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
  retry_delay    interval NOT NULL CHECK (retry_delay BETWEEN '1 second' AND '1 day'),
  timeout        interval NOT NULL CHECK (timeout BETWEEN '1 second' AND '30 days'),
  keep           interval CHECK (keep BETWEEN '0' AND '1000 years'),
  next_due       timestamptz NOT NULL,
  exported_until timestamptz
);
COMMENT ON TABLE takeout.schedules IS
  'Exports to be made again and again: written by takeout.schedule and takeout.unschedule, run by the program takeout';
COMMENT ON COLUMN takeout.schedules.id IS 'Stays the same while the schedule is changed';
COMMENT ON COLUMN takeout.schedules.name IS 'How people name it';
COMMENT ON COLUMN takeout.schedules.owner IS 'The role that made it; it must be a member of the tenant whenever the schedule runs';
COMMENT ON COLUMN takeout.schedules.enabled IS 'Whether it runs';
COMMENT ON COLUMN takeout.schedules.cron IS 'When it is due, as next_runs reads it';
COMMENT ON COLUMN takeout.schedules.zone IS 'The IANA zone on whose clocks it is due and whose days its period has';
COMMENT ON COLUMN takeout.schedules.dataset IS 'What it exports';
COMMENT ON COLUMN takeout.schedules.format IS 'csv, json, jsonl or xlsx';
COMMENT ON COLUMN takeout.schedules.tenant IS 'Whose rows';
COMMENT ON COLUMN takeout.schedules.period IS
  'Which rows, by the dataset''s time column: all, the whole day, week, month or year before it is due, or new: what the last success did not have';
COMMENT ON COLUMN takeout.schedules.columns IS 'Columns in the order wanted; NULL is all';
COMMENT ON COLUMN takeout.schedules.options IS 'Options of the format';
COMMENT ON COLUMN takeout.schedules.destination IS 'Where files go: a name that the runner''s takeout.toml explains';
COMMENT ON COLUMN takeout.schedules.file_name IS
  'Name of the file below the destination, with {schedule}, {dataset}, {tenant}, {date}, {time}, {due}, {since}, {until}, {extension}';
COMMENT ON COLUMN takeout.schedules.compression IS 'none, gzip or zstd';
COMMENT ON COLUMN takeout.schedules.checksum IS 'Whether a file with the SHA-256 goes beside';
COMMENT ON COLUMN takeout.schedules.catch_up IS 'What becomes of runs that nobody was there for: skip, once (the last of them), all';
COMMENT ON COLUMN takeout.schedules.overlap IS 'What becomes of a run that is due while another goes on: skip or queue';
COMMENT ON COLUMN takeout.schedules.max_attempts IS 'How often a run is tried';
COMMENT ON COLUMN takeout.schedules.retry_delay IS 'How long to wait after the first failure; twice as long after each more, an hour at most';
COMMENT ON COLUMN takeout.schedules.timeout IS 'How long one attempt may take';
COMMENT ON COLUMN takeout.schedules.keep IS 'How long files stay at a destination that is a directory; NULL is for ever';
COMMENT ON COLUMN takeout.schedules.next_due IS 'The first time it is due for which there is no run yet; infinity where the calendar ends';
COMMENT ON COLUMN takeout.schedules.exported_until IS 'Where the next run of period new begins';

CREATE SEQUENCE takeout.run_ids;
COMMENT ON SEQUENCE takeout.run_ids IS 'Numbers of runs';

CREATE TABLE takeout.runs (
  id            bigint PRIMARY KEY DEFAULT nextval('takeout.run_ids'),
  schedule      bigint NOT NULL,
  name          text NOT NULL,
  owner         regrole NOT NULL,
  tenant        text NOT NULL,
  destination   text NOT NULL,
  due           timestamptz NOT NULL,
  state         text NOT NULL CHECK (state IN ('due', 'running', 'retrying', 'succeeded', 'failed', 'skipped')),
  attempts      integer NOT NULL DEFAULT 0,
  not_before    timestamptz NOT NULL,
  token         bigint NOT NULL DEFAULT 0,
  runner        text,
  lease_until   timestamptz,
  since         timestamptz,
  until         timestamptz,
  file          text,
  checksum      boolean,
  keep          interval,
  started_at    timestamptz,
  finished_at   timestamptz,
  row_count     bigint,
  bytes         bigint,
  file_bytes    bigint,
  sha256        text,
  error_code    text,
  error         text,
  removed_at    timestamptz,
  CONSTRAINT runs_once_a_due_time UNIQUE (schedule, due)
);
CREATE INDEX runs_unfinished ON takeout.runs (schedule, due) WHERE state IN ('due', 'running', 'retrying');
-- As plan_run asks, past all that wait.
CREATE INDEX runs_going ON takeout.runs (schedule, due) WHERE state IN ('running', 'retrying');
CREATE INDEX runs_begun ON takeout.runs (schedule, due) WHERE started_at IS NOT NULL;
CREATE INDEX runs_succeeded ON takeout.runs (schedule, due) WHERE state = 'succeeded';
CREATE INDEX runs_failed ON takeout.runs (schedule, due) WHERE state = 'failed';
CREATE INDEX runs_latest ON takeout.runs (due DESC, id DESC);
CREATE INDEX runs_files ON takeout.runs (destination, file) WHERE file IS NOT NULL AND removed_at IS NULL;
-- As expired_files asks.
CREATE INDEX runs_kept ON takeout.runs (((finished_at AT TIME ZONE 'UTC') + keep))
  WHERE state = 'succeeded' AND removed_at IS NULL AND keep IS NOT NULL;
COMMENT ON TABLE takeout.runs IS
  'Each time that a schedule was due, and what became of it; an administrator may delete rows that nobody needs any more';
COMMENT ON COLUMN takeout.runs.id IS 'Number';
COMMENT ON COLUMN takeout.runs.schedule IS 'takeout.schedules.id';
COMMENT ON COLUMN takeout.runs.name IS 'The schedule''s name then';
COMMENT ON COLUMN takeout.runs.owner IS 'The schedule''s owner then';
COMMENT ON COLUMN takeout.runs.tenant IS 'The schedule''s tenant then';
COMMENT ON COLUMN takeout.runs.destination IS 'The schedule''s destination then';
COMMENT ON COLUMN takeout.runs.due IS 'When it was due';
COMMENT ON COLUMN takeout.runs.state IS 'due, running, retrying (waits for another attempt), succeeded, failed or skipped';
COMMENT ON COLUMN takeout.runs.attempts IS 'How often it was tried; an attempt whose runner died counts';
COMMENT ON COLUMN takeout.runs.not_before IS 'When the next attempt may begin';
COMMENT ON COLUMN takeout.runs.token IS 'Fencing token: of several runners that think the run is theirs only the one with this number may say how it ended';
COMMENT ON COLUMN takeout.runs.runner IS 'Host and process that has it or had it';
COMMENT ON COLUMN takeout.runs.lease_until IS 'Another runner may take it over then, unless its runner renews this';
COMMENT ON COLUMN takeout.runs.since IS 'First time exported; NULL is from the beginning';
COMMENT ON COLUMN takeout.runs.until IS 'End of the times exported, itself not; NULL is to the end';
COMMENT ON COLUMN takeout.runs.file IS 'Name of the file, the same for every attempt';
COMMENT ON COLUMN takeout.runs.checksum IS 'Whether a file with the SHA-256 goes beside';
COMMENT ON COLUMN takeout.runs.keep IS 'How long the file stays, as the schedule said last';
COMMENT ON COLUMN takeout.runs.started_at IS 'Begin of the last attempt';
COMMENT ON COLUMN takeout.runs.finished_at IS 'When it succeeded, failed or was skipped';
COMMENT ON COLUMN takeout.runs.row_count IS 'Rows exported';
COMMENT ON COLUMN takeout.runs.bytes IS 'Bytes exported, before compression';
COMMENT ON COLUMN takeout.runs.file_bytes IS 'Size of the file';
COMMENT ON COLUMN takeout.runs.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN takeout.runs.error_code IS 'SQLSTATE of the last failure; NULL where it was not the server''s';
COMMENT ON COLUMN takeout.runs.error IS 'The last failure, or why it was skipped';
COMMENT ON COLUMN takeout.runs.removed_at IS 'When the file had been kept long enough and was removed, or a later run made one of that name';

-- Whoever has the rights of a schedule's owner sees it and its runs. Nobody writes but the functions.
GRANT SELECT ON takeout.schedules, takeout.runs TO PUBLIC;
ALTER TABLE takeout.schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE takeout.runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_schedules ON takeout.schedules FOR SELECT USING (pg_catalog.pg_has_role(owner::oid, 'USAGE'));
CREATE POLICY own_runs ON takeout.runs FOR SELECT USING (pg_catalog.pg_has_role(owner::oid, 'USAGE'));

CREATE VIEW takeout.schedule_health AS
  SELECT s.name, s.dataset, s.tenant, s.destination, s.enabled, s.next_due,
         coalesce(unfinished.waits_since < now() - interval '5 minutes', false)
           OR (s.enabled AND s.next_due < now() - interval '5 minutes') AS overdue,
         coalesce(unfinished.running, false) AS running,
         coalesce(unfinished.retrying, false) AS retrying,
         success.finished_at AS last_success,
         failure.finished_at AS last_failure,
         failure.error AS last_error,
         failure.finished_at IS NOT NULL
           AND coalesce(failure.due > success.due, true) AS failed
  FROM takeout.schedules s
  LEFT JOIN LATERAL (
    SELECT bool_or(r.state = 'running') AS running, bool_or(r.state = 'retrying') AS retrying,
           -- The others wait for the first.
           (array_agg(CASE r.state WHEN 'running' THEN r.lease_until ELSE r.not_before END ORDER BY r.due))[1] AS waits_since
    FROM takeout.runs r
    WHERE r.schedule = s.id AND r.state IN ('due', 'running', 'retrying')) unfinished ON true
  LEFT JOIN LATERAL (
    SELECT r.finished_at, r.due
    FROM takeout.runs r WHERE r.schedule = s.id AND r.state = 'succeeded' ORDER BY r.due DESC LIMIT 1) success ON true
  LEFT JOIN LATERAL (
    SELECT r.finished_at, r.due, r.error
    FROM takeout.runs r WHERE r.schedule = s.id AND r.state = 'failed' ORDER BY r.due DESC LIMIT 1) failure ON true;
COMMENT ON VIEW takeout.schedule_health IS
  'How each schedule fares: for pg_monitor, and whom the DBA grants it to';
COMMENT ON COLUMN takeout.schedule_health.name IS 'The schedule';
COMMENT ON COLUMN takeout.schedule_health.dataset IS 'What it exports';
COMMENT ON COLUMN takeout.schedule_health.tenant IS 'Whose rows';
COMMENT ON COLUMN takeout.schedule_health.destination IS 'Where files go';
COMMENT ON COLUMN takeout.schedule_health.enabled IS 'Whether it runs';
COMMENT ON COLUMN takeout.schedule_health.next_due IS 'When it is due next';
COMMENT ON COLUMN takeout.schedule_health.overdue IS 'Whether a run waits for a runner for more than five minutes';
COMMENT ON COLUMN takeout.schedule_health.running IS 'Whether a run goes on';
COMMENT ON COLUMN takeout.schedule_health.retrying IS 'Whether a run waits for another attempt';
COMMENT ON COLUMN takeout.schedule_health.last_success IS 'When a run succeeded last';
COMMENT ON COLUMN takeout.schedule_health.last_failure IS 'When a run failed last, all of its attempts';
COMMENT ON COLUMN takeout.schedule_health.last_error IS 'Why it did';
COMMENT ON COLUMN takeout.schedule_health.failed IS 'Whether no later run has succeeded since';
GRANT SELECT ON takeout.schedule_health TO pg_monitor;

-- As for members: a row of a role that is gone would be another role's where it is restored.
SELECT pg_catalog.pg_extension_config_dump(
  'takeout.schedules', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) owner)');
SELECT pg_catalog.pg_extension_config_dump(
  'takeout.runs', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) owner)');
SELECT pg_catalog.pg_extension_config_dump('takeout.schedule_ids', '');
SELECT pg_catalog.pg_extension_config_dump('takeout.run_ids', '');
