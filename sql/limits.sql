-- What a longest period means for rows of the future and for datasets without a time; limits of violations and conformance.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'default') ON CONFLICT DO NOTHING;
CREATE SCHEMA regress_takeout_limits;
CREATE TABLE regress_takeout_limits.event (id int PRIMARY KEY, created_at timestamptz, email text);
INSERT INTO regress_takeout_limits.event VALUES
  (1, now() - interval '2 days', 'one'), (2, now() - interval '1 hour', 'two'),
  (3, now() + interval '2 days', 'three'), (4, now() + interval '400 days', 'four'), (5, NULL, 'five');
SELECT takeout.create_dataset('regress_takeout_limits.event', name => 'events', tenant => 'default');
SELECT takeout.alter_dataset('events', field => 'email', standard => 'email');
CREATE FUNCTION regress_takeout_limits.ids(file bytea) RETURNS text LANGUAGE sql
RETURN array_to_string(regexp_split_to_array(rtrim(convert_from(file, 'UTF8'), E'\r\n'), E'\r\n'), ' ');

-- Without a limit an export that names no end has none.
SELECT regress_takeout_limits.ids(takeout.export('events', columns => '{id}', since => now() - interval '3 days'));
-- With one it ends with the longest period, in every method, and the record says so.
INSERT INTO takeout.limits (dataset, max_period) VALUES ('events', '10 days');
SELECT regress_takeout_limits.ids(takeout.export('events', columns => '{id}', since => now() - interval '3 days'));
SELECT regress_takeout_limits.ids(takeout.export_stream('events', columns => '{id}', since => now() - interval '3 days'));
SELECT regress_takeout_limits.ids(data), complete FROM takeout.export_page('events', columns => '{id}', since => now() - interval '3 days');
SELECT key FROM takeout.violations('events', since => now() - interval '3 days');
SELECT checked FROM takeout.conformance('events', since => now() - interval '3 days');
SELECT method, (filter ->> 'until')::timestamptz - (filter ->> 'since')::timestamptz AS period
FROM takeout.audit_log WHERE event = 'INTENT' AND database = current_database() AND dataset = 'events' ORDER BY seq DESC LIMIT 5;
-- A page goes on where the one before ended, though it names no end either.
SELECT date_trunc('hour', now()) - interval '3 days' AS start \gset
SELECT next FROM takeout.export_page('events', columns => '{id}', since => :'start', page_rows => 2) \gset
SELECT regress_takeout_limits.ids(data), complete
FROM takeout.export_page('events', columns => '{id}', since => :'start', page_rows => 2, after => :'next');
-- Over it is an error still, and so is no beginning.
SELECT takeout.export('events', since => now() - interval '11 days');
SELECT takeout.export('events', since => now(), until => now() + interval '11 days');
SELECT takeout.export('events');

-- A dataset that has no time column, or loses it, does not get out of the limit.
SELECT takeout.alter_dataset('events', time_column => '');
SELECT takeout.export('events');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.export_stream('events');
SELECT * FROM takeout.violations('events');
SELECT finding FROM takeout.check() WHERE object = 'takeout.limits';
-- But for a row of limits that says so.
UPDATE takeout.limits SET max_period = NULL;
SELECT length(takeout.export('events')) > 0 AS exported;
SELECT finding FROM takeout.check() WHERE object = 'takeout.limits';

-- Violations that are returned, rows that are counted.
INSERT INTO takeout.limits (dataset, method, max_rows) VALUES ('events', 'violations', 4), ('events', 'conformance', 5);
SELECT max_rows FROM takeout.quota('default', dataset => 'events', method => 'violations');
SELECT count(*) FROM takeout.violations('events');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM takeout.violations('events', ids => '{1,2,3,4}');
SELECT violations FROM takeout.conformance('events');
UPDATE takeout.limits SET max_rows = 4 WHERE method = 'conformance';
SELECT violations FROM takeout.conformance('events');
SELECT violations FROM takeout.conformance('events', ids => '{1,2}');
INSERT INTO takeout.limits (method) VALUES ('estimate');

SELECT takeout.drop_dataset('events');
DELETE FROM takeout.limits;
DROP SCHEMA regress_takeout_limits CASCADE;
