-- The register: one JSON document of all that Regulation (EU) 2023/2854 (Data Act), articles 25 to 30, wants published,
-- made from the catalog at each call, so that it says what is enforced. It is the same for everybody: no relation, no
-- role, no evidence is in it.

CREATE FUNCTION takeout.bytes_setting(setting text) RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
  -- pg_size_bytes knows the unit B since PostgreSQL 16 only.
  SELECT pg_size_bytes(regexp_replace(current_setting(bytes_setting.setting), '^([0-9]+)B$', '\1'));
END;
COMMENT ON FUNCTION takeout.bytes_setting(text) IS 'A setting of an amount of memory, in bytes';

CREATE FUNCTION takeout.default_rows() RETURNS bigint
  AS 'MODULE_PATHNAME', 'takeout_default_rows' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.default_rows() IS 'Most rows of a value or page where takeout.limits says nothing';

CREATE FUNCTION takeout.default_requests_per_minute() RETURNS integer
  AS 'MODULE_PATHNAME', 'takeout_default_requests_per_minute' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION takeout.default_requests_per_minute() IS 'Most exports a minute where takeout.limits says nothing';

CREATE FUNCTION takeout.default_limits()
RETURNS TABLE (method text, max_rows bigint, max_bytes bigint, max_period interval, requests_per_minute integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT m.name, CASE WHEN m.one_value THEN takeout.default_rows() END,
         CASE WHEN m.one_value THEN takeout.bytes_setting('takeout.max_result_bytes') END, NULL::interval,
         takeout.default_requests_per_minute()
  FROM (VALUES ('export'::text, true), ('export_page', true), ('export_stream', false)) m(name, one_value);
END;
COMMENT ON FUNCTION takeout.default_limits() IS 'Limits where takeout.limits says nothing; NULL is none';

-- Limits for whoever has none of their own, by the rule of takeout.limits: dataset before method before neither. What is
-- one value is never larger than takeout.max_result_bytes, whatever the table says.
CREATE FUNCTION takeout.published_limits() RETURNS TABLE (dataset text, limits jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH present AS MATERIALIZED (SELECT true AS said, l.* FROM takeout.limits l WHERE l.role IS NULL),
  defaults AS MATERIALIZED (SELECT * FROM takeout.default_limits()),
  chosen AS (
    SELECT DISTINCT ON (about.dataset, d.method)
           about.dataset, d.method, d.max_bytes AS cap,
           CASE WHEN p.said THEN to_jsonb(p) ELSE to_jsonb(d) END - '{said,role,dataset,method}'::text[] AS limits
    FROM (SELECT NULL AS dataset UNION SELECT l.dataset FROM present l) about
    CROSS JOIN defaults d
    LEFT JOIN present p ON coalesce(p.dataset = about.dataset, p.dataset IS NULL) AND coalesce(p.method, d.method) = d.method
    ORDER BY about.dataset, d.method, p.dataset IS NULL, p.method IS NULL)
  SELECT c.dataset,
         jsonb_object_agg(c.method,
           c.limits || jsonb_build_object('max_bytes', least((c.limits ->> 'max_bytes')::bigint, c.cap)))
  FROM chosen c
  GROUP BY c.dataset;
END;
COMMENT ON FUNCTION takeout.published_limits() IS
  'Limits in force for roles without limits of their own: in general (dataset NULL) and of datasets that have their own';

-- Thousands of fields are put together as text, which is several times faster than as jsonb within jsonb: in the very form
-- in which jsonb prints, members by length, then name. Types and standards have names of letters, digits and spaces.
CREATE FUNCTION takeout.published_fields() RETURNS TABLE (dataset text, fields text, standards text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT f.dataset,
         string_agg(
           concat('{"name": ', to_json(f.name::text), ', "type": "', f.type, '"',
                  CASE WHEN f.masked THEN ', "masked": true' END, ', "personal": ' || to_json(f.personal_class),
                  CASE WHEN NOT f.nullable THEN ', "required": true' END, ', "standard": "' || f.standard || '"',
                  ', "description": ' || to_json(f.description), '}'),
           ', ' ORDER BY f.position),
         array_agg(DISTINCT f.standard) FILTER (WHERE f.standard IS NOT NULL)
  FROM takeout.described_fields() f
  GROUP BY f.dataset;
END;
COMMENT ON FUNCTION takeout.published_fields() IS
  'The fields of each dataset as the register lists them, and the names of the standards that they follow';

-- The list of fields takes the place of an empty one: within a text of JSON its quotes would be escaped.
CREATE FUNCTION takeout.published_datasets() RETURNS TABLE (name text, standards text[], document text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH available AS MATERIALIZED (
    SELECT coalesce(array_agg(m.name ORDER BY m.position, m.name), '{}') AS methods,
           (SELECT p.location FROM takeout.provider p) AS location
    FROM takeout.methods m WHERE m.available)
  SELECT d.name, f.standards || d.formats,
    replace(
      (jsonb_strip_nulls(jsonb_build_object(
        'name', d.name, 'title', coalesce(d.title, d.name), 'description', d.description, 'category', d.category,
        'kind', d.kind, 'purpose', d.purpose, 'retention', d.retention,
        'location', coalesce(d.location, a.location), 'formats', d.formats, 'default_format', d.default_format,
        'methods', ARRAY(SELECT m FROM unnest(a.methods) m WHERE d.methods IS NULL OR m = ANY (d.methods)),
        'method_note', d.method_note, 'price', d.price_note,
        'difficulty', d.difficulty, 'difficulty_note', d.difficulty_note,
        'key', nullif(d.key_columns, '{}'), 'time', d.time_column,
        'part_of', CASE WHEN d.parent IS NOT NULL THEN
                     jsonb_build_object('dataset', d.parent, 'key', d.parent_key, 'field', d.parent_field) END,
        'standards', f.standards || d.formats, 'fields', '[]'::jsonb))
      || CASE WHEN l.limits IS NULL THEN '{}' ELSE jsonb_build_object('limits', l.limits) END)::text,
      '"fields": []', '"fields": [' || coalesce(f.fields, '') || ']')
  FROM takeout.datasets d
  CROSS JOIN available a
  LEFT JOIN takeout.published_fields() f ON f.dataset = d.name
  LEFT JOIN takeout.published_limits() l ON l.dataset = d.name;
END;
COMMENT ON FUNCTION takeout.published_datasets() IS 'Each dataset as the register lists it, as the text of JSON';

CREATE FUNCTION takeout.published_standards(dataset_standards jsonb) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH used AS (
    SELECT u.name, jsonb_agg(d.key ORDER BY d.key COLLATE "C") AS datasets
    FROM jsonb_each(dataset_standards) d CROSS JOIN LATERAL jsonb_array_elements_text(d.value) u(name)
    GROUP BY u.name)
  SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'name', r.name, 'title', r.title, 'specification', r.specification, 'replaces', r.predecessor,
           'url', r.url, 'datasets', u.datasets)) ORDER BY r.kind DESC, r.name COLLATE "C"), '[]')
  FROM takeout.standard_references() r LEFT JOIN used u ON u.name = r.name
  WHERE u.name IS NOT NULL OR r.kind = 'description';
