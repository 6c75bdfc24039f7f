-- What the register says that no catalog knows: the provider, the ways out, the organizational measures. Filled by
-- takeout.fill_register, edited by the owner of the extension like any table, published as they stand.

CREATE TABLE takeout.provider (
  only_row                  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  name                      text NOT NULL,
  contact                   text NOT NULL,
  web_site                  text CHECK (web_site ~ '^https?://'),
  base_url                  text CHECK (base_url ~ '^https?://[^/?#]+[^?#]*$'),
  api_version               text NOT NULL DEFAULT 'v3' CHECK (api_version ~ '^v[0-9]+$'),
  location                  text NOT NULL,
  jurisdiction              text NOT NULL,
  data_processing_agreement text NOT NULL,
  scope_statement           text NOT NULL,
  custom_exports            text NOT NULL,
  switching_statement       text NOT NULL,
  exclusions_statement      text NOT NULL,
  formats_statement         text NOT NULL,
  access_statement          text NOT NULL,
  difficulty_statement      text NOT NULL,
  notice_period             interval NOT NULL DEFAULT '2 months'
                            CHECK (notice_period BETWEEN '0' AND '2 months'),
  transition_period         interval NOT NULL DEFAULT '30 days'
                            CHECK (transition_period > '0' AND transition_period <= '7 months'),
  retrieval_period          interval NOT NULL DEFAULT '30 days' CHECK (retrieval_period >= '30 days'),
  erasure                   text NOT NULL,
  charges                   text NOT NULL
);
COMMENT ON TABLE takeout.provider IS
  'Who provides the service, and the terms under which customers leave it; one row, written by fill_register';
COMMENT ON COLUMN takeout.provider.only_row IS 'Keeps it one row';
COMMENT ON COLUMN takeout.provider.name IS 'The provider''s name';
COMMENT ON COLUMN takeout.provider.contact IS 'Whom a customer writes to who wants to export or to leave';
COMMENT ON COLUMN takeout.provider.web_site IS 'Where the register is published';
COMMENT ON COLUMN takeout.provider.base_url IS 'Where the API answers, without its version; NULL where there is none';
COMMENT ON COLUMN takeout.provider.api_version IS 'First part of the API''s paths, such as v3';
COMMENT ON COLUMN takeout.provider.location IS 'Where data are stored, but for datasets that say otherwise';
COMMENT ON COLUMN takeout.provider.jurisdiction IS
  'The law that the infrastructure is under (Regulation (EU) 2023/2854, article 28(1)(a))';
COMMENT ON COLUMN takeout.provider.data_processing_agreement IS 'Under which agreement personal data are processed';
COMMENT ON COLUMN takeout.provider.scope_statement IS 'What can be exported, in general';
COMMENT ON COLUMN takeout.provider.custom_exports IS 'How and at which price more than the datasets is exported';
COMMENT ON COLUMN takeout.provider.switching_statement IS 'How customers move to another provider';
COMMENT ON COLUMN takeout.provider.exclusions_statement IS
  'That what is excluded hinders and delays nobody who leaves (article 25(2)(f))';
COMMENT ON COLUMN takeout.provider.formats_statement IS 'What the formats and standards are good for';
COMMENT ON COLUMN takeout.provider.access_statement IS
  'How access by governments of third countries is prevented (article 28(1)(b))';
COMMENT ON COLUMN takeout.provider.difficulty_statement IS 'How hard it is to leave, in general (article 29)';
COMMENT ON COLUMN takeout.provider.notice_period IS
  'Longest notice that a customer has to give, at most two months (article 25(2)(d))';
COMMENT ON COLUMN takeout.provider.transition_period IS
  'Longest time that switching takes after it: 30 days, or up to seven months where that cannot be done (article 25(2)(a), (4))';
COMMENT ON COLUMN takeout.provider.retrieval_period IS
  'How long data can be fetched after that, at least 30 days (article 25(2)(g))';
COMMENT ON COLUMN takeout.provider.erasure IS 'When and how data are erased after that (article 25(2)(h))';
COMMENT ON COLUMN takeout.provider.charges IS 'What switching costs; nothing from 12 January 2027 on (article 29)';

CREATE TABLE takeout.methods (
  name            text PRIMARY KEY,
  position        integer NOT NULL CHECK (position > 0),
  title           text NOT NULL,
  available       boolean NOT NULL,
  formats         text[] NOT NULL DEFAULT '{}'
                  CHECK (formats <@ '{csv,json,jsonl,xlsx}'::text[] AND array_position(formats, NULL) IS NULL),
  default_format  text,
  limitations     text,
  notes           text,
  CONSTRAINT methods_default_format_offered CHECK (default_format IS NULL OR default_format = ANY (formats))
);
COMMENT ON TABLE takeout.methods IS 'The ways by which data leave, and those that do not exist';
COMMENT ON COLUMN takeout.methods.name IS 'How datasets name it';
COMMENT ON COLUMN takeout.methods.position IS 'Place in the register, from 1';
COMMENT ON COLUMN takeout.methods.title IS 'Name for people';
COMMENT ON COLUMN takeout.methods.available IS 'Whether it exists';
COMMENT ON COLUMN takeout.methods.formats IS 'Formats that it offers, where the dataset does too';
COMMENT ON COLUMN takeout.methods.default_format IS 'Format where none is chosen; NULL is the dataset''s own';
COMMENT ON COLUMN takeout.methods.limitations IS 'Technical limits, in words';
COMMENT ON COLUMN takeout.methods.notes IS 'What else to know; why it does not exist, where it does not';

CREATE TABLE takeout.organizational_measures (
  name       text PRIMARY KEY,
  position   integer NOT NULL CHECK (position > 0),
  title      text NOT NULL,
  statement  text,
  in_place   boolean,
  proven_by  text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE takeout.organizational_measures IS
  'Measures that no server can prove: what the provider states about them (article 28(1)(b))';
COMMENT ON COLUMN takeout.organizational_measures.name IS 'Short name';
COMMENT ON COLUMN takeout.organizational_measures.position IS 'Place in the register, from 1';
COMMENT ON COLUMN takeout.organizational_measures.title IS 'Name for people';
COMMENT ON COLUMN takeout.organizational_measures.statement IS 'What the provider states';
COMMENT ON COLUMN takeout.organizational_measures.in_place IS
  'Whether the provider states that it is in place; NULL is no statement yet';
COMMENT ON COLUMN takeout.organizational_measures.proven_by IS
  'Technical measures, by their names in takeout.measures(), that prove a part of it';

CREATE TABLE takeout.register_publications (
  published_at  timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
  published_by  name NOT NULL,
  hash          text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
  document      jsonb NOT NULL
);
COMMENT ON TABLE takeout.register_publications IS 'The register as it was at each publish_register that found it changed';
COMMENT ON COLUMN takeout.register_publications.published_at IS 'When';
COMMENT ON COLUMN takeout.register_publications.published_by IS 'By whom';
COMMENT ON COLUMN takeout.register_publications.hash IS 'Its SHA-256';
COMMENT ON COLUMN takeout.register_publications.document IS 'The register';

REVOKE ALL ON takeout.provider, takeout.methods, takeout.organizational_measures, takeout.register_publications
  FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('takeout.provider', '');
SELECT pg_catalog.pg_extension_config_dump('takeout.methods', '');
SELECT pg_catalog.pg_extension_config_dump('takeout.organizational_measures', '');
SELECT pg_catalog.pg_extension_config_dump('takeout.register_publications', '');
