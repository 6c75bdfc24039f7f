-- 1,000,000 leads (or :rows) with 14 columns, about 290 bytes each as CSV: a third of the messages is NULL, a seventh has
-- line breaks and quotes.
CREATE SCHEMA bench;
CREATE TABLE bench.lead (
  contact_id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL,
  first_name text,
  last_name text,
  email text,
  phone text,
  ip inet,
  country_code char(2),
  city text,
  landing_page text,
  message text,
  score integer,
  revenue numeric(12,2),
  consent boolean);
INSERT INTO bench.lead
SELECT md5('contact' || g)::uuid,
       '2024-01-01 00:00+00'::timestamptz + g * interval '61.234567 seconds',
       (ARRAY['Anna', 'Börje', 'Chloé', 'David', 'Eva', 'Fatima', 'Günther', 'Hanna'])[1 + g % 8],
       (ARRAY['Virtanen', 'Müller', 'Svensson', 'O''Neil', 'García', 'Nowak', 'Rossi'])[1 + g % 7] || '-' || g % 1000,
       'person.' || g || '@mail' || g % 500 || '.example.com',
       '+358' || 400000000 + g,
       ('10.' || g % 250 || '.' || g / 250 % 250 || '.' || 1 + g % 200)::inet,
       (ARRAY['FI', 'SE', 'DE', 'FR', 'ES', 'PL', 'IT', 'EE'])[1 + g % 8],
       (ARRAY['Helsinki', 'Malmö', 'München', 'Lyon', 'Sevilla', 'Kraków', 'Bologna', 'Tartu'])[1 + g % 8],
       'https://www.example.com/campaigns/spring/landing-' || g % 10000 || '?utm_id=' || g,
       CASE WHEN g % 3 = 0 THEN NULL
            WHEN g % 7 = 0 THEN E'Hello,\nplease send me "the offer" no. ' || g || E'\nand call back, thanks.'
            ELSE 'I would like to hear more about offer ' || g || ' and what it costs' END,
       g % 101,
       g % 100000 * 1.37,
       g % 2 = 0
FROM generate_series(1, :rows) g;
-- The order that exports keep, as the standard model has it.
CREATE INDEX ON bench.lead (created_at, contact_id);
VACUUM (FREEZE, ANALYZE) bench.lead;
SELECT takeout.create_dataset('bench.lead', name => 'leads', tenant => 'default', mask => '{ip}');
