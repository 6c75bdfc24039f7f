-- A dataset against the standards that its fields declare: violations(), conformance().
\set VERBOSITY terse
CREATE SCHEMA shop;
CREATE TABLE shop.customer (
  customer_id integer PRIMARY KEY, owner text NOT NULL, created_at timestamptz, email text, country text, phone text,
  seen text, birthday text, site text, tongue text, zone text, network text, reference text, others text[], note text,
  moment timestamptz, ip inet);
INSERT INTO shop.customer
SELECT n, CASE WHEN n > 90 THEN 'c1' ELSE 'default' END, timestamptz '2026-01-01 00:00+00' + n * interval '1 day',
       'customer' || n || '@example.com', 'FI', '+35840' || 1000000 + n, '2026-01-31T12:00:00Z', '2001-02-28',
       'https://example.com/' || n, 'sv-FI', 'Europe/Helsinki', '203.0.113.0/24', '00000000-0000-4000-8000-000000000000',
       ARRAY['a@example.com', NULL, 'b@example.com'], 'no standard is asked of this', '2026-01-31 12:00+02', '203.0.113.7'
FROM generate_series(1, 100) n;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'default') ON CONFLICT DO NOTHING;
SET takeout.act_for = 'default';
SELECT takeout.create_dataset('shop.customer', 'customers', tenant_column => 'owner');
DO $$
DECLARE
  declared record;
BEGIN
  FOR declared IN
    SELECT * FROM (VALUES ('email', 'email'), ('country', 'country'), ('phone', 'phone'), ('seen', 'timestamp'),
                          ('birthday', 'date'), ('site', 'url'), ('tongue', 'language'), ('zone', 'time_zone'),
                          ('network', 'ip_network'), ('reference', 'uuid'), ('others', 'email'), ('moment', 'timestamp'),
                          ('ip', 'ip_network')) AS v (field, standard)
  LOOP
    PERFORM takeout.alter_dataset('customers', field => declared.field, standard => declared.standard);
  END LOOP;
END
$$;

-- Nothing is wrong yet: addresses leave masked, times with a zone in UTC.
SELECT * FROM takeout.violations('customers');
SELECT * FROM takeout.conformance('customers');

UPDATE shop.customer SET email = 'secret@' || customer_id WHERE customer_id IN (12, 95);
UPDATE shop.customer SET country = 'Finland', phone = '040 1234567' WHERE customer_id = 3;
UPDATE shop.customer SET seen = '2026-01-31 12:00', birthday = '2026-02-29', site = 'example.com' WHERE customer_id = 4;
UPDATE shop.customer SET tongue = 'sv_FI', zone = 'europe/helsinki', network = '203.0.113.7/24' WHERE customer_id = 5;
UPDATE shop.customer SET zone = 'UTC+3', reference = '{x}' WHERE customer_id = 6;
UPDATE shop.customer SET others = '{a@example.com,NULL,b@}', moment = 'infinity' WHERE customer_id = 7;
UPDATE shop.customer SET email = NULL, country = NULL, zone = NULL WHERE customer_id = 8;
UPDATE shop.customer SET email = '' WHERE customer_id = 9;

-- Each, in the order of the rows, without its value.
SELECT * FROM takeout.violations('customers');
SELECT count(*) AS with_values FROM takeout.violations('customers') v WHERE v::text LIKE '%secret%';
SELECT * FROM takeout.conformance('customers') WHERE checked < 90 OR violations > 0;
-- Of what an export would have.
SELECT key, field FROM takeout.violations('customers', ids => '{5,6}');
SELECT key, field FROM takeout.violations('customers', since => '2026-01-08 00:00+00', until => '2026-01-14 00:00+00');
SELECT key, field FROM takeout.violations('customers', columns => '{note,phone}');
SELECT * FROM takeout.conformance('customers', columns => '{note}');
SELECT count(*) FROM takeout.violations('customers', ordered => false);
SELECT sum(violations) FROM takeout.conformance('customers');

-- Only of the tenant.
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 'c1');
SELECT key, field FROM takeout.violations('customers', tenant => 'c1');
SELECT key, field FROM takeout.violations('customers', tenant => 'c2');
SELECT key, field FROM takeout.violations('nothing');
SELECT key, field FROM takeout.violations('customers', columns => '{nothing}');
SELECT key, field FROM takeout.violations('customers', options => '{"delimiter": ";"}');
SELECT * FROM takeout.conformance('customers', options => '{"delimiter": ";"}');
SELECT count(*) FROM takeout.violations('customers', options => '{}');
CREATE ROLE regress_takeout_stranger;
SET SESSION AUTHORIZATION regress_takeout_stranger;
SELECT * FROM takeout.violations('customers', tenant => 'default');
SELECT * FROM takeout.conformance('customers', tenant => 'default');
RESET SESSION AUTHORIZATION;
DROP ROLE regress_takeout_stranger;

-- Both are on record as what they are, with what they found, and count as requests.
SELECT method, format, count(*) > 3 AS several, min(rows), max(rows) FROM takeout.audit_log
WHERE database = current_database() AND dataset = 'customers' AND event = 'COMPLETE' GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) > 0 AS refusals_too FROM takeout.audit_log
WHERE database = current_database() AND event = 'DENIED' AND method = 'violations';
INSERT INTO takeout.limits (dataset, max_period) VALUES ('customers', '7 days');
SELECT count(*) FROM takeout.violations('customers');
SELECT count(*) FROM takeout.violations('customers', since => '2026-01-01 00:00+00', until => '2026-01-08 00:00+00');
DELETE FROM takeout.limits;

-- More than one batch; some of it; a cursor over it.
INSERT INTO shop.customer (customer_id, owner, country)
SELECT n, 'default', 'xx' FROM generate_series(1001, 8000) n;
SELECT count(*), count(DISTINCT key), max(key::integer) FROM takeout.violations('customers', columns => '{country}');
SELECT (takeout.violations('customers', columns => '{country}')).key LIMIT 2;
BEGIN;
DECLARE found CURSOR FOR SELECT (takeout.violations('customers', columns => '{country}')).key;
FETCH 2 FROM found;
DELETE FROM shop.customer WHERE customer_id > 1000;
MOVE 6990 FROM found;
FETCH 2 FROM found;
MOVE ALL FROM found;
CLOSE found;
ROLLBACK;

-- Keys of several columns; none at all.
CREATE TABLE shop.visit (site text, day date, email text, PRIMARY KEY (site, day));
INSERT INTO shop.visit VALUES ('a', '2026-01-01', 'x'), ('b, c', '2026-01-02', 'a@example.com'), ('b, c', '2026-01-03', 'y');
SELECT takeout.create_dataset('shop.visit', 'visits', tenant => 'default');
SELECT takeout.alter_dataset('visits', field => 'email', standard => 'email');
SELECT key, field FROM takeout.violations('visits');
CREATE TABLE shop.event (email text);
INSERT INTO shop.event VALUES ('x');
SELECT takeout.create_dataset('shop.event', 'events', tenant => 'default');
SELECT * FROM takeout.violations('events');
SELECT takeout.alter_dataset('events', field => 'email', standard => 'email');
SELECT * FROM takeout.violations('events');

-- Standards are the ones that can be declared.
SELECT bool_and(takeout.known_standards() @> ARRAY[standard]) FROM takeout.conformance('customers');
SELECT takeout.drop_dataset(name) FROM unnest('{customers,visits,events}'::text[]) name;
DROP SCHEMA shop CASCADE;
DELETE FROM takeout.members WHERE tenant = 'c1';
