-- Who may have which dataset: names of the model, and roles that are renamed.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_takeout_first;
CREATE SCHEMA regress_takeout_ownership AUTHORIZATION regress_takeout_first;
SET ROLE regress_takeout_first;
CREATE TABLE regress_takeout_ownership.lead (id int PRIMARY KEY, tenant_id text NOT NULL);
CREATE TABLE regress_takeout_ownership.other (id int PRIMARY KEY, tenant_id text NOT NULL);

-- leads() and its like export by these names: nobody is there before the model.
SELECT takeout.create_dataset('regress_takeout_ownership.lead', name => 'leads');
\echo :LAST_ERROR_SQLSTATE
SELECT takeout.create_dataset('regress_takeout_ownership.other', name => 'report_bots');
SELECT takeout.create_dataset('regress_takeout_ownership.other');
SELECT takeout.alter_dataset('other', new_name => 'visits');
SELECT takeout.drop_dataset('other');
DROP TABLE regress_takeout_ownership.lead;
-- The model itself, by an owner who is no superuser; and its datasets can be altered, dropped and made again.
CALL takeout.create_model('regress_takeout_ownership');
SELECT takeout.alter_dataset('leads', title => 'All leads');
SELECT takeout.drop_dataset('leads');
SELECT takeout.create_dataset('regress_takeout_ownership.other', name => 'leads');
CALL takeout.create_model('regress_takeout_ownership');
SELECT count(*) FROM takeout.model_datasets() m WHERE m.name = ANY (takeout.known_datasets());
SELECT takeout.drop_dataset(m.name) FROM takeout.model_datasets() m ORDER BY m.parent NULLS LAST;
RESET ROLE;
-- The owner of the extension may.
SELECT takeout.create_dataset('regress_takeout_ownership.other', name => 'leads');
SELECT takeout.drop_dataset('leads');

-- A dataset whose view and source are gone is its maker's, by whatever name, and not of a new role of the old name.
SET ROLE regress_takeout_first;
SELECT takeout.create_dataset('regress_takeout_ownership.other', name => 'regress others');
RESET ROLE;
DROP SCHEMA regress_takeout_ownership CASCADE;
ALTER ROLE regress_takeout_first RENAME TO regress_takeout_renamed;
CREATE ROLE regress_takeout_first;
SET ROLE regress_takeout_first;
SELECT takeout.drop_dataset('regress others');
RESET ROLE;
SET ROLE regress_takeout_renamed;
SELECT takeout.drop_dataset('regress others');
RESET ROLE;
SELECT count(*) FROM takeout.datasets WHERE name = 'regress others';
DROP ROLE regress_takeout_first, regress_takeout_renamed;
