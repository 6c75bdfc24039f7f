-- What becomes of runs whose schedule is changed or disabled meanwhile, whose runner dies, or that were due while another went on.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
INSERT INTO takeout.members VALUES (current_user::regrole, 'acme'), (current_user::regrole, 'other');
CREATE TABLE regress_order (id int PRIMARY KEY, customer text NOT NULL, created_at timestamptz NOT NULL);
SELECT takeout.create_dataset('regress_order', 'orders', tenant_column => 'customer');
CREATE FUNCTION regress_due(name text, due timestamptz DEFAULT date_trunc('year', now(), 'UTC')) RETURNS void LANGUAGE sql AS $$
  UPDATE takeout.schedules s SET next_due = regress_due.due WHERE s.name = regress_due.name $$;

-- Whoever makes a run of a schedule that makes other files now has it no more; what is made next is of the new schedule alone.
SELECT takeout.schedule('moved', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', period => 'new', file_name => '{tenant}/x.{extension}') > 0 AS made;
SELECT regress_due('moved');
SELECT token, attempt, tenant, file, until IS NOT NULL AS ends FROM takeout.claim_run('me', '{reports,elsewhere}', '1 hour');
SELECT takeout.schedule('moved', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', period => 'new', file_name => '{tenant}/x.{extension}',
  keep => '1 day', max_attempts => 3) > 0 AS changed;
SELECT state, token, takeout.renew_run(id, 1, '1 hour') AS goes_on FROM takeout.runs;
SELECT takeout.schedule('moved', '@yearly', 'orders', 'json', 'elsewhere', tenant => 'other', period => 'new', file_name => '{tenant}/x.{extension}') > 0 AS changed;
SELECT state, token, attempts, lease_until, tenant, destination, file, since, until FROM takeout.runs;
SELECT takeout.renew_run(id, 1, '1 hour') AS renewed, takeout.release_run(id, 1) AS released, takeout.fail_run(id, 1, '53300', 'x') AS failed,
  takeout.finish_run(id, 1, 0, 0, 0, NULL) AS finished FROM takeout.runs;
SELECT token, attempt, tenant, destination, file FROM takeout.claim_run('me', '{reports,elsewhere}', '1 hour');
-- The same where it waits for another attempt.
SELECT takeout.fail_run(id, 3, '53300', 'too many connections') FROM takeout.runs;
SELECT takeout.schedule('moved', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', period => 'last_year', file_name => 'x.csv') > 0 AS changed;
SELECT state, token, attempts, tenant, file, until FROM takeout.runs;
UPDATE takeout.runs SET not_before = now();
SELECT token, attempt, tenant, file, until = due AS ends FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.finish_run(r.id, 4, 0, 0, 0, NULL) FROM takeout.runs r;
SELECT takeout.unschedule('moved');
DELETE FROM takeout.runs;

-- A runner that died has failed to make it; another one does at once, as often as that may be.
SELECT takeout.schedule('deadly', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', max_attempts => 2) > 0 AS made;
SELECT regress_due('deadly');
SELECT token, attempt, state FROM takeout.claim_run('first', '{reports}', '-1 second');
SELECT token, attempt, state FROM takeout.claim_run('second', '{reports}', '-1 second');
SELECT state, attempts, error FROM takeout.runs;
SELECT takeout.finish_run(id, 1, 0, 0, 0, NULL) AS delivered_late FROM takeout.runs;
SELECT attempt, state, error FROM takeout.claim_run('third', '{reports}', '1 hour');
SELECT name, failed, last_error FROM takeout.schedule_health;
SELECT takeout.claim_run('third', '{reports}', NULL);
SELECT takeout.unschedule('deadly');
DELETE FROM takeout.runs;

-- Disabled while it runs: it ends as it ends, and is not tried again.
SELECT takeout.schedule('disabled', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme') > 0 AS made;
SELECT regress_due('disabled');
SELECT state FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.schedule('disabled', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', enabled => false) > 0 AS disabled;
SELECT state, takeout.renew_run(id, token, '1 hour') AS goes_on FROM takeout.runs;
SELECT takeout.fail_run(id, token, '53300', 'too many connections') FROM takeout.runs;
UPDATE takeout.runs SET state = 'retrying', finished_at = NULL;
SELECT state, error FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT takeout.unschedule('disabled');
DELETE FROM takeout.runs;

-- One that was due while another went on is skipped by a runner that comes to it only afterwards; not one that was due later.
SELECT takeout.schedule(c, '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', catch_up => c) > 0 AS made FROM unnest('{all,skip}'::text[]) c;
INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before, started_at, finished_at)
SELECT id, name, owner, tenant, destination, y - interval '1 year', 'succeeded', y, y - interval '1 hour', y + interval '1 hour'
FROM takeout.schedules, date_trunc('year', now(), 'UTC') y;
SELECT regress_due(name) FROM takeout.schedules;
SELECT takeout.plan_runs('{reports}');
SELECT name, state, error FROM takeout.runs WHERE due = date_trunc('year', now(), 'UTC') ORDER BY name;
DELETE FROM takeout.runs WHERE due = date_trunc('year', now(), 'UTC');
UPDATE takeout.runs SET finished_at = finished_at - interval '90 minutes';
SELECT regress_due(name) FROM takeout.schedules;
SELECT takeout.plan_runs('{reports}');
SELECT name, state, error FROM takeout.runs WHERE due = date_trunc('year', now(), 'UTC') ORDER BY name;
SELECT count(takeout.unschedule(name)) AS removed FROM takeout.schedules;
DELETE FROM takeout.runs;

-- Nobody need look at a run that waits for one before it.
SELECT takeout.schedule('queue', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', overlap => 'queue', catch_up => 'all', retry_delay => '1 hour') > 0 AS made;
SELECT regress_due('queue', date_trunc('year', now(), 'UTC') - interval '1 year');
SELECT takeout.fail_run(run, token, '53300', 'too many connections') FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT state FROM takeout.runs ORDER BY due;
SELECT least(takeout.next_wakeup('{reports}'), '1 minute');
SELECT takeout.unschedule('queue');
DELETE FROM takeout.runs;

-- A zone that this server does not know fails the run, once; other schedules do not mind.
SELECT takeout.schedule(n, '@yearly', 'orders', 'csv', 'reports', tenant => 'acme') > 0 AS made FROM unnest('{lost,other}'::text[]) n;
UPDATE takeout.schedules SET zone = 'Mars/Base' WHERE name = 'lost';
SELECT regress_due('lost', date_trunc('year', now(), 'UTC') - interval '1 year'), regress_due('other');
SELECT schedule, state, error FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT schedule, state, error FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT schedule, state, error FROM takeout.claim_run('me', '{reports}', '1 hour');
SELECT name, failed, last_error, next_due > now() AS later, next_due < now() + interval '2 hours' AS soon FROM takeout.schedule_health WHERE name = 'lost';
SELECT count(takeout.unschedule(name)) AS removed FROM takeout.schedules;
DELETE FROM takeout.runs;

-- A thousand files that cannot be removed do not keep the next one.
SELECT takeout.schedule('many', '@yearly', 'orders', 'csv', 'reports', tenant => 'acme', keep => '1 day') > 0 AS made;
INSERT INTO takeout.runs (schedule, name, owner, tenant, destination, due, state, not_before, finished_at, file, keep)
SELECT s.id, s.name, s.owner, s.tenant, s.destination, d, 'succeeded', d, d, n || '.csv', s.keep
FROM takeout.schedules s, generate_series(1, 1001) n, LATERAL (SELECT now() - interval '9 days' + n * interval '1 second') t (d);
SELECT count(DISTINCT run) FROM (SELECT run FROM takeout.expired_files('{reports}') UNION ALL SELECT run FROM takeout.expired_files('{reports}')
  UNION ALL SELECT run FROM takeout.expired_files('{reports}') UNION ALL SELECT run FROM takeout.expired_files('{reports}')) f;
SELECT takeout.unschedule('many');
DELETE FROM takeout.runs;

DELETE FROM takeout.members WHERE role = current_user::regrole AND tenant IN ('acme', 'other');
DROP FUNCTION regress_due(text, timestamptz);
SELECT takeout.drop_dataset('orders');
DROP TABLE regress_order;