END;
COMMENT ON FUNCTION takeout.published_standards(jsonb) IS
  'The standards in use, by the names of those that each dataset follows';

CREATE FUNCTION takeout.published_personal_data() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(jsonb_agg(jsonb_build_object('class', c.personal_class, 'fields', c.fields)
                            ORDER BY c.personal_class COLLATE "C"), '[]')
  FROM (SELECT f.personal_class,
               jsonb_agg(f.dataset || '.' || f.name ORDER BY f.dataset COLLATE "C", f.position) AS fields
        FROM takeout.fields f WHERE f.personal_class IS NOT NULL GROUP BY f.personal_class) c;
END;
COMMENT ON FUNCTION takeout.published_personal_data() IS 'The classes of personal data, each with the fields of that class';

-- Whoever reads the register must not wait for gigabytes of audit; takeout.measures() reads them all.
CREATE FUNCTION takeout.published_measures() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT jsonb_build_object(
    'technical',
      (SELECT jsonb_agg(jsonb_build_object('name', t.name, 'title', t.title, 'verdict', coalesce(m.verdict, 'not proven'))
                        ORDER BY t.position)
       FROM takeout.technical_measures() t LEFT JOIN takeout.measure_technical(2097152) m ON m.name = t.name),
    'organizational',
      (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'name', o.name, 'title', o.title, 'statement', o.statement,
                'verdict', takeout.statement_verdict(o.in_place), 'proven_by', nullif(o.proven_by, '{}')))
                ORDER BY o.position, o.name), '[]')
       FROM takeout.organizational_measures o));
