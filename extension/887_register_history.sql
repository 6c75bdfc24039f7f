-- What was published when. The register itself is live; a publication is a copy of it that stays.

CREATE FUNCTION takeout.register_changes(earlier jsonb, later jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH datasets AS (
    SELECT coalesce(e.value ->> 'name', l.value ->> 'name') AS name, e.value AS earlier, l.value AS later
    FROM jsonb_array_elements(coalesce(earlier -> 'datasets', '[]')) e(value)
    FULL JOIN jsonb_array_elements(coalesce(later -> 'datasets', '[]')) l(value) ON l.value ->> 'name' = e.value ->> 'name')
  SELECT coalesce(array_agg(c.change ORDER BY c.change COLLATE "C"), '{}')
  FROM (SELECT CASE WHEN d.earlier IS NULL THEN 'dataset added: ' WHEN d.later IS NULL THEN 'dataset dropped: '
                    ELSE 'dataset changed: ' END || d.name
        FROM datasets d WHERE d.earlier IS DISTINCT FROM d.later
        UNION ALL
        SELECT k.key || ' changed'
        FROM (SELECT jsonb_object_keys(earlier) UNION SELECT jsonb_object_keys(later)) k(key)
        WHERE k.key NOT IN ('datasets', 'hash', 'generated_at') AND earlier -> k.key IS DISTINCT FROM later -> k.key
       ) c(change);
END;
COMMENT ON FUNCTION takeout.register_changes(jsonb, jsonb) IS
  'Which datasets and which other parts differ between two registers';

CREATE FUNCTION takeout.publish_register() RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  -- One after the other, so that each sees the one before.
  LOCK TABLE takeout.register_publications IN SHARE ROW EXCLUSIVE MODE;
  document := takeout.register();
  IF document ->> 'hash' IS DISTINCT FROM (
       SELECT p.hash FROM takeout.register_publications p ORDER BY p.published_at DESC LIMIT 1) THEN
    INSERT INTO takeout.register_publications (published_by, hash, document)
    VALUES (SESSION_USER, document ->> 'hash', document);
  END IF;
  RETURN document ->> 'hash';
END
$$;
COMMENT ON FUNCTION takeout.publish_register() IS
  'Keeps a copy of the register in its history if it is another than the last one; answers its hash';

CREATE VIEW takeout.register_history AS
SELECT p.published_at, p.hash,
       CASE WHEN lag(p.document) OVER w IS NULL THEN '{first publication}'
            ELSE takeout.register_changes(lag(p.document) OVER w, p.document) END AS changes,
       p.document
FROM takeout.register_publications p
WINDOW w AS (ORDER BY p.published_at);
COMMENT ON VIEW takeout.register_history IS 'The registers that were published, and what changed from each to the next';
COMMENT ON COLUMN takeout.register_history.published_at IS 'When';
COMMENT ON COLUMN takeout.register_history.hash IS 'Its SHA-256';
COMMENT ON COLUMN takeout.register_history.changes IS 'What is another than in the publication before';
COMMENT ON COLUMN takeout.register_history.document IS 'The register as it was; takeout.register_page makes a page of it';
GRANT SELECT ON takeout.register_history TO PUBLIC;
