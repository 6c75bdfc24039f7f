-- The calls by which a provider offers its datasets over HTTP, as OpenAPI 3.1. What answers them is the provider's; every
-- parameter is an argument of takeout.export or takeout.export_page, every error one of theirs.

CREATE FUNCTION takeout.media_types() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{"csv": "text/csv", "json": "application/json", "jsonl": "application/x-ndjson",
         "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}'::jsonb;
COMMENT ON FUNCTION takeout.media_types() IS 'The media type of each format';

CREATE FUNCTION takeout.openapi_parameters() RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN $json${
  "since": {"name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"},
    "description": "Rows of this time and later. Without a period, rows without a time come too."},
  "until": {"name": "until", "in": "query", "schema": {"type": "string", "format": "date-time"},
    "description": "Rows before this time."},
  "ids": {"name": "ids", "in": "query", "style": "form", "explode": false,
    "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 100000},
    "description": "Rows of these identifiers only, which are values of the first key column."},
  "after": {"name": "after", "in": "query", "schema": {"type": "string"},
    "description": "Asks for the page behind the one that named this cursor in its Link header."},
  "page_rows": {"name": "page_rows", "in": "query", "schema": {"type": "integer", "minimum": 1},
    "description": "Asks for a page of at most so many rows; the Link header leads to the next one. Pages reach every row."}
}$json$::jsonb;
COMMENT ON FUNCTION takeout.openapi_parameters() IS 'Parameters that calls of several datasets share';

CREATE FUNCTION takeout.openapi_responses()
RETURNS TABLE (status text, name text, description text, retry boolean)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES
    ('400'::text, 'BadRequest'::text,
     'A parameter does not hold: unknown format or column, a period that ends before it begins (22023).'::text, false),
    ('401', 'Unauthorized', 'No valid credentials were given.', false),
    ('403', 'Forbidden', 'The caller may not export this data (42501).', false),
    ('404', 'NotFound', 'There is no such dataset (42704).', false),
    ('413', 'TooLarge', 'More rows, bytes, days or ids than the limit (54000); ask for pages or a shorter period.', false),
    ('429', 'TooManyRequests', 'The limit of requests a minute is reached (53400).', true),
    ('503', 'Unavailable', 'The export cannot be made now (53200, 55000, 58030).', true);
END;
COMMENT ON FUNCTION takeout.openapi_responses() IS 'Answers of the API that are errors, with the SQLSTATEs behind them';

CREATE FUNCTION takeout.openapi_components() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH rows AS MATERIALIZED (
    SELECT takeout.component_name(r.dataset) AS name, r.schema, r.nested_schema, d.parent_field IS NOT NULL AS nested
    FROM takeout.row_schemas('#/components/schemas/%s.nested') r JOIN takeout.datasets d ON d.name = r.dataset)
  SELECT jsonb_build_object(
    'schemas', $json${"Problem": {
      "type": "object", "description": "An error, as RFC 9457 has it.", "required": ["title", "status", "code"],
      "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "What was wrong."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "The value and the limit."},
        "code": {"type": "string", "pattern": "^[0-9A-Z]{5}$", "description": "The SQLSTATE, which does not change."},
        "hint": {"type": "string", "description": "The way out."}}}}$json$::jsonb
      -- A call with `columns` leaves the others out.
      || coalesce((SELECT jsonb_object_agg(r.name, r.schema - 'required') FROM rows r), '{}')
      || coalesce((SELECT jsonb_object_agg(r.name || '.nested', r.nested_schema) FROM rows r WHERE r.nested), '{}'),
    'parameters', takeout.openapi_parameters(),
    'headers', $json${
      "Retry-After": {"description": "Seconds until a request can succeed.", "schema": {"type": "integer", "minimum": 0}},
      "Link": {"description": "With rel=next, the URL of the next page; left out after the last one (RFC 8288).",
        "schema": {"type": "string"}}}$json$::jsonb,
    'responses', (SELECT jsonb_object_agg(e.name, jsonb_build_object(
                    'description', e.description,
                    'content', '{"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}'::jsonb)
                    || CASE WHEN e.retry
                       THEN '{"headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}}'::jsonb
                       ELSE '{}' END)
                  FROM takeout.openapi_responses() e),
    'securitySchemes', '{"bearer": {"type": "http", "scheme": "bearer",
                         "description": "A token that the provider issues, by OAuth 2.0 for instance."}}'::jsonb);
END;
COMMENT ON FUNCTION takeout.openapi_components() IS 'What the calls of the API refer to';

