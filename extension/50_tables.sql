-- The tables hold configuration only, and no rows from here but the secret's: rows that a script inserts are lost
-- or doubled by dump and restore. Nor are there foreign keys: an extension's tables have theirs before their rows are
-- restored, and pg_restore with several jobs loads these in any order. 55_registry.sql keeps names in step instead.

CREATE TABLE takeout.datasets (
  name            text PRIMARY KEY
                  CHECK (octet_length(name) BETWEEN 1 AND 63 AND name !~ '[[:cntrl:]]' AND name = btrim(name)),
  owner           regrole NOT NULL,
  view            regclass NOT NULL UNIQUE,
  source          regclass NOT NULL,
  key_columns     name[] NOT NULL DEFAULT '{}',
  time_column     name,
  tenant_column   name,
  fixed_tenant    text,
  formats         text[] NOT NULL DEFAULT '{csv,json,jsonl,xlsx}'
                  CHECK (formats <@ '{csv,json,jsonl,xlsx}'::text[] AND cardinality(formats) > 0
                         AND array_position(formats, NULL) IS NULL),
  default_format  text NOT NULL DEFAULT 'csv',
  parent          text,
  parent_key      name[],
  parent_field    name,
  title           text,
  description     text,
  category        text,
  kind            text CHECK (kind IN ('personal', 'non-personal', 'mixed')),
  purpose         text,
  retention       text,
  location        text,
  difficulty      text CHECK (difficulty IN ('easy', 'medium', 'hard')),
  difficulty_note text,
  methods         text[] CHECK (cardinality(methods) > 0 AND array_position(methods, NULL) IS NULL),
  method_note     text,
  price_note      text,
  CONSTRAINT datasets_default_format_offered CHECK (default_format = ANY (formats)),
  CONSTRAINT datasets_one_tenant CHECK ((tenant_column IS NULL) <> (fixed_tenant IS NULL)),
  CONSTRAINT datasets_parent_by_key CHECK ((parent IS NULL) = (parent_key IS NULL) AND cardinality(parent_key) > 0),
  CONSTRAINT datasets_parent_field CHECK (parent_field IS NULL OR parent IS NOT NULL),
  CONSTRAINT datasets_parent_is_another CHECK (parent <> name)
);
COMMENT ON TABLE takeout.datasets IS
  'What can be exported: one row a dataset, written by create_dataset, alter_dataset and drop_dataset';
COMMENT ON COLUMN takeout.datasets.name IS 'How exports name it';
COMMENT ON COLUMN takeout.datasets.owner IS 'The role that made it, which may drop it when view and source are gone';
COMMENT ON COLUMN takeout.datasets.view IS 'The governed view: what BI tools read and exports write';
COMMENT ON COLUMN takeout.datasets.source IS 'The table or view that the governed view reads';
COMMENT ON COLUMN takeout.datasets.key_columns IS
  'Columns of the view that tell its rows apart; ids are values of the first; without any there are no ids, no pages';
COMMENT ON COLUMN takeout.datasets.time_column IS 'Column of the view that since and until are about';
COMMENT ON COLUMN takeout.datasets.tenant_column IS
  'Column of the view that says whose row it is; exported only if it is among the fields';
COMMENT ON COLUMN takeout.datasets.fixed_tenant IS 'The tenant that owns all rows, where there is no such column';
COMMENT ON COLUMN takeout.datasets.formats IS 'Formats offered';
COMMENT ON COLUMN takeout.datasets.default_format IS 'Format of an export that names none';
COMMENT ON COLUMN takeout.datasets.parent IS 'The dataset whose rows these rows belong to';
COMMENT ON COLUMN takeout.datasets.parent_key IS 'Columns that both views have and that join a row to its parent';
COMMENT ON COLUMN takeout.datasets.parent_field IS
  'Field of the parent that holds these rows nested; left out of XLSX, where they are a sheet of their own';
COMMENT ON COLUMN takeout.datasets.title IS 'Name for people';
COMMENT ON COLUMN takeout.datasets.description IS 'What a row is, for people';
COMMENT ON COLUMN takeout.datasets.category IS 'Kind of data in the provider''s own words, such as end-user data';
COMMENT ON COLUMN takeout.datasets.kind IS 'personal, non-personal or mixed';
COMMENT ON COLUMN takeout.datasets.purpose IS 'What the data are processed for';
COMMENT ON COLUMN takeout.datasets.retention IS 'How long rows are kept';
COMMENT ON COLUMN takeout.datasets.location IS 'Where the data are stored';
COMMENT ON COLUMN takeout.datasets.difficulty IS
  'How hard it is to move this to another provider: easy, medium or hard';
COMMENT ON COLUMN takeout.datasets.difficulty_note IS 'Why that is so';
COMMENT ON COLUMN takeout.datasets.methods IS
  'How it can be exported, by names of takeout.methods; NULL is every method that is available';
