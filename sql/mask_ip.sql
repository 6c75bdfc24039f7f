-- What is left of an address, alone and inside values of any type.

-- Host bits go, longer prefixes are shortened, shorter ones stay.
SELECT address, takeout.mask_ip(address)
FROM unnest(ARRAY['203.0.113.77', '203.0.113.77/25', '203.0.113.77/24', '203.0.113.77/8', '0.0.0.0/0',
                  '255.255.255.255', '2001:db8:1:2:3:4:5:6', '2001:db8:ffff:ffff::1/64', '2001:db8::/32',
                  '2001:db8:1:2::/33', '::1', '::/0']::inet[]) address;

-- An IPv4 address inside an IPv6 one is held to the IPv4 length: mapped, NAT64, 6to4, Teredo, local NAT64.
SELECT address, takeout.mask_ip(address)
FROM unnest(ARRAY['::ffff:203.0.113.77', '::ffff:203.0.113.77/100', '64:ff9b::203.0.113.77', '2002:cb00:714d::1',
                  '2001:0:cb00:714d:1::1', '64:ff9b:1:2::203.0.113.77']::inet[]) address;

-- The same as PostgreSQL's own functions say, for every prefix and addresses all over.
SELECT count(*) AS compared,
       count(*) FILTER (WHERE takeout.mask_ip(address) IS DISTINCT FROM
                              network(set_masklen(address, least(masklen(address), 24)))) AS wrong
FROM (SELECT set_masklen(inet '0.0.0.0' + (n * 2654435761 % 4294967296), prefix) AS address
      FROM generate_series(1, 1000) n, generate_series(0, 32) prefix) a;
SELECT count(*) AS compared,
       count(*) FILTER (WHERE takeout.mask_ip(address) IS DISTINCT FROM
                              network(set_masklen(address, least(masklen(address), 48)))) AS wrong
FROM (SELECT set_masklen(regexp_replace('2a' || substr(md5(n::text), 3), '(....)(?=.)', '\1:', 'g')::inet, prefix) AS address
      FROM generate_series(1, 250) n, generate_series(0, 128) prefix) a;

-- Addresses in text: what is none is refused, and not shown by the error.
SELECT takeout.mask_ip_text('203.0.113.77'), takeout.mask_ip_text('2001:db8:1:2::1'), takeout.mask_ip_text('10.1.2.3/8');
SELECT count(*), count(*) FILTER (WHERE takeout.mask_ip_text(a) IS DISTINCT FROM takeout.mask_ip(a::inet)) AS wrong
FROM unnest('{1.2.3.4,1.2.3.4/32,1.2.3.4/0,255.255.255.255,::,::1,::ffff:1.2.3.4,fe80::1/64,2001:db8::/32,ABCD::}'::text[]) a;
SELECT takeout.mask_ip_text('203.0.113.77, 198.51.100.9');
SELECT takeout.mask_ip_text('203.0.113.77/33');
SELECT takeout.mask_ip_text(' 203.0.113.77');
SELECT takeout.mask_ip_text('');
SELECT takeout.mask_ip(NULL) IS NULL AS null_stays_null, pg_typeof(takeout.mask_ip('::1'));

-- The lengths are a superuser's settings.
SET takeout.ipv4_prefix = 16;
SET takeout.ipv6_prefix = 32;
SELECT takeout.mask_ip('203.0.113.77'), takeout.mask_ip('2001:db8:1:2::1'), takeout.mask_ip('::ffff:203.0.113.77');
RESET takeout.ipv4_prefix;
RESET takeout.ipv6_prefix;
CREATE ROLE regress_takeout_mask;
SET ROLE regress_takeout_mask;
SET takeout.ipv4_prefix = 32;
SET takeout.ipv6_prefix = 128;
SELECT takeout.mask_ip('203.0.113.77'), takeout.mask_inside(inet '203.0.113.77');
RESET ROLE;

-- Inside other types: the value keeps its type.
CREATE SCHEMA mask_test;
SET search_path = mask_test;
CREATE FUNCTION show(value anyelement, OUT masked text, OUT type regtype) LANGUAGE sql
  AS $$ SELECT takeout.mask_inside(value)::text, pg_typeof(takeout.mask_inside(value)) $$;
CREATE DOMAIN address AS inet;
CREATE DOMAIN inner_address AS address CHECK (family(VALUE) = 4);
CREATE DOMAIN address_list AS inner_address[];

SELECT * FROM show(inet '203.0.113.77');
SELECT * FROM show(cidr '203.0.113.77/32');
SELECT * FROM show('203.0.113.77'::inner_address);
SELECT * FROM show(ARRAY['203.0.113.77', NULL, '2001:db8:1:2::1']::inet[]);
SELECT * FROM show('[5:6][0:1]={{203.0.113.77,198.51.100.9},{NULL,192.0.0.0/8}}'::cidr[]);
SELECT * FROM show('{203.0.113.77}'::address_list);
SELECT * FROM show('{}'::inet[]);
SELECT * FROM show(ARRAY['{203.0.113.77}', '{198.51.100.9}']::address_list[]);