CREATE FUNCTION takeout.openapi_content(dataset text, formats text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT jsonb_object_agg(takeout.media_types() ->> f, CASE f
    WHEN 'json' THEN jsonb_build_object('schema', jsonb_build_object(
      'type', 'array',
      'items', jsonb_build_object('$ref', '#/components/schemas/' || takeout.component_name(dataset))))
    WHEN 'jsonl' THEN '{"schema": {"type": "string", "description": "Such an object on each line."}}'
    WHEN 'csv' THEN '{"schema": {"type": "string", "description": "RFC 4180, with a header line, in UTF-8."}}'
    ELSE '{}' END)
  FROM unnest(formats) f;
END;
COMMENT ON FUNCTION takeout.openapi_content(text, text[]) IS 'The files that a call for the dataset answers with';

CREATE FUNCTION takeout.openapi_paths(api_version text) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH errors AS MATERIALIZED (
    SELECT jsonb_object_agg(e.status, jsonb_build_object('$ref', '#/components/responses/' || e.name)) AS responses
    FROM takeout.openapi_responses() e),
  columns AS MATERIALIZED (
    SELECT f.dataset, jsonb_agg(f.name ORDER BY f.position) AS names FROM takeout.fields f GROUP BY f.dataset)
  SELECT coalesce(jsonb_object_agg(
    format('/%s/%s', api_version, takeout.url_segment(d.name)),
    jsonb_build_object('get', jsonb_strip_nulls(jsonb_build_object(
      'operationId', 'export_' || takeout.component_name(d.name),
      'summary', coalesce(d.title, d.name),
      'description', concat_ws(E'\n\n', d.description, d.method_note, d.price_note),
      'tags', jsonb_build_array(coalesce(d.category, 'data')),
      'parameters',
        jsonb_build_array(
          jsonb_build_object(
            'name', 'format', 'in', 'query', 'description', 'The format of the file.',
            'schema', jsonb_build_object('type', 'string', 'enum', offered.formats, 'default', offered.default_format)),
          jsonb_build_object(
            'name', 'columns', 'in', 'query', 'style', 'form', 'explode', false,
            'description', 'These columns only, in this order.',
            'schema', jsonb_build_object('type', 'array', 'minItems', 1, 'uniqueItems', true,
                                         'items', jsonb_build_object('type', 'string', 'enum', c.names))))
        || (SELECT coalesce(jsonb_agg(jsonb_build_object('$ref', '#/components/parameters/' || p)), '[]')
            FROM unnest(CASE WHEN d.time_column IS NOT NULL THEN '{since,until}'::text[] ELSE '{}' END
                        || CASE WHEN d.key_columns <> '{}' THEN '{ids,after,page_rows}'::text[] ELSE '{}' END) p),
      'responses', e.responses || jsonb_build_object('200', jsonb_strip_nulls(jsonb_build_object(
        'description', 'The rows asked for.',
        'headers', CASE WHEN d.key_columns <> '{}' THEN '{"Link": {"$ref": "#/components/headers/Link"}}'::jsonb END,
        'content', takeout.openapi_content(d.name, offered.formats))))
      )))), '{}')
  FROM takeout.datasets d
  JOIN columns c ON c.dataset = d.name
  CROSS JOIN errors e
  LEFT JOIN takeout.methods m ON m.name = 'api'
  CROSS JOIN LATERAL (
    SELECT o.formats, CASE WHEN m.default_format = ANY (o.formats) THEN m.default_format
                              WHEN d.default_format = ANY (o.formats) THEN d.default_format
                              ELSE o.formats[1] END AS default_format
    FROM (SELECT ARRAY(SELECT f FROM unnest(d.formats) f WHERE m.name IS NULL OR f = ANY (m.formats)) AS formats) o
  ) offered
  WHERE cardinality(offered.formats) > 0 AND (d.methods IS NULL OR 'api' = ANY (d.methods));
END;
COMMENT ON FUNCTION takeout.openapi_paths(text) IS 'The calls of the API, one a dataset that it offers';

CREATE FUNCTION takeout.openapi() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  provider takeout.provider;
BEGIN
  SELECT * INTO provider FROM takeout.provider p;
  IF provider.base_url IS NULL THEN
    RAISE EXCEPTION 'the API has no base URL' USING ERRCODE = '55000',
      DETAIL = 'Without one there is nothing that a client could call.',
      HINT = 'SELECT takeout.fill_register(base_url => ''https://api.example.com'');';
  END IF;
  RETURN jsonb_build_object(
    'openapi', '3.1.0',
    'jsonSchemaDialect', 'https://json-schema.org/draft/2020-12/schema',
    'info', jsonb_strip_nulls(jsonb_build_object(
      'title', format('Export of customers'' data from %s', provider.name),
      'version', provider.api_version,
      'description', provider.scope_statement,
      'contact', jsonb_build_object(
        'name', provider.name, 'url', provider.web_site,
        'email', CASE WHEN provider.contact ~ '^[^@[:space:]]+@[^@[:space:]]+$' THEN provider.contact END))),
    'servers', jsonb_build_array(jsonb_build_object('url', rtrim(provider.base_url, '/'))),
    'security', '[{"bearer": []}]'::jsonb,
    'tags', (SELECT coalesce(jsonb_agg(jsonb_build_object(
               'name', t.name, 'description', format('Datasets of the category "%s".', t.name)) ORDER BY t.name COLLATE "C"), '[]')
             FROM (SELECT DISTINCT coalesce(d.category, 'data') FROM takeout.datasets d) t(name)),
    'paths', takeout.openapi_paths(provider.api_version),
    'components', takeout.openapi_components());
END
$$;
COMMENT ON FUNCTION takeout.openapi() IS
  'The calls for datasets over HTTP as an OpenAPI 3.1 description; 55000 while the provider has no base URL';
