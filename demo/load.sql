-- Sample data for the model: the same rows in every run. What hangs together is drawn first (which visit belongs to whom
-- and when it was), then the model's tables are filled from that.

SET search_path = crm, pg_catalog;

CREATE TABLE demo.visit AS
SELECT v,
       CASE WHEN v <= 20000 THEN v
            ELSE 1 + floor(20000 * (demo.dice(v, 11, 1000000) / 1e6) ^ 2)::int END AS profile,
       CASE WHEN demo.dice(v, 12, 100) < 40 THEN 1 + demo.dice(v, 13, 5000) END AS organization,
       timestamptz '2024-01-01 00:00+00'
         + interval '1 second' * floor(78796800 * sqrt(demo.dice(v, 14, 1000000) / 1e6))
         + CASE WHEN v % 3 > 0 THEN interval '1 microsecond' * demo.dice(v, 15, 1000000) ELSE interval '0' END
         AS started_at,
       (ARRAY[1, 1, 2, 3, 5, 8])[1 + v % 6] AS step_count
FROM generate_series(1, 60000) AS v;

CREATE TABLE demo.step AS
SELECT v, seq, event_type, page, seconds,
       started_at + interval '1 second' * (sum(seconds) OVER (PARTITION BY v ORDER BY seq) - seconds) AS occurred_at
FROM (
  SELECT v, seq, started_at,
         CASE WHEN seq = 1 OR dice < 58 THEN 'page_view' WHEN dice < 74 THEN 'bot_open' WHEN dice < 88 THEN 'bot_answer'
              WHEN dice < 95 THEN 'form_submit' ELSE 'conversion' END AS event_type,
         1 + demo.dice(v * 8 + seq, 22, 12) AS page,
         2 + demo.dice(v * 8 + seq, 23, 240) AS seconds
  FROM (SELECT v, seq, started_at, demo.dice(v * 8 + seq, 21, 100) AS dice
        FROM demo.visit, generate_series(1, step_count) AS seq) AS drawn
) AS step;

CREATE TABLE demo.profile AS
SELECT profile AS p, demo.dice(profile, 31, 100) < 55 AS identified, min(v) AS first_visit,
       min(started_at) AS first_seen_at, max(started_at) AS last_seen_at, count(DISTINCT v) AS visits,
       count(*) FILTER (WHERE event_type = 'page_view') AS page_views, sum(seconds) AS seconds
FROM demo.visit JOIN demo.step USING (v)
GROUP BY profile;

-- Every identified profile is a lead with an even number.
CREATE TABLE demo.person AS
SELECT l, p, country.code, country.language, country.timezone,
       CASE WHEN l % 211 = 0 THEN demo.pick(demo.items('odd name'), l, 41)
            ELSE demo.pick(first_names, l, 42) END AS first_name,
       CASE WHEN l % 223 = 0 THEN demo.pick(demo.items('odd name'), l, 43)
            WHEN l % 37 = 0 THEN NULL
            ELSE demo.pick(last_names, l, 44) END AS last_name,
       string_to_array(demo.pick(places, l, 45), '|') AS place,
       demo.pick(streets, l, 46) AS street,
       CASE WHEN l % 97 = 0 THEN demo.pick(demo.items('odd phone'), l, 47)
            WHEN l % 5 = 0 THEN NULL
            ELSE demo.phone(dial, l) END AS phone,
       CASE WHEN p IS NULL THEN
              timestamptz '2024-01-01 00:00+00'
              + interval '1 second' * floor(78796800 * sqrt(demo.dice(l, 48, 1000000) / 1e6))
              + interval '1 microsecond' * (demo.dice(l, 49, 1000) * 1000)
            ELSE first_seen_at + interval '1 second' * (30 + demo.dice(l, 49, 900)) END AS created_at
FROM generate_series(1, 50000) AS l
LEFT JOIN demo.profile ON l % 2 = 0 AND p = l / 2 AND identified
JOIN demo.country ON demo.dice(l, 40, 100) >= slot_from AND demo.dice(l, 40, 100) < slot_to;

ALTER TABLE demo.person ADD email text, ADD PRIMARY KEY (l);

