-- The sections of the page, in the order in which a customer asks: what can I take, how, when, what not, in which shape.

CREATE FUNCTION takeout.section_data(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
    '<p>' || takeout.html(document #>> '{provider,scope_statement}') || E'.</p>\n',
    takeout.html_table('Data that can be exported',
      '{Data,Category,Kind,Location,Formats,Methods,Comment}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         format('<a href="#fields-%s">%s</a>', takeout.url_segment(d ->> 'name'), takeout.html(d ->> 'title')),
         takeout.html(d ->> 'category'), takeout.html(d ->> 'kind'), takeout.html(d ->> 'location'),
         takeout.html_formats(d -> 'formats', d ->> 'default_format'),
         (SELECT string_agg(takeout.html(m ->> 'title'), ', ' ORDER BY n)
          FROM jsonb_array_elements(document -> 'methods') WITH ORDINALITY u(m, n)
          WHERE d -> 'methods' ? (m ->> 'name')),
         concat_ws('. ', takeout.html(d ->> 'description'), takeout.html(d ->> 'method_note'), takeout.html(d ->> 'price'))
       ]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'datasets') WITH ORDINALITY u(d, n))),
    E'<h3>Personal data</h3>\n<p>' || takeout.html(document #>> '{provider,data_processing_agreement}') || E'.</p>\n',
    format(E'<p>IP addresses leave as networks only: IPv4 as /%s, IPv6 as /%s.</p>\n',
           document #>> '{masking,ipv4_prefix}', document #>> '{masking,ipv6_prefix}'),
    takeout.html_table('Classes of personal data', '{Class,Fields}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         takeout.html(c ->> 'class'),
         (SELECT string_agg('<code>' || takeout.html(f) || '</code>', ', ' ORDER BY k)
          FROM jsonb_array_elements_text(c -> 'fields') WITH ORDINALITY v(f, k))]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'personal_data') WITH ORDINALITY u(c, n))),
    E'<h3>More than that</h3>\n<p>' || takeout.html(document #>> '{provider,custom_exports}') || E'.</p>\n');
END;
COMMENT ON FUNCTION takeout.section_data(jsonb) IS 'Section of the page: what can be exported';

CREATE FUNCTION takeout.section_methods(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH limits AS (
    SELECT NULL::text AS dataset, 0::bigint AS place, l.key AS method, l.value AS limits
    FROM jsonb_each(document -> 'limits') l
    UNION ALL
    SELECT d ->> 'title', n, l.key, l.value
    FROM jsonb_array_elements(document -> 'datasets') WITH ORDINALITY u(d, n), jsonb_each(d -> 'limits') l)
  SELECT concat(
    '<p>' || takeout.html(document #>> '{provider,switching_statement}') || E'.</p>\n',
    takeout.html_table('Methods', '{Method,Available,Formats,Limitations,Notes}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         takeout.html(m ->> 'title'),
         CASE WHEN (m ->> 'available')::boolean THEN '<span class="verdict yes">yes</span>'
              ELSE '<span class="verdict no">no</span>' END,
         takeout.html_formats(m -> 'formats', m ->> 'default_format'),
         takeout.html(m ->> 'limitations'), takeout.html(m ->> 'notes')]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'methods') WITH ORDINALITY u(m, n))),
    takeout.html_table('Limits of one export', '{Data,Call,Rows,Size,Period,"Requests a minute"}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         coalesce(takeout.html(l.dataset), 'All, but for what follows'), '<code>' || takeout.html(l.method) || '</code>',
         takeout.limit_in_words('max_rows', l.limits -> 'max_rows'),
         takeout.limit_in_words('max_bytes', l.limits -> 'max_bytes'),
         takeout.limit_in_words('max_period', l.limits -> 'max_period'),
         takeout.limit_in_words('requests_per_minute', l.limits -> 'requests_per_minute')]),
         '' ORDER BY l.place, l.method COLLATE "C")
       FROM limits l)),
    E'<p>Nothing is ever cut silently: an export over a limit is refused with the way on. Customers can have other limits by '
    'agreement.</p>\n');
END;
COMMENT ON FUNCTION takeout.section_methods(jsonb) IS 'Section of the page: how data leave';

