-- takeout.export_page: a dataset in pieces, each with a cursor to the next.
CREATE SCHEMA paged;
CREATE TABLE paged.event (event_id int PRIMARY KEY, created_at timestamptz, tenant_id text);
-- Equal times and missing times are where a careless cursor loses or repeats rows.
INSERT INTO paged.event
SELECT g, CASE WHEN g % 4 <> 0 THEN '2026-01-01 00:00+00'::timestamptz + (g % 100 / 10) * interval '1 hour' END,
       CASE WHEN g > 100 THEN 't1' ELSE 'default' END
FROM generate_series(1, 150) g;
INSERT INTO takeout.members VALUES (quote_ident(session_user)::regrole, 't1');
SET takeout.act_for = 'default';
SELECT takeout.create_dataset('paged.event', name => 'events');

CREATE FUNCTION paged.walk(rows integer, format text DEFAULT 'jsonl', tenant text DEFAULT NULL, since timestamptz DEFAULT NULL)
RETURNS TABLE (pages integer, counted bigint, files text) LANGUAGE plpgsql AS $$
DECLARE
  page record;
  after text;
BEGIN
  pages := 0;
  counted := 0;
  files := '';
  LOOP
    SELECT * INTO page FROM takeout.export_page('events', format, after => after, page_rows => rows,
                                                tenant => walk.tenant, since => walk.since);
    pages := pages + 1;
    counted := counted + page.row_count;
    files := files || convert_from(page.data, 'UTF8');
    EXIT WHEN page.complete;
    after := page.next;
  END LOOP;
  RETURN NEXT;
END
$$;

SELECT rows, pages, counted, files = convert_from(takeout.export('events', 'jsonl'), 'UTF8') AS same_as_whole
FROM unnest(ARRAY[1, 7, 25, 74, 75, 76, 99, 100, 101]) AS rows, paged.walk(rows);
SELECT pages, counted, files = convert_from(takeout.export('events', 'jsonl', tenant => 't1'), 'UTF8') AS same_as_whole
FROM paged.walk(7, tenant => 't1');
SELECT pages, counted, files = convert_from(takeout.export('events', 'jsonl', since => '2026-01-01 04:00+00'), 'UTF8') AS same_as_whole
FROM paged.walk(7, since => '2026-01-01 04:00+00');

SELECT convert_from(data, 'UTF8') AS data, row_count, next IS NULL AS no_next, complete
FROM takeout.export_page('events', 'json', page_rows => 2, ids => '{1,2,3}', columns => '{event_id}');
SELECT convert_from(data, 'UTF8') AS data, row_count, next, complete FROM takeout.export_page('events', 'json', ids => '{}');

-- A cursor goes with its export and cannot be altered.
SELECT next AS cursor FROM takeout.export_page('events', page_rows => 5) \gset
SELECT row_count FROM takeout.export_page('events', page_rows => 5, after => :'cursor');
SELECT row_count FROM takeout.export_page('events', 'json', page_rows => 50, after => :'cursor', columns => '{event_id}');
SELECT row_count FROM takeout.export_page('events', after => :'cursor', tenant => 't1');
SELECT row_count FROM takeout.export_page('events', after => :'cursor', since => '2026-01-01 00:00+00');
SELECT row_count FROM takeout.export_page('events', after => overlay(:'cursor' placing 'AAAA' from 1));
SELECT row_count FROM takeout.export_page('events', after => '');
SELECT row_count FROM takeout.export_page('events', after => 'no cursor!');
SELECT row_count FROM takeout.export_page('events', page_rows => 0);

-- A page is held to the limits too.
INSERT INTO takeout.limits (method, max_rows) VALUES ('export_page', 10);
SELECT row_count FROM takeout.export_page('events', page_rows => 10);
SELECT row_count FROM takeout.export_page('events', page_rows => 11);
DELETE FROM takeout.limits;

-- A page reads its own rows by an index on (time, key), not the table.
CREATE TABLE paged.long (id int PRIMARY KEY, created_at timestamptz NOT NULL, tenant_id text);
INSERT INTO paged.long SELECT g, '2026-01-01 00:00+00'::timestamptz + g * interval '1 minute', 'default' FROM generate_series(1, 20000) g;
CREATE INDEX ON paged.long (created_at, id);
VACUUM ANALYZE paged.long;
SELECT takeout.create_dataset('paged.long');
BEGIN;
SELECT next AS cursor FROM takeout.export_page('long', page_rows => 5) \gset
SELECT row_count FROM takeout.export_page('long', page_rows => 5, after => :'cursor');
SELECT idx_tup_fetch BETWEEN 10 AND 20 AS by_index FROM pg_stat_xact_user_tables WHERE relid = 'paged.long'::regclass;
COMMIT;
SELECT takeout.drop_dataset('long');

SELECT takeout.drop_dataset('events');
DROP SCHEMA paged CASCADE;
DELETE FROM takeout.members WHERE tenant <> 'default';
