-- A few rows in every table of the model, for its register's tests.
INSERT INTO crm.lead (contact_id, source_id, created_at, first_name, last_name, email, phone, company_name, city, country_code,
  url, score, tags, answers, consent, bot_id, first_touch_referrer, ip, visitor_profile_id, organization_ids, custom)
SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, i, timestamptz '2026-01-01 08:00+00' + i * interval '7 hours',
       'Aino', 'Mäki "' || i || '"', CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'aino.' || i || '@bücher.example' ELSE '"a b"@example.com' END,
       CASE WHEN i % 2 = 0 THEN '+35840' || 1000000 + i END, 'Oy', 'Espoo', CASE WHEN i % 4 > 0 THEN 'FI' END,
       'https://www.example.com/a?b=c&d=%20#e', i, ARRAY['hot', NULL], '{"q": [1, null]}', i % 2 = 0, 'bot-1',
       CASE WHEN i % 2 = 0 THEN 'https://search.example/?q=a+b' END, '203.0.113.7',
       ('10000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, ARRAY['20000000-0000-4000-8000-000000000001']::uuid[], NULL
FROM generate_series(1, 12) AS i;

INSERT INTO crm.visitor_profile (profile_id, contact_id, identified, first_seen_at, last_seen_at, email, language, timezone, ip,
  country_code, first_referrer, traits)
SELECT visitor_profile_id, contact_id, true, created_at, created_at + interval '1 day', email, 'fi-FI', 'Europe/Helsinki',
       '2001:db8:1:2::3', country_code, first_touch_referrer, '{"a": 1}'
FROM crm.lead;
INSERT INTO crm.visitor_profile (profile_id) VALUES ('10000000-0000-4000-8000-00000000ffff');

INSERT INTO crm.visit (visit_id, profile_id, organization_id, lead_id, started_at, duration_s, source, referring_url, country_code)
SELECT ('30000000-0000-4000-8000-' || lpad(source_id::text, 12, '0'))::uuid, visitor_profile_id,
       '20000000-0000-4000-8000-000000000001', contact_id, created_at, 60, 'google', first_touch_referrer, country_code
FROM crm.lead;
INSERT INTO crm.journey_step (visit_id, seq, occurred_at, event_type, page_url, time_on_page_s, bot_id, details)
SELECT visit_id, seq, started_at + seq * interval '1.5 s', (ARRAY['page_view', 'bot_open', 'conversion'])[seq],
       'https://www.example.com/' || seq, CASE seq WHEN 1 THEN 2 END, CASE WHEN seq > 1 THEN 'bot-1' END, '{"seq": 1}'
FROM crm.visit, generate_series(1, 3) AS seq
WHERE duration_s > 0 AND started_at < '2026-01-03';

INSERT INTO crm.organization (organization_id, name, phone, website_url, revenue, first_visit_at, last_visit_at, country_code)
VALUES ('20000000-0000-4000-8000-000000000001', 'Esimerkki Oy', '+35891234567', 'https://example.com', 1234567.89,
        '2026-01-01', '2026-01-02', 'FI'),
       ('20000000-0000-4000-8000-000000000002', 'Nobody''s', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO crm.organization_contact (organization_id, seq, name, title, email, phone)
VALUES ('20000000-0000-4000-8000-000000000001', 1, 'Eero', 'CEO', 'eero@example.com', '+358401234567'),
       ('20000000-0000-4000-8000-000000000001', 2, 'Päivi', NULL, NULL, NULL);
