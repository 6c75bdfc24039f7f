-- When schedules are due.
\set SHOW_CONTEXT never
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT takeout.next_runs('30 6 * * mon-fri', 'Europe/Helsinki', 3, '2026-11-27 12:00Z');
SELECT takeout.next_runs('@monthly', n => 2, after => '2026-11-01 00:00Z');
-- The clocks skip 03:00 to 04:00, and show it twice.
SELECT takeout.next_runs('30 3 * * *', 'Europe/Helsinki', 3, '2026-03-28 00:00Z');
SELECT takeout.next_runs('30 3 * * *', 'Europe/Helsinki', 3, '2026-10-24 00:00Z');
SELECT takeout.next_runs('0 0 29 2 *', n => 3, after => '2090-01-01');
SELECT count(*) FROM takeout.next_runs('0 0 31 12 *', after => '9995-01-01');
SELECT count(*) FROM takeout.next_runs(NULL);
SELECT takeout.next_runs('30 6 * * mon-fry');
SELECT takeout.next_runs('30 6 * *');
SELECT takeout.next_runs('@reboot');
SELECT takeout.next_runs('@daily', 'Mars/Base');
SELECT takeout.next_runs('@daily', n => 0);
SELECT takeout.next_runs('@daily', after => 'infinity');

-- A schedule is made and changed by calls; who may, and what it may say.
CREATE ROLE regress_takeout_planner;
CREATE ROLE regress_takeout_other;
INSERT INTO takeout.members VALUES ('regress_takeout_planner', 'acme'), ('regress_takeout_other', 'acme'), ('regress_takeout_other', 'other');
CREATE TABLE regress_order (id int PRIMARY KEY, customer text NOT NULL, created_at timestamptz NOT NULL, amount numeric);
SELECT takeout.create_dataset('regress_order', 'orders', tenant_column => 'customer', formats => '{csv,json}');
SELECT takeout.create_dataset('regress_order', 'timeless', time_column => '', tenant => 'acme');
SET SESSION AUTHORIZATION regress_takeout_planner;
SELECT takeout.schedule('nightly', '30 2 * * *', 'orders', 'csv', 'reports', 'Europe/Helsinki', period => 'yesterday') > 0 AS made;
SELECT name, owner, enabled, cron, zone, dataset, format, tenant, period, destination, file_name, catch_up, overlap, next_due > now() AS later
FROM takeout.schedules;
SELECT takeout.schedule('nightly', '30 3 * * *', 'orders', NULL, 'reports', columns => '{id,amount}', keep => '30 days', enabled => false) > 0 AS changed;
SELECT name, enabled, cron, zone, format, period, columns, keep FROM takeout.schedules;
SELECT takeout.schedule('x', '30 2 * * *', 'no such', 'csv', 'reports');
SELECT takeout.schedule('x', '30 2 * *', 'orders', 'csv', 'reports');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', 'UTC+3');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'xlsx', 'reports');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', '/etc');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', NULL);
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', columns => '{id,nothing}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', tenant => 'other');
SELECT takeout.schedule('x', '30 2 * * *', 'timeless', 'csv', 'reports', period => 'yesterday');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', period => 'tomorrow');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', file_name => '../{schedule}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', file_name => '/{schedule}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', file_name => '{password}.csv');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', catch_up => 'never');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', keep => '1001 years');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', columns => '{}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', columns => '{id,id}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', options => '{"pretty": true}');
SELECT takeout.schedule('x', '30 2 * * *', 'orders', 'csv', 'reports', options => '{"delimiter": "ab"}');
SELECT takeout.claim_run('me', '{reports}', '1 minute');
SET SESSION AUTHORIZATION regress_takeout_other;
SELECT name FROM takeout.schedules;
SELECT takeout.schedule('y', '30 2 * * *', 'orders', 'csv', 'reports');
SELECT takeout.schedule('nightly', '30 2 * * *', 'orders', 'csv', 'reports', tenant => 'acme');
SELECT takeout.unschedule('nightly');
SELECT takeout.unschedule('none');
UPDATE takeout.schedules SET cron = '* * * * *';
RESET SESSION AUTHORIZATION;

-- A run from its claim to its end.
UPDATE takeout.schedules SET enabled = true, next_due = '2026-03-29 00:30Z', cron = '30 3 * * *', zone = 'Europe/Helsinki', period = 'yesterday';
SELECT name, overdue, running, failed FROM takeout.schedule_health;
SELECT takeout.claim_run('me', '{elsewhere}', '1 minute');
INSERT INTO takeout.members VALUES (current_user::regrole, '*') ON CONFLICT DO NOTHING;
UPDATE takeout.schedules SET catch_up = 'all';
SELECT schedule, dataset, format, tenant, columns, destination, state FROM takeout.claim_run('me', '{reports}', '1 minute');
SELECT count(*) > 200 AS many FROM takeout.runs;
SELECT due, state, attempts, token, since, until, file FROM takeout.runs ORDER BY due LIMIT 3;
-- The next one waits for the one that runs.
SELECT takeout.claim_run('other', '{reports}', '1 minute');
SELECT takeout.renew_run(id, 1, '1 minute') AS mine, takeout.renew_run(id, 2, '1 minute') AS somebody_elses,
  takeout.renew_run(id, 1, NULL) AS without_a_lease FROM takeout.runs WHERE state = 'running';
SELECT takeout.finish_run(id, 2, 10, 100, 100, NULL) AS refused, takeout.finish_run(id, 1, 10, 100, 100, NULL) AS accepted FROM takeout.runs WHERE state = 'running';
SELECT due, state, row_count, bytes FROM takeout.runs WHERE state = 'succeeded';
-- A failure is tried again later, one that stays a failure is not.
SELECT schedule, due, attempt, since, until, file FROM takeout.claim_run('me', '{reports}', '1 minute');
SELECT takeout.fail_run(id, token, '53300', 'too many connections') FROM takeout.runs WHERE state = 'running';
SELECT due, state, attempts, not_before > now() AS later, error FROM takeout.runs WHERE state = 'retrying';
UPDATE takeout.runs SET not_before = now() WHERE state = 'retrying';
SELECT due, attempt FROM takeout.claim_run('me', '{reports}', '1 minute');
SELECT takeout.fail_run(id, token, '42704', 'dataset "orders" does not exist') FROM takeout.runs WHERE state = 'running';
SELECT due, state, attempts, error_code, error FROM takeout.runs WHERE state = 'failed';
SELECT name, failed, last_error FROM takeout.schedule_health;
-- A dead runner's run is another's under a new token, with the next attempt.
SELECT due, attempt, token FROM takeout.claim_run('dead', '{reports}', '-1 second');
SELECT due, attempt, token, state FROM takeout.claim_run('me', '{reports}', '1 minute');
SELECT takeout.release_run(id, token) FROM takeout.runs WHERE state = 'running';
SELECT takeout.next_wakeup('{reports}');
-- Its owner is no member any more.
DELETE FROM takeout.members WHERE role = 'regress_takeout_planner'::regrole;
SELECT due, state, error FROM takeout.claim_run('me', '{reports}', '1 minute');
SELECT DISTINCT error FROM takeout.runs WHERE error_code = '42501';
SELECT takeout.unschedule('nightly');
DELETE FROM takeout.runs;
DELETE FROM takeout.members WHERE role = 'regress_takeout_other'::regrole OR tenant = '*';
SELECT takeout.drop_dataset('orders'), takeout.drop_dataset('timeless');
DROP TABLE regress_order;
DROP ROLE regress_takeout_planner, regress_takeout_other;