COMMENT ON COLUMN takeout.datasets.method_note IS 'What else to know about how it is exported';
COMMENT ON COLUMN takeout.datasets.price_note IS 'What its export costs; NULL is nothing beyond the service';

CREATE FUNCTION takeout.known_standards() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{email,uuid,country,phone,timestamp,date,url,language,time_zone,ip_network}'::text[];
COMMENT ON FUNCTION takeout.known_standards() IS 'The open standards that a field can be declared to follow';

CREATE TABLE takeout.fields (
  dataset         text NOT NULL,
  name            name NOT NULL,
  position        integer NOT NULL CHECK (position > 0),
  type            regtype NOT NULL,
  source_column   name,
  source_type     regtype,
  masked          boolean NOT NULL DEFAULT false,
  standard        text CHECK (standard = ANY (takeout.known_standards())),
  personal_class  text,
  note            text,
  PRIMARY KEY (dataset, name),
  CONSTRAINT fields_one_a_position UNIQUE (dataset, position),
  CONSTRAINT fields_source_has_type CHECK ((source_column IS NULL) = (source_type IS NULL))
);
COMMENT ON TABLE takeout.fields IS 'The columns that a dataset exports';
COMMENT ON COLUMN takeout.fields.dataset IS 'The dataset';
COMMENT ON COLUMN takeout.fields.name IS 'Column of the governed view, and of the file';
COMMENT ON COLUMN takeout.fields.position IS 'Place in the file, from 1';
COMMENT ON COLUMN takeout.fields.type IS 'Type in the governed view';
COMMENT ON COLUMN takeout.fields.source_column IS 'Column of the source that it shows';
COMMENT ON COLUMN takeout.fields.source_type IS 'Type of that column when the view was made';
COMMENT ON COLUMN takeout.fields.masked IS 'Whether the view masks the addresses in it';
COMMENT ON COLUMN takeout.fields.standard IS 'The open standard that its values follow';
COMMENT ON COLUMN takeout.fields.personal_class IS 'Class of personal data; NULL where it is none';
COMMENT ON COLUMN takeout.fields.note IS 'Anything else that a reader of the file should know';

CREATE TABLE takeout.limits (
  role        regrole,
  dataset     text,
  method      text CHECK (method IN ('export', 'export_page', 'export_stream', 'violations', 'conformance')),
  max_rows    bigint CHECK (max_rows > 0),
  max_bytes   bigint CHECK (max_bytes > 0),
  max_period  interval CHECK (max_period > '0'),
  requests_per_minute integer DEFAULT 500 CHECK (requests_per_minute > 0)
);
-- NULL is a key here ("any"), and UNIQUE NULLS NOT DISTINCT came with PostgreSQL 15.
CREATE UNIQUE INDEX limits_one_a_key
    ON takeout.limits (coalesce(role::oid, 0::oid), coalesce(dataset, ''), coalesce(method, ''));
COMMENT ON TABLE takeout.limits IS
  'How much one export may take; the most specific row wins: role before dataset before method';
COMMENT ON COLUMN takeout.limits.role IS 'The role that exports; NULL is any';
COMMENT ON COLUMN takeout.limits.dataset IS 'The dataset; NULL is any';
COMMENT ON COLUMN takeout.limits.method IS 'export, export_page, export_stream, violations or conformance; NULL is any';
COMMENT ON COLUMN takeout.limits.max_rows IS 'Most rows: of an export, returned by violations, read by conformance; NULL is no limit';
COMMENT ON COLUMN takeout.limits.max_bytes IS 'Most bytes of the file; NULL is no limit';
COMMENT ON COLUMN takeout.limits.max_period IS
  'Longest time from since to until; a call must then name since, and without until ends where this does; NULL is no limit';
COMMENT ON COLUMN takeout.limits.requests_per_minute IS
  'Most exports of one role for one tenant in any 60 seconds, all methods and datasets counted together; NULL is no limit';

CREATE TABLE takeout.secret (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  key       bytea NOT NULL CHECK (octet_length(key) = 32)
);
COMMENT ON TABLE takeout.secret IS
  'The key that signs the cursors of export_page; made anew by CREATE EXTENSION and never dumped';
COMMENT ON COLUMN takeout.secret.only_row IS 'Keeps it one row';
COMMENT ON COLUMN takeout.secret.key IS '32 random bytes';
-- Three random UUIDs carry 366 bits of the server's strong random source.
INSERT INTO takeout.secret (key)
SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

REVOKE ALL ON takeout.datasets, takeout.fields, takeout.limits, takeout.secret FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('takeout.datasets', '');
SELECT pg_catalog.pg_extension_config_dump('takeout.fields', '');
SELECT pg_catalog.pg_extension_config_dump(
  'takeout.limits',
  'WHERE role IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) role)');
