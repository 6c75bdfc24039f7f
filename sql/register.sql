-- The register: what it says, who may read it, that it changes with what it describes.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_takeout_shop;
CREATE SCHEMA regress_takeout_shop AUTHORIZATION regress_takeout_shop;
CREATE ROLE regress_takeout_anyone;

-- Before anybody said anything it is there, and empty.
SELECT key, value FROM jsonb_each(takeout.register())
WHERE key IN ('datasets', 'exclusions', 'methods', 'provider', 'personal_data', 'switching') ORDER BY key;
SELECT takeout.openapi();
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.json_schema('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.fill_register(provider => 'Example');
\echo :LAST_ERROR_SQLSTATE

SELECT takeout.fill_register('Example <Oy> & "Co"', 'privacy@example.com', 'A data centre in Espoo', 'Finland');
SELECT jsonb_pretty(takeout.register() -> 'switching');
-- There is no API without an address, nor a promise in the provider's name.
SELECT name, available, formats, default_format FROM takeout.methods ORDER BY position;
SELECT count(*), count(in_place) FROM takeout.organizational_measures;
SELECT takeout.openapi();
SELECT takeout.fill_register(base_url => 'https://api.example.com/', measures_in_place => true);
SELECT available FROM takeout.methods WHERE name = 'api';
SELECT DISTINCT m ->> 'verdict' FROM jsonb_array_elements(takeout.register() #> '{measures,organizational}') m;
-- What was edited or deleted stays so at the next call.
DELETE FROM takeout.methods WHERE name = 'ui';
UPDATE takeout.exclusions SET examples = 'Ours' WHERE category ~ '^Architecture';
UPDATE takeout.provider SET retrieval_period = '60 days';
SELECT takeout.fill_register(contact => 'exit@example.com');
SELECT (SELECT count(*) FROM takeout.methods), (SELECT count(*) FROM takeout.exclusions WHERE examples = 'Ours'), retrieval_period,
       contact FROM takeout.provider;
-- Terms that the law does not allow are refused.
UPDATE takeout.provider SET notice_period = '3 months';
UPDATE takeout.provider SET transition_period = '8 months';
UPDATE takeout.provider SET retrieval_period = '29 days';
UPDATE takeout.provider SET base_url = 'api.example.com';
UPDATE takeout.methods SET default_format = 'xlsx', formats = '{csv}' WHERE name = 'sql';

-- A dataset is in it at once, with all that there is to say.
SET ROLE regress_takeout_shop;
CREATE TYPE regress_takeout_shop.state AS ENUM ('open', 'paid', 'sent "quickly"');
CREATE DOMAIN regress_takeout_shop.note AS text NOT NULL;
CREATE TABLE regress_takeout_shop.purchase (
  purchase_id bigint PRIMARY KEY, created_at timestamptz NOT NULL, paid_on date, at_hour time NOT NULL, local_time timestamp,
  state regress_takeout_shop.state NOT NULL, total numeric(10, 2) NOT NULL, weight float8, gift boolean NOT NULL,
  code varchar(5) NOT NULL, fixed char(3), remark regress_takeout_shop.note, ip inet, raw bytea, extra jsonb, tags text[] NOT NULL,
  ratings numeric[], owner_id uuid NOT NULL, period tstzrange, email text, land text);
COMMENT ON COLUMN regress_takeout_shop.purchase.total IS 'In euros, with "tax" & all';
SELECT takeout.create_dataset('regress_takeout_shop.purchase', 'purchases', tenant => 'default');
SELECT takeout.alter_dataset('purchases', title => 'Purchases', methods => '{api,sql,ui}', method_note => 'By period',
                             price_note => '10 euros each', kind => 'personal', difficulty => 'hard');
SELECT takeout.alter_dataset('purchases', field => 'email', standard => 'email', personal_class => 'contact', note => 'Of the buyer');
SELECT takeout.alter_dataset('purchases', field => 'land', standard => 'country');
RESET ROLE;
SELECT jsonb_pretty(takeout.register() -> 'datasets');
SELECT jsonb_pretty(takeout.register() -> 'standards' -> 0), takeout.register() -> 'personal_data' AS personal_data;
-- Its schema: each kind of value, what can be null, and no list of all countries here.
SELECT p.key, jsonb_array_length(p.value -> 'enum') AS choices,
       CASE WHEN p.key = 'land' THEN p.value - 'enum' ELSE p.value END AS schema
FROM jsonb_each(takeout.json_schema('purchases') #> '{items,properties}') p ORDER BY p.key COLLATE "C";
SELECT takeout.json_schema('purchases') #- '{items,properties}';
SELECT takeout.json_schema('purchases') #> '{items,properties,land,enum}' @> '["FI", "AX", null]' AS has_countries,
       takeout.json_schema('purchases') #> '{items,properties,land,enum}' ? 'XX' AS has_others;
SELECT p.key, operation.value ->> 'operationId' AS operation, jsonb_path_query_array(operation.value, '$.**."$ref"') AS refers_to,
       operation.value #> '{parameters,0,schema}' AS formats
FROM jsonb_each(takeout.openapi() -> 'paths') p, jsonb_each(p.value) AS operation(method, value);
-- Names that a URL cannot hold as they are.
SELECT takeout.url_segment('öäå / 100%~'), takeout.component_name('öäå / 100%~');

-- Limits: of all, of one dataset; the most specific row, and never more than a value can hold.
INSERT INTO takeout.limits (dataset, method, max_rows, max_bytes, max_period) VALUES
  (NULL, NULL, NULL, NULL, NULL), (NULL, 'export', 20, NULL, '93 days'),
  ('purchases', NULL, 30, 1000000000000, NULL), ('purchases', 'export_page', 40, 5, NULL);
INSERT INTO takeout.limits (role, max_rows) VALUES ('regress_takeout_shop', 1);
SELECT l.key, l.value - 'requests_per_minute' AS limits FROM jsonb_each(takeout.register() -> 'limits') l ORDER BY 1;
SELECT l.key, l.value - 'requests_per_minute' AS limits
FROM jsonb_each(takeout.register() #> '{datasets,0,limits}') l ORDER BY 1;
DELETE FROM takeout.limits;

-- What changes one thing changes register, schema and hash in the same transaction, and leaves with it.
CREATE FUNCTION pg_temp.state() RETURNS TABLE (hash text, schema text)
LANGUAGE sql AS $$ SELECT takeout.register() ->> 'hash', md5(takeout.json_schema('purchases')::text) $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.state();
SELECT takeout.register_hash(takeout.register()) = hash AS hash_is_of_the_document FROM before;
BEGIN;
INSERT INTO takeout.limits (dataset, max_rows) VALUES ('purchases', 7);
SELECT n.hash <> b.hash AS register, n.schema <> b.schema AS schema FROM pg_temp.state() n, before b;
ROLLBACK;
BEGIN;
SELECT takeout.alter_dataset('purchases', columns => '{purchase_id,created_at,email}');
SELECT n.hash <> b.hash AS register, n.schema <> b.schema AS schema FROM pg_temp.state() n, before b;
SELECT takeout.json_schema('purchases') #> '{items,required}';
ROLLBACK;
BEGIN;
COMMENT ON COLUMN regress_takeout_shop.purchases.total IS 'In cents';
SELECT n.hash <> b.hash AS register, n.schema <> b.schema AS schema FROM pg_temp.state() n, before b;
ROLLBACK;
BEGIN;
CREATE TABLE regress_takeout_shop.item (item_id integer PRIMARY KEY);
SELECT takeout.create_dataset('regress_takeout_shop.item', tenant => 'default');
SELECT n.hash <> b.hash AS register, n.schema <> b.schema AS schema FROM pg_temp.state() n, before b;
SELECT jsonb_array_length(takeout.register() -> 'datasets'), takeout.json_schema('item') #> '{items,properties}';
ROLLBACK;
SELECT n.* = b.* AS all_as_before FROM pg_temp.state() n, before b;
-- Settings of the session change nothing.
SET intervalstyle = 'sql_standard';
SET TimeZone = 'Asia/Tokyo';
SET search_path = regress_takeout_shop;
SELECT n.* = b.* AS all_as_before FROM pg_temp.state() n, pg_temp.before b;
RESET ALL;
\set VERBOSITY terse

-- History: what changed from one publication to the next; publishing the same again changes nothing.
SELECT takeout.publish_register() = takeout.publish_register() AS same;
INSERT INTO takeout.limits (method, max_rows) VALUES ('export', 7);
SELECT takeout.alter_dataset('purchases', title => 'Orders');
SELECT takeout.publish_register() = takeout.register() ->> 'hash' AS published;
SELECT hash = document ->> 'hash' AS whole, changes FROM takeout.register_history ORDER BY published_at;
SELECT takeout.register_page(document) ~ '>Purchases<' AS as_it_was FROM takeout.register_history ORDER BY published_at;
DELETE FROM takeout.limits;

-- Everybody may read it, and there is no relation, role or evidence in it.
SET ROLE regress_takeout_anyone;
SELECT takeout.register() ->> 'hash' = hash AS same, takeout.register()::text ~ 'regress_|purchase\M|pg_hba' AS tells_too_much
FROM (SELECT takeout.register() ->> 'hash' AS hash) r;
SELECT takeout.register_html() LIKE '<!DOCTYPE html>%' AS page, takeout.openapi() ? 'paths' AS openapi,
       takeout.json_schema('purchases') ? '$schema' AS schema, (SELECT count(*) FROM takeout.register_history) AS publications;
SELECT * FROM takeout.measures();
SELECT * FROM takeout.provider;
SELECT * FROM takeout.methods;
SELECT * FROM takeout.organizational_measures;
SELECT * FROM takeout.register_publications;
SELECT takeout.publish_register();
SELECT takeout.fill_register(provider => 'Mine');
RESET ROLE;
-- An auditor is who was given this one function.
GRANT EXECUTE ON FUNCTION takeout.measures() TO regress_takeout_anyone;
SET ROLE regress_takeout_anyone;
SELECT kind, count(*), count(evidence) AS with_evidence FROM takeout.measures() GROUP BY kind ORDER BY kind;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION takeout.measures() FROM regress_takeout_anyone;

-- Nothing in it is taken for HTML.
SELECT takeout.register_html() ~ '<Oy>' AS as_a_tag, takeout.register_html() ~ 'Example &lt;Oy&gt; &amp; &quot;Co&quot;' AS as_text;
SELECT takeout.html(E'a<b>&"c"\u0001\u0085d\u000Ae');

-- Measures: a verdict is "ok" only where it is so.
SELECT name, verdict FROM takeout.measures() WHERE kind = 'technical' AND verdict NOT IN ('ok', 'failed', 'not proven');
SELECT name, verdict, evidence FROM takeout.measures() WHERE name IN ('masking', 'row_security', 'public_privileges') ORDER BY name;
ALTER TABLE regress_takeout_shop.purchase ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON regress_takeout_shop.purchase TO PUBLIC;
SET takeout.ipv4_prefix = 32;
SELECT name, verdict, evidence FROM takeout.measures() WHERE name IN ('masking', 'row_security', 'public_privileges') ORDER BY name;
RESET takeout.ipv4_prefix;
REVOKE SELECT ON regress_takeout_shop.purchase FROM PUBLIC;
-- A view that somebody made anew without the mask.
SELECT pg_get_viewdef('regress_takeout_shop.purchases') AS definition \gset
SELECT replace(replace(:'definition', 'takeout.mask_ip(ip)', 'ip::cidr'), 'takeout.mask_ip(s.ip)', 's.ip::cidr') AS unmasked \gset
CREATE OR REPLACE VIEW regress_takeout_shop.purchases AS :unmasked
SELECT name, verdict, evidence FROM takeout.measures() WHERE name = 'masking';
SELECT m ->> 'verdict' AS published FROM jsonb_array_elements(takeout.register() #> '{measures,technical}') m
WHERE m ->> 'name' = 'masking';
SET ROLE regress_takeout_shop;
SELECT takeout.alter_dataset('purchases');
RESET ROLE;
SELECT verdict FROM takeout.measures() WHERE name = 'masking';
-- Passwords.
SET password_encryption = 'md5';
SELECT verdict FROM takeout.measures() WHERE name = 'password_hashing';
SET client_min_messages = error;
CREATE ROLE regress_takeout_weak LOGIN PASSWORD 'secret';
RESET client_min_messages;
SELECT verdict, evidence ~ 'regress_takeout_weak' AS named FROM takeout.measures() WHERE name IN ('password_hashing', 'password_expiry');
RESET password_encryption;
DROP ROLE regress_takeout_weak;
-- What a superuser sets for its own session proves nothing.
SET log_statement = 'mod';
SELECT verdict, evidence FROM takeout.measures() WHERE name = 'mass_change_log';
RESET log_statement;

SELECT takeout.drop_dataset('purchases');
DROP SCHEMA regress_takeout_shop CASCADE;
DROP ROLE regress_takeout_shop, regress_takeout_anyone;
DELETE FROM takeout.provider;
DELETE FROM takeout.methods;
DELETE FROM takeout.exclusions;
DELETE FROM takeout.organizational_measures;
DELETE FROM takeout.register_publications;
