-- Which rows a run exports, what its file is called, and what becomes of runs that meet others, fail or are not wanted any more.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';
INSERT INTO takeout.members VALUES (current_user::regrole, 'acme');
CREATE TABLE regress_order (id int PRIMARY KEY, customer text NOT NULL, created_at timestamptz NOT NULL);
SELECT takeout.create_dataset('regress_order', 'orders', tenant_column => 'customer');

-- The period before a time, on the clocks of the zone; the hour that Helsinki's clocks skip on 29 March is no part of its day.
SELECT takeout.schedule(p, '30 2 * * *', 'orders', 'csv', 'reports', 'Europe/Helsinki', period => p, tenant => 'acme', enabled => false) > 0 AS made
FROM unnest('{all,yesterday,last_week,last_month,last_year}'::text[]) p;
SELECT s.name, p.since, p.until, p.until - p.since AS long
FROM takeout.schedules s, takeout.run_period(s, '2026-03-29 23:30Z') p ORDER BY s.id;
SELECT p.since, p.until FROM takeout.schedules s, takeout.run_period(s, '2027-01-01 00:30Z') p WHERE s.name = 'last_month';

-- Names of files: one part stays one part, and every attempt has the same.
SELECT takeout.schedule('a/b', '30 2 * * *', 'orders', 'jsonl', 'reports', 'Europe/Helsinki', tenant => 'acme', enabled => false, compression => 'zstd',
  file_name => '{tenant}/{dataset}/{schedule}-{date}-{time}-{due}-{since}-{until}.{extension}') > 0 AS made;
SELECT takeout.run_file(s, '2026-03-29 23:30Z', '2026-03-28 22:00Z', '2026-03-29 21:00Z') FROM takeout.schedules s WHERE name = 'a/b';
SELECT takeout.run_file(s, '2026-03-29 23:30Z', NULL, NULL) FROM takeout.schedules s WHERE name = 'a/b';
SELECT count(takeout.unschedule(name)) AS removed FROM takeout.schedules;

-- Due while the run before goes on: skipped, or made after it.
SELECT takeout.schedule(o, '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', overlap => o, catch_up => 'all') > 0 AS made
FROM unnest('{skip,queue}'::text[]) o;
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC') - interval '1 year';
SELECT schedule FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT schedule FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT schedule FROM takeout.claim_run('other', '{reports}', '1 hour');
DELETE FROM takeout.runs WHERE due = date_trunc('year', now(), 'UTC');
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC');
SELECT schedule FROM takeout.claim_run('other', '{reports}', '1 hour');
SELECT name, state, error FROM takeout.runs ORDER BY name, due;
SELECT name, running, retrying, failed, last_success IS NOT NULL AS succeeded, overdue FROM takeout.schedule_health ORDER BY name;
SELECT takeout.finish_run(id, token, 0, 0, 0, NULL) FROM takeout.runs WHERE name = 'queue' AND state = 'running';
SELECT schedule, due = date_trunc('year', now(), 'UTC') AS the_later FROM takeout.claim_run('other', '{reports}', '1 hour');

-- Attempts are twice as far apart each time, an hour at most, and as many as there may be.
UPDATE takeout.schedules SET max_attempts = 9, retry_delay = '1 minute' WHERE name = 'queue';
CREATE FUNCTION regress_fail(nth int) RETURNS TABLE (state text, waits interval) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE takeout.runs r SET state = 'running', attempts = attempts + (r.state = 'retrying')::int WHERE r.name = 'queue' AND r.finished_at IS NULL;
  PERFORM takeout.fail_run(id, token, '53300', 'too many connections') FROM takeout.runs r WHERE r.name = 'queue' AND r.state = 'running';
  RETURN QUERY SELECT r.state, date_trunc('minute', r.not_before - clock_timestamp() + interval '30 s')
               FROM takeout.runs r WHERE r.name = 'queue' ORDER BY r.due DESC LIMIT 1;