UPDATE demo.person SET email =
  CASE WHEN l % 89 = 0 THEN demo.pick(demo.items('odd email'), l, 50)
       WHEN l % 41 = 0 THEN NULL
       ELSE demo.mailbox(first_name, last_name, l) || '@'
            || demo.pick('{example.com,example.org,example.net,mail.example,firma.example,yritys.example}', l, 51) END;

CREATE TABLE demo.company AS
SELECT o, country.code, split_part(demo.pick(places, o, 61), '|', 2) AS city, demo.phone(dial, o + 700000) AS phone,
       1 + demo.dice(o, 62, 12) AS industry,
       CASE WHEN o % 83 = 0 THEN demo.pick(demo.items('odd company'), o, 63)
            ELSE demo.pick(demo.items('company'), o, 64) || ' ' || demo.pick(demo.items('branch'), o, 65) || ' '
                 || demo.pick(demo.items('legal'), o, 66) END AS name,
       lower(translate(demo.pick(demo.items('company'), o, 64), 'äåöüè', 'aaoue')) || '-' || o || '.example' AS domain
FROM generate_series(1, 5000) AS o
JOIN demo.country ON demo.dice(o, 60, 100) >= slot_from AND demo.dice(o, 60, 100) < slot_to;

ALTER TABLE demo.company ADD PRIMARY KEY (o);
ANALYZE demo.visit, demo.step, demo.profile, demo.person, demo.company;

INSERT INTO organization (organization_id, business_id, name, domain, industry, nace_code, employee_count, revenue, phone,
  website_url, linkedin_url, quality, status, tags, first_visit_at, last_visit_at, visit_count, country_code, city)
SELECT demo.id('organization', o), lpad(demo.dice(o, 67, 9999999)::text, 7, '0') || '-' || demo.dice(o, 68, 10),
       name, domain, demo.pick(demo.items('industry'), industry - 1, 0), (demo.items('nace'))[industry],
       CASE WHEN o % 9 > 0 THEN floor(exp(demo.dice(o, 69, 1100) / 100.0))::int END,
       CASE WHEN o % 7 > 0 THEN (demo.dice(o, 70, 900000000) + 0.01 * demo.dice(o, 71, 100))::numeric(14, 2) END,
       phone, 'https://www.' || domain || '/?utm_source=demo&q=' || industry,
       CASE WHEN o % 3 = 0 THEN 'https://www.linkedin.example/company/' || split_part(domain, '.', 1) END,
       CASE WHEN o % 11 > 0 THEN demo.pick(demo.items('quality'), o, 72) END,
       demo.pick(demo.items('status'), o, 73),
       CASE WHEN o % 4 = 0 THEN '{}' ELSE ARRAY[demo.pick(demo.items('tag'), o, 74), demo.pick(demo.items('tag'), o, 75)] END,
       first_visit_at, last_visit_at, COALESCE(visit_count, 0), code, city
FROM demo.company
LEFT JOIN (SELECT organization AS o, min(started_at) AS first_visit_at, max(started_at) AS last_visit_at,
                  count(*) AS visit_count
           FROM demo.visit GROUP BY organization) AS seen USING (o);

INSERT INTO organization_contact (organization_id, seq, name, title, email, phone)
SELECT demo.id('organization', o), n, concat_ws(' ', first_name, last_name), demo.pick(demo.items('title'), o * 4 + n, 81),
       CASE WHEN (o + n) % 9 > 0 THEN 'contact' || n || '@' || domain END,
       CASE WHEN (o + n) % 4 > 0 THEN person.phone END
FROM demo.company, generate_series(1, (o % 4)) AS n, demo.person
WHERE l = 1 + demo.dice(o * 4 + n, 80, 50000);

INSERT INTO lead (contact_id, source_id, created_at, updated_at, first_name, last_name, email, phone, company_name, address,
  zip_code, city, country_code, url, score, tags, answers, consent, bot_id, bot_name, bot_type, bot_category, utm_source,
  utm_medium, utm_campaign, utm_term, utm_content, first_touch_source, first_touch_referrer, last_touch_source,
  last_touch_referrer, ip, visitor_profile_id, organization_ids, custom)
