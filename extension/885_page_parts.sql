-- The register as a page for the web: one file, no script, nothing loaded from elsewhere. It is made from the document
-- alone, so that a publication of years ago can be shown as it was.

CREATE FUNCTION takeout.html(text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  -- HTML has no place for control characters and noncharacters, not even as references.
  SELECT replace(replace(replace(replace(
    -- Written by their numbers, because a database of another encoding than UTF8 has no such characters.
    regexp_replace(html.text, '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFDD0-\uFDEF\uFFFE\uFFFF]',
                   chr(CASE getdatabaseencoding() WHEN 'UTF8' THEN 65533 ELSE 63 END), 'g'),
    '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
END;
COMMENT ON FUNCTION takeout.html(text) IS 'Text as it stands in HTML, between tags and in attributes';

CREATE FUNCTION takeout.html_table(caption text, columns text[], rows text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN rows IS NULL THEN E'<p class="none">None.</p>\n' ELSE
    format(E'<div class="scroll" role="region" aria-label="%1$s" tabindex="0"><table>\n<caption>%1$s</caption>\n'
           '<thead><tr>%2$s</tr></thead>\n<tbody>\n%3$s</tbody>\n</table></div>\n',
           caption, (SELECT string_agg(format('<th scope="col">%s</th>', c), '' ORDER BY n)
                     FROM unnest(columns) WITH ORDINALITY u(c, n)), rows)
    END;
END;
COMMENT ON FUNCTION takeout.html_table(text, text[], text) IS 'A table of rows that are HTML already';

-- The first cell of a row heads it.
CREATE FUNCTION takeout.html_row(cells text[], id text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT format(E'<tr%s>%s</tr>\n', coalesce(' id="' || id || '"', ''),
                string_agg(CASE n WHEN 1 THEN format('<th scope="row">%s</th>', c)
                           ELSE format('<td>%s</td>', coalesce(nullif(c, ''), '&ndash;')) END, '' ORDER BY n))
  FROM unnest(cells) WITH ORDINALITY u(c, n);
END;
COMMENT ON FUNCTION takeout.html_row(text[], text) IS 'A row of a table, of cells that are HTML already';

CREATE FUNCTION takeout.html_list(list jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT string_agg(takeout.html(e.value), ', ' ORDER BY e.place)
  FROM jsonb_array_elements_text(coalesce(list, '[]')) WITH ORDINALITY e(value, place);
END;
COMMENT ON FUNCTION takeout.html_list(jsonb) IS 'An array of texts with commas between';

CREATE FUNCTION takeout.html_formats(formats jsonb, default_format text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT string_agg(CASE f.value WHEN 'jsonl' THEN 'JSON lines' ELSE upper(f.value) END
                    || CASE WHEN f.value = default_format THEN ' (default)' ELSE '' END, ', ' ORDER BY f.place)
  FROM jsonb_array_elements_text(coalesce(formats, '[]')) WITH ORDINALITY f(value, place);
END;
COMMENT ON FUNCTION takeout.html_formats(jsonb, text) IS 'Formats by the names that people know them by';

CREATE FUNCTION takeout.html_verdict(verdict text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('<span class="verdict %s">%s</span>', replace(verdict, ' ', '-'), takeout.html(verdict));
COMMENT ON FUNCTION takeout.html_verdict(text) IS 'A verdict, which its colour only repeats';

CREATE FUNCTION takeout.period_in_words(period text) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(string_agg(format('%s %s%s', n, unit, CASE WHEN n = 1 THEN '' ELSE 's' END), ', ' ORDER BY place), 'none')
  FROM (SELECT (extract(year FROM i) * 12 + extract(month FROM i))::bigint AS months, extract(day FROM i)::bigint AS days,
               extract(hour FROM i)::bigint AS hours
        FROM CAST(period AS interval) i) p
  CROSS JOIN LATERAL (VALUES (1, months, 'month'), (2, days, 'day'), (3, hours, 'hour')) part(place, n, unit)
  WHERE n <> 0;
END;
COMMENT ON FUNCTION takeout.period_in_words(text) IS 'An interval in months, days and hours';

CREATE FUNCTION takeout.limit_in_words(name text, value jsonb) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE
    WHEN jsonb_typeof(value) = 'null' THEN 'none'
    WHEN name = 'max_bytes' THEN pg_size_pretty((value #>> '{}')::bigint)
    WHEN name = 'max_period' THEN takeout.period_in_words(value #>> '{}')
    ELSE to_char((value #>> '{}')::numeric, 'FM999,999,999,999,999,990')
  END;
END;
COMMENT ON FUNCTION takeout.limit_in_words(text, jsonb) IS 'A limit as people read it';

CREATE FUNCTION takeout.page_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $css$
:root{color-scheme:light dark;--ink:#1c2430;--soft:#525d6e;--paper:#fff;--card:#f5f7fa;--line:#d5dbe3;--link:#0b57a4;
--ok:#0c6b3d;--bad:#a3211b;--open:#7a4d00}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a5b0bf;--paper:#12171f;--card:#1b222d;--line:#36404f;
--link:#8fc2ff;--ok:#6fd79b;--bad:#ff9d94;--open:#f0c063}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;color:var(--ink);background:var(--paper);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.skip{position:absolute;left:-100rem}
.skip:focus{left:1rem;top:1rem;padding:.5rem 1rem;background:var(--paper);border:2px solid var(--link)}
header,main,footer,nav{max-width:76rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
header p{margin:.25rem 0;color:var(--soft)}
h1{margin:0;font-size:2.1rem;line-height:1.2;letter-spacing:-.015em}
h2{margin:3rem 0 .75rem;padding-top:1.5rem;border-top:1px solid var(--line);font-size:1.45rem;line-height:1.25}
h3{margin:2rem 0 .5rem;font-size:1.1rem}
p,li{max-width:48rem}
a{color:var(--link)}
a:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code{font:.9em ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
nav{margin-top:1.75rem}
nav ol{display:flex;flex-wrap:wrap;gap:.35rem 1.5rem;margin:0;padding:.9rem 1.25rem;list-style:none;background:var(--card);border-radius:.6rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.9rem;margin:1.25rem 0;padding:0}
.facts div{padding:.9rem 1.1rem;background:var(--card);border-radius:.6rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:.15rem 0 0;font-weight:600}
dd.long{font-weight:400}
.scroll{overflow-x:auto;margin:1rem 0;border:1px solid var(--line);border-radius:.6rem}
table{width:100%;border-collapse:collapse;font-size:.93rem}
caption{padding:.7rem .9rem;text-align:left;font-weight:600}
th,td{padding:.55rem .9rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{background:var(--card);color:var(--soft);font-size:.82rem;font-weight:600;white-space:nowrap}
tbody th{font-weight:600;min-width:9rem}
.verdict{display:inline-block;padding:.05rem .55rem;border:1px solid currentcolor;border-radius:1rem;font-size:.82rem;font-weight:600;white-space:nowrap;color:var(--open)}
.ok,.stated,.easy,.yes{color:var(--ok)}
.failed,.not-in-place,.hard,.no{color:var(--bad)}
.none,.soft{color:var(--soft)}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem}
@media screen and (max-width:45rem){header,main,footer,nav{padding-left:1rem;padding-right:1rem}
table:has(th:nth-child(4)){min-width:50rem}table:has(th:nth-child(6)){min-width:64rem}tbody th{position:sticky;left:0;min-width:7rem;background:var(--paper)}}
@media print{:root{--ink:#000;--soft:#333;--paper:#fff;--card:#fff;--line:#999;--link:#000;--ok:#000;--bad:#000;--open:#000}
body{font-size:9.5pt}header,main,footer{max-width:none;padding:0}nav,.skip{display:none}
.scroll{overflow:visible;border-radius:0}h2,h3,caption{break-after:avoid}tr,.facts div{break-inside:avoid}
.facts div{border:1px solid var(--line)}thead{display:table-header-group}h2{margin-top:1.5rem}a{text-decoration:none}}
$css$;
COMMENT ON FUNCTION takeout.page_style() IS 'How the page looks: light, dark and printed';