END $$;
SELECT f.state, f.waits FROM generate_series(1, 8) n, regress_fail(n) f;
SELECT name, running, retrying, failed FROM takeout.schedule_health WHERE name = 'queue';
SELECT state FROM regress_fail(9);
SELECT name, retrying, failed, last_success IS NOT NULL AS succeeded, last_error FROM takeout.schedule_health WHERE name = 'queue';
-- One that nobody comes for is overdue, as is one whose runner went silent.
UPDATE takeout.runs SET lease_until = now() - interval '6 minutes' WHERE state = 'running';
UPDATE takeout.schedules SET next_due = now() - interval '6 minutes' WHERE name = 'queue';
SELECT name, overdue, running FROM takeout.schedule_health ORDER BY name;

-- A run that waits for a schedule that is disabled or removed is not made.
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC'), enabled = true;
DELETE FROM takeout.runs;
SELECT takeout.plan_runs('{reports}');
SELECT takeout.schedule('skip', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', enabled => false) > 0 AS disabled;
SELECT takeout.unschedule('queue');
SELECT name, state, error, finished_at IS NOT NULL AS finished FROM takeout.runs ORDER BY name;
SELECT count(*) FROM takeout.claim_run('me', '{reports}', '1 hour');

SELECT takeout.unschedule('skip');
DELETE FROM takeout.runs;

-- Period new goes by instants: of a day or of clocks without a zone it cannot tell which rows are still to come.
CREATE DOMAIN regress_instant AS timestamptz;
CREATE TABLE regress_times (id int PRIMARY KEY, day date, clock timestamp, instant regress_instant);
SELECT takeout.create_dataset('regress_times', 'times', time_column => 'day', tenant => 'acme');
SELECT takeout.schedule('n', '@yearly', 'times', 'csv', 'reports', period => 'new');
SELECT takeout.schedule('n', '@yearly', 'times', 'csv', 'reports', period => 'yesterday') > 0 AS made;
SELECT takeout.alter_dataset('times', time_column => 'clock');
SELECT takeout.schedule('n', '@yearly', 'times', 'csv', 'reports', period => 'new');
SELECT takeout.alter_dataset('times', time_column => 'instant');
SELECT takeout.schedule('n', '@yearly', 'times', 'csv', 'reports', period => 'new') > 0 AS made;
-- It is looked at by each attempt, and found under its new name.
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC');
SELECT dataset, state, until IS NOT NULL AS until FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.fail_run(id, token, '53300', 'too many connections') FROM takeout.runs;
UPDATE takeout.runs SET not_before = now();
SELECT takeout.alter_dataset('times', new_name => 'clocks', time_column => 'clock');
SELECT dataset, state, error FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.unschedule('n');
SELECT takeout.drop_dataset('clocks');
DROP TABLE regress_times;
DROP DOMAIN regress_instant;
DELETE FROM takeout.runs;

-- A file is its owner's until it is removed, whoever names it, and so is the file with its SHA-256.
CREATE ROLE regress_takeout_b;
INSERT INTO takeout.members VALUES ('regress_takeout_b', 'other');
SELECT takeout.schedule('a', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', file_name => 'orders.csv', checksum => true, keep => '1 day') > 0 AS made;
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC');
SELECT schedule, file, state FROM takeout.claim_run('me', '{reports}', '1 hour');
SET SESSION AUTHORIZATION regress_takeout_b;
SELECT takeout.schedule('b', '@yearly', 'orders', 'csv', 'reports', file_name => 'orders.csv', keep => '0') > 0 AS made;
SELECT takeout.schedule('c', '@yearly', 'orders', 'csv', 'reports', file_name => 'orders.csv.sha256') > 0 AS made;
SELECT takeout.schedule('d', '@yearly', 'orders', 'csv', 'elsewhere', file_name => 'orders.csv') > 0 AS made;
RESET SESSION AUTHORIZATION;
INSERT INTO takeout.members VALUES (current_user::regrole, 'other');
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC') WHERE name <> 'a';
SELECT count(*) AS claimed FROM generate_series(1, 3) n, takeout.claim_run('me', '{reports,elsewhere}', n * interval '1 hour');
SELECT name, file, state, error_code, error FROM takeout.runs ORDER BY name;

-- A runner of another tenant has nothing to say.
SELECT takeout.allow_runner('regress_takeout_b');
SELECT id AS run FROM takeout.runs WHERE name = 'a' \gset
SET SESSION AUTHORIZATION regress_takeout_b;
SELECT takeout.renew_run(:run, 1, '1 hour') AS renewed, takeout.finish_run(:run, 1, 0, 0, 0, NULL) AS finished,
       takeout.fail_run(:run, 1, '53300', 'x') AS failed, takeout.release_run(:run, 1) AS released;
RESET SESSION AUTHORIZATION;
SELECT state, row_count FROM takeout.runs WHERE name = 'a';
SELECT takeout.finish_run(id, token, 0, 0, 0, NULL) FROM takeout.runs WHERE name = 'a';
UPDATE takeout.runs SET finished_at = now() - interval '25 hours' WHERE name = 'a';
SET SESSION AUTHORIZATION regress_takeout_b;
SELECT count(*) AS expired FROM takeout.expired_files('{reports}');
SELECT takeout.forget_file(:run);
RESET SESSION AUTHORIZATION;
SELECT destination, file, checksum FROM takeout.expired_files('{reports}');

-- Files are removed when their schedule is gone, as long after as it said last; a file that was replaced is not there any more.
SELECT takeout.schedule('a', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', file_name => 'orders.csv', keep => '2 days') > 0 AS changed;
SELECT count(*) AS expired FROM takeout.expired_files('{reports}');
UPDATE takeout.runs SET due = due - interval '1 year' WHERE name = 'a';
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC') WHERE name = 'a';
SELECT schedule, file, state FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.finish_run(id, token, 0, 0, 0, NULL) FROM takeout.runs WHERE name = 'a' AND state = 'running';
UPDATE takeout.runs SET finished_at = now() - interval '49 hours' WHERE name = 'a' AND removed_at IS NULL;
SELECT takeout.unschedule('a');
SELECT file, checksum FROM takeout.expired_files('{reports}');
SELECT takeout.forget_file(run) FROM takeout.expired_files('{reports}');
SELECT name, state, removed_at IS NOT NULL AS removed FROM takeout.runs WHERE name = 'a' ORDER BY due;
-- Now the name is free.
UPDATE takeout.runs SET due = due - interval '1 year' WHERE name = 'b';
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC') WHERE name = 'b';
SELECT schedule, file, state FROM takeout.claim_run('me', '{reports}', '1 hour');

-- A role that is gone is no member any more, and its schedules export nothing.
DELETE FROM takeout.runs;
UPDATE takeout.schedules SET next_due = date_trunc('year', now(), 'UTC') WHERE name = 'd';
DROP OWNED BY regress_takeout_b;
DROP ROLE regress_takeout_b;
SELECT schedule, state, error FROM takeout.claim_run('me', '{elsewhere}', '1 hour');
SELECT count(takeout.unschedule(name)) AS removed FROM takeout.schedules;
DELETE FROM takeout.runs;
DELETE FROM takeout.members WHERE tenant = 'other';

-- Of a schedule whose runs pile up only the first is looked at.
SELECT takeout.schedule('pile', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', catch_up => 'all', overlap => 'queue') > 0 AS made;
INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before)
SELECT id, name, owner, tenant, destination, '2020-01-01Z'::timestamptz + n * interval '1 minute', 'due', '2020-01-01Z'
FROM takeout.schedules, generate_series(1, 1000) n;
SELECT r.due FROM takeout.foremost_runs() f JOIN takeout.runs r ON r.id = f;
SELECT due FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT due FROM takeout.claim_run('other', '{reports}', '1 hour');
SELECT takeout.unschedule('pile');
DELETE FROM takeout.runs;
DELETE FROM takeout.members WHERE role = current_user::regrole AND tenant = 'acme';
DROP FUNCTION regress_fail(int);
SELECT takeout.drop_dataset('orders');
DROP TABLE regress_order;