SELECT demo.id('lead', l), 9007199254740993 + l, created_at,
       created_at + interval '1 minute' * CASE WHEN l % 4 > 0 THEN demo.dice(l, 101, 90000) ELSE 0 END,
       first_name, last_name, email, person.phone,
       CASE WHEN l % 53 = 0 THEN demo.pick(demo.items('odd company'), l, 102)
            WHEN company.o IS NOT NULL THEN company.name
            WHEN l % 3 = 0 THEN ''
       END,
       street || ' ' || (1 + demo.dice(l, 103, 199)) || CASE WHEN l % 17 = 0 THEN E'\nc/o "' || COALESCE(last_name, '') || '", 2. OG'
                                                            ELSE '' END,
       place[1], place[2], person.code,
       'https://www.example.com' || demo.pick(demo.items('page'), l, 104)
         || CASE WHEN l % 500 = 0 THEN '?trace=' || repeat(md5(l::text), 60) ELSE '' END,
       CASE WHEN l % 10 > 0 THEN demo.dice(l, 105, 101) END,
       CASE WHEN l % 6 < 2 THEN '{}'
            WHEN l % 6 = 2 THEN ARRAY[demo.pick(demo.items('tag'), l, 106), NULL, '']
            ELSE ARRAY[demo.pick(demo.items('tag'), l, 106), demo.pick(demo.items('tag'), l, 107)] END,
       CASE WHEN l % 5 > 1 THEN jsonb_build_object(
              'Team size', 1 + demo.dice(l, 108, 500),
              'Budget', demo.pick('{"10,000–50,000 €","< 5 000 €","not known; ask",NULL}', l, 109),
              'Milloin?', demo.pick('{heti,"Q2, 2026",myöhemmin}', l, 110),
              'Message', CASE WHEN l % 1000 = 3 THEN repeat(demo.pick(demo.items('odd message'), l, 111) || ' ', 200)
                              ELSE demo.pick(demo.items('odd message'), l, 111) END) END,
       l % 8 > 0,
       'bot-' || lpad(bot::text, 3, '0'), (demo.items('bot'))[bot], (demo.items('bot_type'))[bot], (demo.items('bot_category'))[bot],
       CASE WHEN l % 3 = 0 THEN demo.pick(demo.items('source'), l, 112) END,
       CASE WHEN l % 3 = 0 THEN demo.pick(demo.items('medium'), l, 112) END,
       CASE WHEN l % 3 = 0 THEN demo.pick(demo.items('campaign'), l, 113) END,
       CASE WHEN l % 12 = 0 THEN demo.pick(demo.items('keyword'), l, 114) END,
       CASE WHEN l % 24 = 0 THEN 'ad-' || lpad(demo.dice(l, 115, 1000)::text, 4, '0') END,
       demo.pick(demo.items('source'), l, 116),
       CASE WHEN l % 2 = 0 THEN 'https://www.' || NULLIF(demo.pick(demo.items('source'), l, 116), '(direct)') || '.example/search?q=a+b&n=%C3%A4' END,
       demo.pick(demo.items('source'), l, 117), CASE WHEN l % 7 = 0 THEN 'https://www.example.com' END,
       demo.address(l), CASE WHEN p IS NOT NULL THEN demo.id('profile', p) END,
       CASE WHEN company.o IS NULL THEN '{}'
            WHEN l % 30 = 0 THEN ARRAY[demo.id('organization', company.o), demo.id('organization', 1 + company.o % 5000)]
            ELSE ARRAY[demo.id('organization', company.o)] END,
       CASE WHEN l % 9 = 0 THEN jsonb_build_object('crm_id', lpad(l::text, 8, '0'), 'größe', NULL, 'amount',
              12345678901234.56789 + l, 'opt-in', jsonb_build_array(true, 'a,b', '"', jsonb_build_object('n', l))) END
FROM (SELECT *, 1 + demo.dice(l, 100, 10) AS bot,
             CASE WHEN demo.dice(l, 118, 100) < 60 THEN 1 + demo.dice(l, 119, 5000) END AS o FROM demo.person) AS person
LEFT JOIN demo.company USING (o)
ORDER BY l;

INSERT INTO visitor_profile (profile_id, contact_id, identified, first_seen_at, last_seen_at, visit_count, page_view_count,
  total_duration_s, email, first_name, last_name, phone, language, browser, os, device_type, ip, country_code, region, city,
  timezone, first_referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content, do_not_sell, traits)