END;
COMMENT ON FUNCTION takeout.published_measures() IS 'The measures with their verdicts, without evidence';

-- As jsonb prints it, so that its hash can be taken from here and from what register() answers.
CREATE FUNCTION takeout.register_text() RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT replace(jsonb_build_object(
    'register', jsonb_build_object(
      'version', 1,
      'extension', (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'pg_takeout'),
      'law', 'Regulation (EU) 2023/2854 (Data Act), articles 25 to 30'),
    'provider', (SELECT jsonb_strip_nulls(to_jsonb(p) - '{only_row,notice_period,transition_period,retrieval_period,
                                                         erasure,charges}'::text[])
                 FROM takeout.provider p),
    'switching', (SELECT jsonb_build_object(
                    'notice_period', p.notice_period, 'transition_period', p.transition_period,
                    'retrieval_period', p.retrieval_period, 'erasure', p.erasure, 'charges', p.charges)
                  FROM takeout.provider p),
    'methods', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(m) - 'position') ORDER BY m.position, m.name), '[]')
                FROM takeout.methods m),
    'limits', (SELECT l.limits FROM takeout.published_limits() l WHERE l.dataset IS NULL),
    'personal_data', takeout.published_personal_data(),
    'masking', jsonb_build_object('ipv4_prefix', current_setting('takeout.ipv4_prefix')::integer,
                                  'ipv6_prefix', current_setting('takeout.ipv6_prefix')::integer),
    'exclusions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'category', e.category, 'examples', e.examples, 'justification', e.justification)
                            ORDER BY e.category COLLATE "C"), '[]')
                   FROM takeout.exclusions e),
    'measures', takeout.published_measures(),
    'standards', takeout.published_standards(d.standards),
    'datasets', '[]'::jsonb)::text,
    '"datasets": []', '"datasets": [' || coalesce(d.document, '') || ']')
  FROM (SELECT string_agg(p.document, ', ' ORDER BY p.name COLLATE "C") AS document,
               coalesce(jsonb_object_agg(p.name, p.standards), '{}') AS standards
        FROM takeout.published_datasets() p) d;
END;
COMMENT ON FUNCTION takeout.register_text() IS 'The register without hash and time, as the text that its hash is of';

CREATE FUNCTION takeout.register_hash(document jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN encode(sha256(convert_to((document - 'hash' - 'generated_at')::text, 'UTF8')), 'hex');
COMMENT ON FUNCTION takeout.register_hash(jsonb) IS
  'SHA-256 of a register: of its text as jsonb in UTF-8, without the members hash and generated_at';

-- Times and intervals in the document must not hang on the caller's settings.
CREATE FUNCTION takeout.register() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'iso_8601'
AS $$
DECLARE
  document text := takeout.register_text();
BEGIN
  RETURN format('{"hash": "%s", "generated_at": "%s", %s',
                encode(sha256(convert_to(document, 'UTF8')), 'hex'),
                to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                substr(document, 2))::jsonb;
END
$$;
COMMENT ON FUNCTION takeout.register() IS
  'What can be exported, in which shape, by which standards, methods and limits, what is excluded and why, as JSON';
