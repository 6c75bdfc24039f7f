-- A table that knows nothing of pg_takeout: the orders of a small shop.

CREATE SCHEMA shop;

CREATE TABLE shop.order (
  order_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id  text NOT NULL,
  created_at   timestamptz NOT NULL,
  item         text NOT NULL,
  quantity     int NOT NULL,
  price        numeric(10, 2) NOT NULL,
  delivery     date,
  gift         boolean NOT NULL,
  remark       text,
  ip           inet
);

INSERT INTO shop.order (customer_id, created_at, item, quantity, price, delivery, gift, remark, ip)
SELECT 'c-' || lpad((hashint8extended(i, 1) & 15)::text, 4, '0'),
       timestamptz '2026-01-01 08:00+00' + interval '97 minutes' * i,
       (ARRAY['Teapot, 1.5 l', '27" monitor', 'Käsipyyhe', 'Ledersessel »Bär«', 'お茶'])[1 + (hashint8extended(i, 2) & 1023) % 5],
       1 + (hashint8extended(i, 3) & 7), 4.90 + (hashint8extended(i, 4) & 8191) / 100.0,
       CASE WHEN i % 7 > 0 THEN date '2026-01-03' + i / 14 END, i % 10 = 0,
       CASE WHEN i % 4 = 0 THEN 'Ring twice, please; "Böhm"' WHEN i % 9 = 0 THEN '' END,
       '198.51.100.0'::inet + (hashint8extended(i, 5) & 255)
FROM generate_series(1, 2000) AS i;
