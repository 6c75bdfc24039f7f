-- What a dataset's JSON export is, as JSON Schema (draft 2020-12). Every rule in here is one that the JSON writer keeps, or
-- one that the register says the values keep.

CREATE FUNCTION takeout.standard_references()
RETURNS TABLE (name text, title text, specification text, predecessor text, url text, kind text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  VALUES
    ('email'::text, 'E-mail addresses'::text, 'RFC 5322'::text, 'RFC 822'::text,
     'https://www.rfc-editor.org/rfc/rfc5322'::text, 'value'::text),
    ('uuid', 'Universally unique identifiers', 'RFC 9562', 'RFC 4122', 'https://www.rfc-editor.org/rfc/rfc9562', 'value'),
    ('timestamp', 'Dates with times', 'ISO 8601', NULL, 'https://www.iso.org/iso-8601-date-and-time-format.html', 'value'),
    ('date', 'Dates', 'ISO 8601', NULL, 'https://www.iso.org/iso-8601-date-and-time-format.html', 'value'),
    ('country', 'Countries', 'ISO 3166-1', NULL, 'https://www.iso.org/iso-3166-country-codes.html', 'value'),
    ('phone', 'Telephone numbers', 'ITU-T E.164', NULL, 'https://www.itu.int/rec/T-REC-E.164', 'value'),
    ('url', 'Web addresses', 'RFC 3986', NULL, 'https://www.rfc-editor.org/rfc/rfc3986', 'value'),
    ('language', 'Languages', 'RFC 5646', NULL, 'https://www.rfc-editor.org/rfc/rfc5646', 'value'),
    ('time_zone', 'Time zones', 'IANA time zone database', NULL, 'https://www.iana.org/time-zones', 'value'),
    ('ip_network', 'IP networks', 'RFC 4632 and RFC 4291', NULL, 'https://www.rfc-editor.org/rfc/rfc4632', 'value'),
    ('csv', 'CSV files', 'RFC 4180', NULL, 'https://www.rfc-editor.org/rfc/rfc4180', 'format'),
    ('json', 'JSON files', 'RFC 8259', NULL, 'https://www.rfc-editor.org/rfc/rfc8259', 'format'),
    ('jsonl', 'JSON lines files', 'JSON Lines', NULL, 'https://jsonlines.org', 'format'),
    ('xlsx', 'XLSX files', 'ECMA-376 (ISO/IEC 29500)', NULL,
     'https://ecma-international.org/publications-and-standards/standards/ecma-376/', 'format'),
    ('json_schema', 'Structure of JSON files', 'JSON Schema 2020-12', NULL, 'https://json-schema.org/draft/2020-12', 'description'),
    ('openapi', 'Description of the API', 'OpenAPI 3.1', NULL, 'https://spec.openapis.org/oas/v3.1.0', 'description');
END;
COMMENT ON FUNCTION takeout.standard_references() IS
  'The open standards of fields, formats and descriptions, each with its specification and the one it replaced';

-- Told once for each type that occurs, not for each field. `kind` is what the JSON writer makes of its values; `lossy`,
-- that some of them become null (NaN, infinity, dates before our era).
CREATE FUNCTION takeout.type_shape(type regtype)
RETURNS TABLE (base oid, kind text, lossy boolean, never_null boolean, standard text, shown text, labels jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT
    b.base::oid,
    CASE
      WHEN b.base = 'bool'::regtype THEN 'boolean'
      WHEN b.base IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'oid'::regtype) THEN 'integer'
      WHEN b.base IN ('float4'::regtype, 'float8'::regtype, 'numeric'::regtype) THEN 'number'
      WHEN b.base IN ('json'::regtype, 'jsonb'::regtype) THEN 'any'
      WHEN b.base IN ('uuid'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype,
                      'bytea'::regtype) THEN b.base::oid::regtype::text
      WHEN b.base IN ('inet'::regtype, 'cidr'::regtype) THEN 'network'
      WHEN t.typcategory = 'A' THEN 'array'
      WHEN t.typtype = 'c' THEN 'object'
      WHEN t.typtype = 'e' THEN 'enum'
      ELSE 'text'
    END,
    b.base IN ('float4'::regtype, 'float8'::regtype, 'numeric'::regtype, 'date'::regtype, 'timestamp'::regtype,
               'timestamptz'::regtype),
    declared.typnotnull,
    CASE
      WHEN b.base = 'uuid'::regtype THEN 'uuid'
      WHEN b.base = 'date'::regtype THEN 'date'
      WHEN b.base IN ('timestamp'::regtype, 'timestamptz'::regtype) THEN 'timestamp'
      WHEN b.base IN ('inet'::regtype, 'cidr'::regtype) THEN 'ip_network'
    END,
    CASE
      WHEN t.typtype = 'e' THEN 'one of a list'
      WHEN t.typtype = 'c' THEN 'row'
      WHEN t.typcategory = 'A' AND t.typnamespace <> 'pg_catalog'::regnamespace THEN 'array'
      WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format_type(b.base, NULL)
      ELSE 'text'
    END,
    CASE WHEN t.typtype = 'e' THEN
      (SELECT jsonb_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.base::oid)
    END
  FROM (SELECT takeout.base_type(type) AS base OFFSET 0) b
  JOIN pg_type t ON t.oid = b.base::oid
  JOIN pg_type declared ON declared.oid = type::oid;
END;
COMMENT ON FUNCTION takeout.type_shape(regtype) IS 'What becomes of a type''s values in JSON';

-- All fields of all datasets (or of one) with what is told of them. A column is NOT NULL where the source is a table that
-- says so: masking keeps that. ISO 8601 and the like follow from types, whether anybody declared them or not. A field's
-- position is the number of its column in the view.
CREATE FUNCTION takeout.described_fields(only_dataset text DEFAULT NULL)
RETURNS TABLE (dataset text, name name, "position" integer, kind text, type text, nullable boolean, length integer,
               standard text, personal_class text, masked boolean, description text, element text, labels jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH chosen AS (
    SELECT d.name, d.view::oid AS view, c.oid AS table
    FROM takeout.datasets d LEFT JOIN pg_class c ON c.oid = d.source::oid AND c.relkind IN ('r', 'p')
    WHERE only_dataset IS NULL OR d.name = only_dataset),
  shapes AS MATERIALIZED (
    SELECT used.type, s.*, element.kind AS element
    FROM (SELECT DISTINCT f.type FROM takeout.fields f JOIN chosen c ON c.name = f.dataset) used
    CROSS JOIN LATERAL takeout.type_shape(used.type) s
    LEFT JOIN pg_type t ON s.kind = 'array' AND t.oid = s.base
    LEFT JOIN LATERAL takeout.type_shape(t.typelem::regtype) element ON true)
  SELECT f.dataset, f.name, f.position, s.kind, s.shown,
         s.lossy OR NOT (s.never_null OR coalesce(source.attnotnull, false)),
         CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END,
         coalesce(f.standard, s.standard), f.personal_class,
         f.masked OR s.kind = 'network',
         coalesce(f.note, comment.description), s.element, s.labels
  FROM chosen c
  JOIN takeout.fields f ON f.dataset = c.name
  JOIN shapes s ON s.type = f.type
  LEFT JOIN pg_attribute a ON a.attrelid = c.view AND a.attnum = f.position
  LEFT JOIN pg_attribute source ON source.attrelid = c.table AND source.attname = f.source_column
  LEFT JOIN pg_description comment
    ON comment.objoid = c.view AND comment.objsubid = f.position AND comment.classoid = 'pg_class'::regclass;
END;
COMMENT ON FUNCTION takeout.described_fields(text) IS 'Fields with all that the register and the schemas tell of them';

-- Values of a kind, without NULL and without what is said of them.
CREATE FUNCTION takeout.value_schema(kind text, standard text, length integer, labels jsonb, element text, countries jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE kind
    WHEN 'boolean' THEN '{"type": "boolean"}'::jsonb
    WHEN 'integer' THEN '{"type": "integer"}'
    WHEN 'number' THEN '{"type": "number"}'
    WHEN 'uuid' THEN '{"type": "string", "format": "uuid"}'
    WHEN 'date' THEN '{"type": "string", "format": "date"}'
    WHEN 'time without time zone' THEN
      '{"type": "string", "pattern": "^([01][0-9]|2[0-4]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?$"}'
    WHEN 'timestamp without time zone' THEN
      '{"type": "string", "pattern": "^[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?$"}'
    WHEN 'timestamp with time zone' THEN '{"type": "string", "format": "date-time"}'
    WHEN 'network' THEN '{"type": "string", "pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}'
    WHEN 'bytea' THEN '{"type": "string", "pattern": "^\\\\x([0-9a-f]{2})*$"}'
    WHEN 'enum' THEN jsonb_build_object('enum', labels)
    WHEN 'object' THEN '{"type": "object"}'
    WHEN 'any' THEN '{}'
    -- PostgreSQL's arrays may have NULLs and further dimensions inside, whatever their type says.
    WHEN 'array' THEN jsonb_build_object('type', 'array', 'items', CASE
      WHEN element IN ('boolean', 'integer') THEN jsonb_build_object('type', jsonb_build_array(element, 'null', 'array'))
      WHEN element = 'number' THEN '{"type": ["number", "string", "null", "array"]}'
      WHEN element = 'uuid' THEN '{"type": ["string", "null", "array"], "format": "uuid"}'
      WHEN element = 'object' THEN '{"type": ["object", "null", "array"]}'
      WHEN element = 'any' THEN '{}'
      ELSE '{"type": ["string", "null", "array"]}' END)
    ELSE CASE standard
      WHEN 'email' THEN '{"type": "string", "format": "idn-email"}'
      WHEN 'country' THEN jsonb_build_object('enum', countries)
      WHEN 'phone' THEN '{"type": "string", "pattern": "^\\+[1-9][0-9]{6,14}$"}'
      WHEN 'url' THEN '{"type": "string", "format": "uri"}'
      WHEN 'language' THEN '{"type": "string", "pattern": "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$"}'
      WHEN 'time_zone' THEN '{"type": "string", "pattern": "^[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*$"}'
      WHEN 'ip_network' THEN '{"type": "string", "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}'
      WHEN 'uuid' THEN '{"type": "string", "format": "uuid"}'
      WHEN 'timestamp' THEN '{"type": "string", "format": "date-time"}'
      WHEN 'date' THEN '{"type": "string", "format": "date"}'
      ELSE jsonb_strip_nulls(jsonb_build_object('type', 'string', 'maxLength', length)) END
  END;
END;
COMMENT ON FUNCTION takeout.value_schema(text, text, integer, jsonb, text, jsonb) IS
  'The JSON Schema of a field''s values that are not NULL';

CREATE FUNCTION takeout.or_null(schema jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE
    WHEN schema ? 'enum' THEN jsonb_set(schema, '{enum}', (schema -> 'enum') || 'null'::jsonb)
    WHEN schema ? 'type' THEN jsonb_set(schema, '{type}', jsonb_build_array(schema -> 'type', 'null'))
    ELSE schema
  END;
END;
COMMENT ON FUNCTION takeout.or_null(jsonb) IS 'The JSON Schema of the same values or null';

CREATE FUNCTION takeout.url_segment(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT string_agg(CASE WHEN chr(code) ~ '[A-Za-z0-9._-]' THEN chr(code) ELSE '%' || upper(lpad(to_hex(code), 2, '0')) END,
                    '' ORDER BY place)
  FROM convert_to(name, 'UTF8') AS bytes,
       generate_series(0, octet_length(bytes) - 1) AS place,
       LATERAL (SELECT get_byte(bytes, place) AS code) AS byte;
END;
COMMENT ON FUNCTION takeout.url_segment(text) IS 'A dataset''s name as it stands in a path of a URL';

-- No "%" may stand in the names of OpenAPI's components, nor in a reference to them.
CREATE FUNCTION takeout.component_name(dataset text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(takeout.url_segment(dataset), '%', '-');
COMMENT ON FUNCTION takeout.component_name(text) IS 'A dataset''s name as it stands in references inside a schema';

-- The rows of every dataset (or of one) as an object schema each. A field that holds another dataset's rows nested refers
-- to that one by `reference`, with its name in place of %s; there the columns that join both may be left out, since the
-- parent has them.
CREATE FUNCTION takeout.row_schemas(reference text, only_dataset text DEFAULT NULL)
RETURNS TABLE (dataset text, schema jsonb, nested_schema jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH countries AS MATERIALIZED (SELECT to_jsonb(takeout.country_codes()) AS codes),
  properties AS (
    SELECT f.dataset, f.position, f.name,
      CASE WHEN f.nullable THEN takeout.or_null(v.schema) ELSE v.schema END
      || jsonb_strip_nulls(jsonb_build_object(
           'description', f.description, 'x-personal', f.personal_class, 'x-standard', s.specification)) AS schema,
      f.name::text = ANY (d.parent_key) AS joins
    FROM takeout.described_fields(only_dataset) f
    JOIN takeout.datasets d ON d.name = f.dataset
    CROSS JOIN countries
    LEFT JOIN takeout.datasets child ON child.parent = f.dataset AND child.parent_field = f.name
    LEFT JOIN takeout.standard_references() s ON s.name = f.standard AND s.kind = 'value'
    CROSS JOIN LATERAL (
      SELECT CASE WHEN child.name IS NULL
        THEN takeout.value_schema(f.kind, f.standard, f.length, f.labels, f.element, countries.codes)
        ELSE jsonb_build_object('type', 'array', 'items', jsonb_build_object(
               '$ref', format(reference, takeout.component_name(child.name)))) END
    ) v (schema))
  SELECT d.name, o.schema || jsonb_build_object('required', coalesce(p.all_names, '[]')),
         o.schema || jsonb_build_object('required', coalesce(p.names_without_key, '[]'))
  FROM takeout.datasets d
  JOIN (SELECT dataset, jsonb_object_agg(name, schema) AS properties, jsonb_agg(name ORDER BY position) AS all_names,
               jsonb_agg(name ORDER BY position) FILTER (WHERE joins IS NOT TRUE) AS names_without_key
        FROM properties GROUP BY dataset) p ON p.dataset = d.name
  CROSS JOIN LATERAL (
    SELECT jsonb_strip_nulls(jsonb_build_object(
      'type', 'object', 'title', d.title, 'description', d.description, 'properties', p.properties,
      'additionalProperties', false))) o (schema);
END;
COMMENT ON FUNCTION takeout.row_schemas(text, text) IS 'JSON Schemas of the rows of datasets, by themselves and nested';

CREATE FUNCTION takeout.json_schema(dataset text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reference CONSTANT text := '#/$defs/%s';
  described takeout.datasets;
  rows_schema jsonb;
  definitions jsonb;
BEGIN
  SELECT * INTO described FROM takeout.datasets d WHERE d.name = json_schema.dataset;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'dataset "%" does not exist', dataset USING ERRCODE = '42704',
      DETAIL = coalesce((SELECT format('Known datasets: %s.', string_agg(d.name, ', ' ORDER BY d.name))
                         FROM takeout.datasets d HAVING count(*) > 0), 'There is no dataset yet.');
  END IF;
  SELECT r.schema INTO rows_schema FROM takeout.row_schemas(reference, json_schema.dataset) r;
  -- Children, and theirs; UNION ends a circle.
  WITH RECURSIVE nested AS (
    SELECT d.name FROM takeout.datasets d WHERE d.parent = json_schema.dataset AND d.parent_field IS NOT NULL
    UNION
    SELECT d.name FROM nested n JOIN takeout.datasets d ON d.parent = n.name AND d.parent_field IS NOT NULL)
  SELECT jsonb_object_agg(takeout.component_name(r.dataset), r.nested_schema) INTO definitions
  FROM nested n CROSS JOIN LATERAL takeout.row_schemas(reference, n.name) r;

  RETURN jsonb_strip_nulls(jsonb_build_object(
    '$schema', 'https://json-schema.org/draft/2020-12/schema',
    'title', coalesce(described.title, described.name), 'description', described.description,
    'type', 'array', 'items', rows_schema, '$defs', definitions));
END
$$;
COMMENT ON FUNCTION takeout.json_schema(text) IS
  'The JSON Schema (draft 2020-12) of the dataset''s export as JSON, all columns of it';
