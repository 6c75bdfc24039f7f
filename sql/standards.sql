-- The open standards as functions. Long lists of other people's cases are in tests/interop/test_standards.py.

SELECT v, takeout.is_email(v) FROM unnest(ARRAY['leads@example.com', 'pelé@bücher.example', '"a b"@[IPv6:::1]',
                                                'a@b_c', 'a@', ' a@b', '']) v;
SELECT v, takeout.is_uuid(v) FROM unnest(ARRAY['F81D4FAE-7DEC-11d0-A765-00A0C91E6BF6', 'f81d4fae7dec11d0a76500a0c91e6bf6']) v;
SELECT v, takeout.is_country(v) FROM unnest(ARRAY['FI', 'fi', 'XX', 'UK']) v;
SELECT v, takeout.is_phone(v) FROM unnest(ARRAY['+358401234567', '040 1234567', '+1234567890123456']) v;
SELECT v, takeout.is_timestamp(v) FROM unnest(ARRAY['2026-01-31T12:00:00+02:00', '20260131T120000Z', '2026-01-31 12:00:00',
                                                    '2026-02-29T00:00:00Z', '2016-12-31T23:59:60Z']) v;
SELECT v, takeout.is_date(v) FROM unnest(ARRAY['2024-02-29', '2026-02-29']) v;
SELECT v, takeout.is_url(v) FROM unnest(ARRAY['https://example.com/?q=1#top', 'example.com', 'mailto:a@example.com']) v;
SELECT v, takeout.is_language(v) FROM unnest(ARRAY['zh-Hant-TW', 'en_US']) v;
SELECT v, takeout.is_ip_network(v) FROM unnest(ARRAY['203.0.113.0/24', '203.0.113.7/24', '2001:db8::/48']) v;

-- Every country that is a code, and only those, is one.
SELECT array_length(takeout.country_codes(), 1) BETWEEN 240 AND 300 AS plausible,
       takeout.country_codes() @> '{AX,FI,SE,ZW}' AS has_some,
       takeout.country_codes() = (SELECT array_agg(v ORDER BY v)
                                  FROM (SELECT DISTINCT chr(a) || chr(b) AS v
                                        FROM generate_series(32, 126) a, generate_series(32, 126) b) pairs
                                  WHERE takeout.is_country(v)) AS same;

-- PostgreSQL's own values follow them.
SELECT count(*) FILTER (WHERE NOT takeout.is_uuid(gen_random_uuid()::text)) AS uuids,
       count(*) FILTER (WHERE NOT takeout.is_date(to_json(date '0001-01-01' + n * 365) #>> '{}')) AS dates,
       count(*) FILTER (WHERE NOT takeout.is_timestamp(to_json(timestamp '0001-01-01' + n * interval '8765.4321 hours') #>> '{}')) AS timestamps,
       count(*) FILTER (WHERE NOT takeout.is_ip_network(set_masklen(cidr '2001:db8::/128' + n, 128)::cidr::text)) AS networks
FROM generate_series(1, 9000) n;

-- What is NULL stays unknown, so that a CHECK constraint lets it pass.
SELECT takeout.is_email(NULL), takeout.is_uuid(NULL), takeout.is_country(NULL), takeout.is_phone(NULL),
       takeout.is_timestamp(NULL), takeout.is_date(NULL), takeout.is_url(NULL), takeout.is_language(NULL),
       takeout.is_ip_network(NULL);
CREATE TABLE customer (email text CHECK (takeout.is_email(email)), country text CHECK (takeout.is_country(country)));
INSERT INTO customer VALUES ('a@example.com', 'FI'), (NULL, NULL);
INSERT INTO customer VALUES ('a@@example.com', 'FI');
INSERT INTO customer VALUES ('a@example.com', 'Finland');
DROP TABLE customer;

-- Long and compressed values are told as they are.
CREATE TABLE document (url text);
INSERT INTO document VALUES ('https://example.com/' || repeat('a', 1000000)), ('https://example.com/' || repeat(' ', 1000000));
SELECT length(url), takeout.is_url(url), takeout.is_email(url) FROM document ORDER BY 2;
DROP TABLE document;

SELECT p.proname, p.provolatile, p.proparallel, p.proisstrict
FROM pg_proc p WHERE p.pronamespace = 'takeout'::regnamespace AND p.prosrc LIKE 'takeout\_is\_%' ORDER BY p.proname;
