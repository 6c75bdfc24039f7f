-- The wide table of the figures: :rows leads of 14 columns, about 250 bytes a row as CSV. The same rows on every run.

BEGIN;
SET LOCAL jit = off;
SELECT setseed(0.42);

CREATE UNLOGGED TABLE lead (
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  first_name text,
  last_name text,
  email text,
  phone text,
  ip inet,
  country character(2),
  city text,
  landing_page text,
  message text,
  visits integer,
  revenue numeric(12,2),
  consent boolean);

INSERT INTO lead
SELECT
  md5('lead ' || i)::uuid,
  timestamptz '2024-01-01' + i * interval '37.123457 seconds',
  first_name, last_name,
  lower(first_name) || '.' || i || '@example' || i % 97 || '.com',
  '+358 40 ' || lpad((random() * 9999999)::bigint::text, 7, '0'),
  CASE WHEN i % 5 = 0
    THEN inet '2001:db8::' + (random() * 9e15)::bigint
    ELSE inet '203.0.113.0' + (random() * 200000000)::bigint END,
  (ARRAY['FI', 'SE', 'DE', 'FR', 'GB', 'NL', 'ES', 'PL', 'IT', 'US'])[1 + (random() * 9)::integer],
  (ARRAY['Helsinki', 'Stockholm', 'München', 'Paris', 'London', 'Amsterdam', 'Málaga', 'Łódź', 'Roma', 'New York'])
    [1 + (random() * 9)::integer],
  'https://www.example.com/campaigns/' || i % 311 || '?utm_source=newsletter&lead=' || i,
  CASE
    WHEN i % 3 = 0 THEN NULL
    WHEN i % 7 = 0 THEN E'Please call me back.\nI saw the "starter" offer, is it still on?'
    ELSE 'We would like a demo for our team of ' || i % 500 END,
  (random() * 1000)::integer,
  (random() * 100000)::numeric(12,2),
  random() < 0.7
FROM (
  SELECT i,
    (ARRAY['Aino', 'Björn', 'Carmen', 'Dieter', 'Élise', 'Farah', 'Giulia', 'Hugo'])[1 + (random() * 7)::integer]
      AS first_name,
    (ARRAY['Virtanen', 'Lindqvist', 'García', 'Müller', 'Lefèvre', 'Haddad', 'O''Neill', 'Nowak'])
      [1 + (random() * 7)::integer] AS last_name
  FROM generate_series(1, :rows) AS i
) AS people;

ALTER TABLE lead ADD PRIMARY KEY (id);
CREATE INDEX ON lead (created_at, id);
COMMIT;
VACUUM (FREEZE, ANALYZE) lead;