-- Rows: nested, with dropped and with added columns, anonymous ones too.
CREATE TYPE endpoint AS (port int, ip inet);
CREATE DOMAIN any_endpoint AS endpoint;
CREATE TABLE connection (gone inet, source endpoint, targets any_endpoint[], note text, ip address);
INSERT INTO connection VALUES
  ('203.0.113.1', (80, '203.0.113.77'), ARRAY[(443, '198.51.100.9'), NULL, (1, NULL)]::any_endpoint[], 'x', '::1'),
  (NULL, NULL, NULL, NULL, NULL);
ALTER TABLE connection DROP COLUMN gone;
ALTER TABLE connection ADD COLUMN added cidr DEFAULT '192.0.2.55';
SELECT s.* FROM connection c, show(c) s;
SELECT s.* FROM connection c, show(ARRAY[c]) s;
SELECT * FROM show((8, '203.0.113.77')::any_endpoint);
SELECT takeout.mask_inside(ROW(1, inet '203.0.113.77', ROW(cidr '198.51.100.9', ARRAY[ROW(inet '192.0.2.1')])));
SELECT takeout.mask_inside(r)
FROM (VALUES (ROW(1, inet '203.0.113.77')), (ROW(inet '203.0.113.77', 1)), (ROW('none'::text, 1)),
             (ROW(2, inet '198.51.100.9'))) v (r);

-- A row type that gets another address between two calls of one expression.
CREATE TYPE changing AS (ip inet);
DO $$
DECLARE
  value mask_test.changing := ROW('203.0.113.77');
BEGIN
  FOR i IN 1..2 LOOP
    RAISE NOTICE '%', takeout.mask_inside(value);
    IF i = 1 THEN
      ALTER TYPE mask_test.changing ADD ATTRIBUTE late inet;
      value := ROW('203.0.113.77', '198.51.100.9');
    END IF;
  END LOOP;
END
$$;

-- Ranges: valid, never empty, whatever the masked bounds are.
CREATE TYPE address_range AS RANGE (subtype = inet);
CREATE DOMAIN small_range AS address_range;
SELECT r AS range, takeout.mask_inside(r) AS masked
FROM unnest(ARRAY['[203.0.113.77,203.0.114.9)', '[203.0.113.77,203.0.113.99)', '(203.0.113.77,203.0.113.99)',
                  '[203.0.113.77,203.0.113.77]', '(,203.0.113.77)', '[203.0.113.77,)', '(,)', 'empty',
                  '(::ffff:203.0.113.77,::1:0:0:1)', '[203.0.113.77,2001:db8:1:2::1]']::address_range[]) r;
SELECT * FROM show('[203.0.113.77,203.0.113.99)'::small_range);
SELECT * FROM show('{[203.0.113.1,203.0.113.2],[203.0.113.7,203.0.113.9],[203.0.114.1,)}'::address_multirange);
SELECT * FROM show('{}'::address_multirange);
SELECT * FROM show(ARRAY['[203.0.113.77,203.0.113.99)', NULL]::address_range[]);
SELECT * FROM show(int4range(1, 5));

-- Rows of PostgreSQL's own views, and arrays whose type only the value knows.
CREATE TABLE visits AS SELECT inet '203.0.113.77' AS ip, 'none'::text AS note FROM generate_series(1, 10);
ANALYZE visits;
SELECT attname, takeout.mask_inside(most_common_vals) FROM pg_catalog.pg_stats
WHERE schemaname = 'mask_test' AND tablename = 'visits' ORDER BY attname;

-- Types without addresses come back as they are.
SELECT takeout.mask_inside(42), takeout.mask_inside('203.0.113.77'::text), takeout.mask_inside(ARRAY[1, 2]),
       takeout.mask_inside(NULL::inet) IS NULL AS null_stays_null;

-- Compressed and toasted values; masking twice changes nothing.
CREATE TABLE large AS
SELECT ARRAY(SELECT inet '10.0.0.1' + n FROM generate_series(1, 100000) n) AS ips;
SELECT count(DISTINCT ip), count(*) FILTER (WHERE ip = network(set_masklen(ip, 24))) AS masked, count(*)
FROM large, unnest(takeout.mask_inside(ips)) ip;
SELECT takeout.mask_inside(takeout.mask_inside(l)) = takeout.mask_inside(l) AS stable FROM large l;

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA mask_test CASCADE;
DROP ROLE regress_takeout_mask;