CREATE FUNCTION takeout.section_switching(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE WHEN s IS NULL OR s = 'null' THEN E'<p class="none">Not stated yet.</p>\n' ELSE format(
    E'<dl class="facts">\n<div><dt>Notice</dt><dd>at most %s</dd></div>\n<div><dt>Transition</dt><dd>at most %s</dd></div>\n'
    '<div><dt>Data can be fetched afterwards for</dt><dd>at least %s</dd></div>\n'
    '<div><dt>Erasure</dt><dd class="long">%s.</dd></div>\n<div><dt>Charges</dt><dd class="long">%s.</dd></div>\n</dl>\n',
    takeout.period_in_words(s ->> 'notice_period'), takeout.period_in_words(s ->> 'transition_period'),
    takeout.period_in_words(s ->> 'retrieval_period'), takeout.html(s ->> 'erasure'), takeout.html(s ->> 'charges')) END
  FROM (SELECT document -> 'switching' AS s) d;
END;
COMMENT ON FUNCTION takeout.section_switching(jsonb) IS 'Section of the page: the terms of leaving';

CREATE FUNCTION takeout.section_exclusions(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
    '<p>' || takeout.html(document #>> '{provider,exclusions_statement}') || E'.</p>\n',
    takeout.html_table('What is not exported', '{Category,Examples,Reason}',
      (SELECT string_agg(takeout.html_row(ARRAY[takeout.html(e ->> 'category'), takeout.html(e ->> 'examples'),
                                                takeout.html(e ->> 'justification')]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'exclusions') WITH ORDINALITY u(e, n))));
END;
COMMENT ON FUNCTION takeout.section_exclusions(jsonb) IS 'Section of the page: what is not exported, and why';

CREATE FUNCTION takeout.section_standards(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH titles AS MATERIALIZED (
    SELECT d ->> 'name' AS name, takeout.html(d ->> 'title') AS title
    FROM jsonb_array_elements(document -> 'datasets') d)
  SELECT concat(
    '<p>' || takeout.html(document #>> '{provider,formats_statement}') || E'.</p>\n',
    takeout.html_table('Standards in use', '{Standard,"Is about",Replaces,"Data that follow it"}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         format('<a href="%s">%s</a>', takeout.html(s ->> 'url'), takeout.html(s ->> 'specification')),
         takeout.html(s ->> 'title'), takeout.html(s ->> 'replaces'),
         (SELECT string_agg(t.title, ', ' ORDER BY t.title COLLATE "C") FROM titles t
          WHERE s -> 'datasets' ? t.name)]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'standards') WITH ORDINALITY u(s, n))));
END;
COMMENT ON FUNCTION takeout.section_standards(jsonb) IS 'Section of the page: formats and standards';

CREATE FUNCTION takeout.section_structures(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH specifications AS MATERIALIZED (
    SELECT s ->> 'name' AS name, takeout.html(s ->> 'specification') AS specification
    FROM jsonb_array_elements(document -> 'standards') s)
  SELECT string_agg(concat(
    format(E'<h3 id="fields-%s">%s <code>%s</code></h3>\n', takeout.url_segment(d ->> 'name'), takeout.html(d ->> 'title'),
           takeout.html(d ->> 'name')),
    '<p>' || nullif(concat_ws('. ', takeout.html(d ->> 'purpose'), 'Kept: ' || takeout.html(d ->> 'retention'),
                              'Key: ' || takeout.html_list(d -> 'key'),
                              'Part of ' || takeout.html(d #>> '{part_of,dataset}')), '') || E'.</p>\n',
    takeout.html_table(format('Fields of %s', takeout.html(d ->> 'title')),
      '{Field,Type,"Always there",Standard,"Personal data",Description}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         '<code>' || takeout.html(f ->> 'name') || '</code>', takeout.html(f ->> 'type'),
         CASE WHEN f ? 'required' THEN 'yes' END, s.specification, takeout.html(f ->> 'personal'),
         concat_ws('. ', takeout.html(f ->> 'description'), CASE WHEN f ? 'masked' THEN 'Masked' END)]), '' ORDER BY k)
       FROM jsonb_array_elements(d -> 'fields') WITH ORDINALITY v(f, k)
       LEFT JOIN specifications s ON s.name = f ->> 'standard'))), '' ORDER BY n)
  FROM jsonb_array_elements(document -> 'datasets') WITH ORDINALITY u(d, n);
END;
COMMENT ON FUNCTION takeout.section_structures(jsonb) IS 'Section of the page: the fields of each dataset';

CREATE FUNCTION takeout.section_measures(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH technical AS MATERIALIZED (
    SELECT m ->> 'name' AS name, takeout.html(m ->> 'title') AS title, takeout.html_verdict(m ->> 'verdict') AS verdict, n
    FROM jsonb_array_elements(document #> '{measures,technical}') WITH ORDINALITY u(m, n))
  SELECT concat(
    '<p>Jurisdiction: ' || takeout.html(document #>> '{provider,jurisdiction}') || E'.</p>\n',
    '<p>' || takeout.html(document #>> '{provider,access_statement}') || E'.</p>\n',
    takeout.html_table('Technical measures, as the database proves them', '{Measure,Verdict}',
      (SELECT string_agg(takeout.html_row(ARRAY[t.title, t.verdict]), '' ORDER BY t.n) FROM technical t)),
    takeout.html_table('Organizational and contractual measures, as the provider states them',
      '{Measure,Statement,Verdict,"Proven in part by"}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         takeout.html(m ->> 'title'), takeout.html(m ->> 'statement'), takeout.html_verdict(m ->> 'verdict'),
         (SELECT string_agg(t.title || ' ' || t.verdict, '<br>' ORDER BY t.n) FROM technical t
          WHERE m -> 'proven_by' ? t.name)]), '' ORDER BY n)
       FROM jsonb_array_elements(document #> '{measures,organizational}') WITH ORDINALITY u(m, n))));
END;
COMMENT ON FUNCTION takeout.section_measures(jsonb) IS 'Section of the page: measures against unlawful access';

CREATE FUNCTION takeout.section_difficulty(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT concat(
    '<p>' || takeout.html(document #>> '{provider,difficulty_statement}') || E'.</p>\n',
    takeout.html_table('How hard it is to move', '{Data,Difficulty,Formats,Methods,Notes}',
      (SELECT string_agg(takeout.html_row(ARRAY[
         takeout.html(d ->> 'title'), takeout.html_verdict(d ->> 'difficulty'),
         takeout.html_formats(d -> 'formats', NULL),
         (SELECT string_agg(takeout.html(m ->> 'title'), ', ' ORDER BY k)
          FROM jsonb_array_elements(document -> 'methods') WITH ORDINALITY v(m, k)
          WHERE d -> 'methods' ? (m ->> 'name')),
         takeout.html(d ->> 'difficulty_note')]), '' ORDER BY n)
       FROM jsonb_array_elements(document -> 'datasets') WITH ORDINALITY u(d, n))));
END;
COMMENT ON FUNCTION takeout.section_difficulty(jsonb) IS 'Section of the page: how hard it is to move elsewhere';

CREATE FUNCTION takeout.register_page(document jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH sections AS MATERIALIZED (
    SELECT s.place, s.id, s.title, s.body
    FROM (VALUES
      (1, 'data', 'What can be exported', takeout.section_data(document)),
      (2, 'methods', 'How data leave', takeout.section_methods(document)),
      (3, 'switching', 'Terms of switching', takeout.section_switching(document)),
      (4, 'exclusions', 'What is not exported', takeout.section_exclusions(document)),
      (5, 'standards', 'Formats and standards', takeout.section_standards(document)),
      (6, 'difficulty', 'How hard it is to move', takeout.section_difficulty(document)),
      (7, 'measures', 'Protection against unlawful access', takeout.section_measures(document)),
      (8, 'structures', 'Fields', coalesce(takeout.section_structures(document), E'<p class="none">None.</p>\n'))
    ) s(place, id, title, body)),
  name AS (SELECT coalesce(takeout.html(document #>> '{provider,name}') || ': ', '') AS prefix)
  SELECT concat(
    E'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    E'<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    format(E'<title>%sRegister of exportable data</title>\n', (SELECT n.prefix FROM name n)),
    format(E'<meta name="description" content="%s">\n', takeout.html(coalesce(
      document #>> '{provider,scope_statement}', 'What can be exported, how, in which formats and by which standards'))),
    '<style>', takeout.page_style(), E'</style>\n</head>\n<body>\n',
    E'<a class="skip" href="#data">Skip to the data</a>\n<header>\n',
    E'<h1>Register of exportable data</h1>\n',
    '<p>' || takeout.html(document #>> '{provider,name}') || ' &middot; ' || takeout.html(document #>> '{provider,contact}')
      || E'</p>\n',
    format(E'<p>%s</p>\n', takeout.html(document #>> '{register,law}')),
    E'</header>\n<nav aria-label="Sections"><ol>\n',
    (SELECT string_agg(format(E'<li><a href="#%s">%s</a></li>\n', s.id, s.title), '' ORDER BY s.place) FROM sections s),
    E'</ol></nav>\n<main>\n',
    (SELECT string_agg(format(E'<section aria-labelledby="%1$s">\n<h2 id="%1$s">%2$s</h2>\n%3$s</section>\n', s.id, s.title, s.body),
                       '' ORDER BY s.place) FROM sections s),
    E'</main>\n<footer>\n',
    format(E'<p>Version %s of the register, made by pg_takeout %s at %s. SHA-256 <code>%s</code></p>\n',
           takeout.html(document #>> '{register,version}'), takeout.html(document #>> '{register,extension}'),
           format('<time datetime="%1$s">%1$s</time>', takeout.html(document ->> 'generated_at')),
           takeout.html(document ->> 'hash')),
    E'</footer>\n</body>\n</html>\n');
END;
COMMENT ON FUNCTION takeout.register_page(jsonb) IS 'A register, of now or out of the history, as a page of HTML';

CREATE FUNCTION takeout.register_html() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN takeout.register_page(takeout.register());
END
$$;
COMMENT ON FUNCTION takeout.register_html() IS 'The register as a page of HTML that can be put on the web as it is';