SELECT demo.id('profile', profile.p), CASE WHEN identified THEN demo.id('lead', l) END, identified, first_seen_at, last_seen_at,
       visits, page_views, seconds, CASE WHEN identified THEN email END, CASE WHEN identified THEN first_name END,
       CASE WHEN identified THEN last_name END, CASE WHEN identified THEN phone END, language,
       demo.pick(demo.items('browser'), l, 201), demo.pick(demo.items('os'), l, 202), demo.pick(demo.items('device'), l, 203),
       demo.address(l), code, place[3], place[2], timezone,
       CASE WHEN l % 3 > 0 THEN 'https://' || NULLIF(demo.pick(demo.items('source'), l, 204), '(direct)') || '.example/?a=1;b=%222%22' END,
       CASE WHEN l % 5 = 0 THEN demo.pick(demo.items('source'), l, 205) END,
       CASE WHEN l % 5 = 0 THEN demo.pick(demo.items('medium'), l, 205) END,
       CASE WHEN l % 5 = 0 THEN demo.pick(demo.items('campaign'), l, 206) END,
       CASE WHEN l % 35 = 0 THEN demo.pick(demo.items('keyword'), l, 207) END, NULL,
       l % 19 = 0,
       CASE WHEN l % 4 = 0 THEN jsonb_build_object('interests', jsonb_build_array(demo.pick(demo.items('industry'), l, 208),
              demo.pick(demo.items('tag'), l, 209)), 'engagement', round(demo.dice(l, 210, 10000) / 137.0, 6),
              'note', CASE WHEN l % 8 = 0 THEN demo.pick(demo.items('odd message'), l, 211) END) END
FROM demo.profile JOIN demo.person ON l = profile.p * 2
ORDER BY profile.p;

INSERT INTO visit (visit_id, profile_id, organization_id, lead_id, started_at, duration_s, source, medium, campaign, keyword,
  referring_url, device_type, country_code)
SELECT demo.id('visit', v), demo.id('profile', profile), CASE WHEN organization IS NOT NULL THEN demo.id('organization', organization) END,
       CASE WHEN identified AND converted THEN demo.id('lead', l) END,
       started_at, steps.seconds, demo.pick(demo.items('source'), v, 301), demo.pick(demo.items('medium'), v, 301),
       CASE WHEN v % 4 = 0 THEN demo.pick(demo.items('campaign'), v, 302) END,
       CASE WHEN v % 9 = 0 THEN demo.pick(demo.items('keyword'), v, 303) END,
       CASE WHEN v % 3 > 0 THEN 'https://' || NULLIF(demo.pick(demo.items('source'), v, 301), '(direct)') || '.example/r?id=' || v || '&t=''x,%20y''' END,
       demo.pick(demo.items('device'), l, 203), code
FROM demo.visit
JOIN (SELECT v, sum(seconds) AS seconds, bool_or(event_type IN ('form_submit', 'conversion')) AS converted
      FROM demo.step GROUP BY v) AS steps USING (v)
JOIN demo.profile ON profile.p = profile
JOIN demo.person ON l = profile * 2
ORDER BY started_at, v;

INSERT INTO journey_step (visit_id, seq, occurred_at, event_type, page_url, page_title, time_on_page_s, bot_id, details)
SELECT demo.id('visit', v), seq, occurred_at, event_type, 'https://www.example.com' || (demo.items('page'))[page],
       CASE WHEN v % 31 > 0 THEN (demo.items('page_title'))[page] ELSE '' END,
       CASE WHEN event_type = 'page_view' THEN seconds END,
       CASE WHEN event_type IN ('bot_open', 'bot_answer', 'conversion') THEN 'bot-' || lpad((1 + page % 10)::text, 3, '0') END,
       CASE event_type
         WHEN 'bot_answer' THEN jsonb_build_object('question', 'What brings you here?', 'answer', demo.pick(demo.items('odd message'), v, 401))
         WHEN 'form_submit' THEN jsonb_build_object('form', 'contact; "main"', 'fields', page)
         WHEN 'conversion' THEN jsonb_build_object('goal', 'demo booked', 'value', 49.90 + page) END
FROM demo.step
ORDER BY occurred_at, v, seq;

ANALYZE organization, organization_contact, lead, visitor_profile, visit, journey_step;

SET client_min_messages = warning;
DROP SCHEMA demo CASCADE;
