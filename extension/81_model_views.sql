-- What the model's datasets read that is not a base table: nested rows and reports.

CREATE FUNCTION takeout.make_model_views(schema name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  -- Times inside JSON are written here as the exports write them: RFC 3339, in UTC, whatever the session's zone is.
  -- json keeps the order of its members and is made more than twice as fast as jsonb. IS TRUE keeps the planner from
  -- the index that begins with the tenant: without statistics it takes that, which is slow for one visit.
  EXECUTE format($ddl$
    CREATE OR REPLACE VIEW %1$I.journey_insight AS
    SELECT v.visit_id, v.tenant_id, v.profile_id, v.organization_id, v.lead_id, v.started_at, v.duration_s,
           v.source, v.medium, v.campaign, v.keyword, v.referring_url, v.device_type, v.country_code,
           coalesce(steps.steps, '[]') AS steps
    FROM %1$I.visit v
    LEFT JOIN LATERAL (
      SELECT json_agg(row_to_json(step) ORDER BY step.seq) AS steps
      FROM (SELECT s.seq,
                   rtrim(rtrim(to_char(s.occurred_at AT TIME ZONE 'UTC',
                                       'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z' AS occurred_at,
                   s.event_type, s.page_url, s.page_title, s.time_on_page_s, s.bot_id, s.details
            FROM %1$I.journey_step s
            WHERE s.visit_id = v.visit_id AND (s.tenant_id = v.tenant_id) IS TRUE) step
    ) steps ON true;
    COMMENT ON VIEW %1$I.journey_insight IS 'A visit with its steps, in their order';

    CREATE OR REPLACE VIEW %1$I.organization_profile AS
    SELECT o.organization_id, o.tenant_id, o.business_id, o.name, o.domain, o.industry, o.nace_code,
           o.employee_count, o.revenue, o.phone, o.website_url, o.linkedin_url, o.quality, o.status, o.tags,
           o.first_visit_at, o.last_visit_at, o.visit_count, o.country_code, o.city,
           coalesce(contacts.contacts, '[]') AS contacts
    FROM %1$I.organization o
    LEFT JOIN LATERAL (
      SELECT json_agg(row_to_json(contact) ORDER BY contact.seq) AS contacts
      FROM (SELECT c.seq, c.name, c.title, c.email, c.phone
            FROM %1$I.organization_contact c
            WHERE c.organization_id = o.organization_id AND (c.tenant_id = o.tenant_id) IS TRUE) contact
    ) contacts ON true;
    COMMENT ON VIEW %1$I.organization_profile IS 'An organization with its contacts';
  $ddl$, schema);

  -- A report's row is a day, in UTC, and whatever else it is grouped by. Its UUID is made from these, so that it is the
  -- same each time.
  EXECUTE format($ddl$
    CREATE OR REPLACE VIEW %1$I.conversion_by_day AS
    SELECT md5(jsonb_build_array('conversion_by_day', c.tenant_id, c.day)::text)::uuid AS report_id,
           c.tenant_id, c.day, c.conversions, c.converting_visits, c.converting_visitors
    FROM (SELECT s.tenant_id, (s.occurred_at AT TIME ZONE 'UTC')::date AS day,
                 count(*) AS conversions,
                 count(DISTINCT s.visit_id) AS converting_visits,
                 count(DISTINCT v.profile_id) AS converting_visitors
          FROM %1$I.journey_step s
          JOIN %1$I.visit v ON v.visit_id = s.visit_id AND v.tenant_id = s.tenant_id
          WHERE s.event_type = 'conversion'
          GROUP BY 1, 2) c;
    COMMENT ON VIEW %1$I.conversion_by_day IS 'Conversions of each day';

    CREATE OR REPLACE VIEW %1$I.conversion_by_source AS
    SELECT md5(jsonb_build_array('conversion_by_source', c.tenant_id, c.day, c.source, c.medium, c.campaign)::text
             )::uuid AS report_id,
           c.tenant_id, c.day, c.source, c.medium, c.campaign, c.conversions, c.converting_visits,
           c.converting_visitors
    FROM (SELECT s.tenant_id, (s.occurred_at AT TIME ZONE 'UTC')::date AS day, v.source, v.medium, v.campaign,
                 count(*) AS conversions,
                 count(DISTINCT s.visit_id) AS converting_visits,
                 count(DISTINCT v.profile_id) AS converting_visitors
          FROM %1$I.journey_step s
          JOIN %1$I.visit v ON v.visit_id = s.visit_id AND v.tenant_id = s.tenant_id
          WHERE s.event_type = 'conversion'
          GROUP BY 1, 2, 3, 4, 5) c;
    COMMENT ON VIEW %1$I.conversion_by_source IS 'Conversions of each day by where the visit came from';

    CREATE OR REPLACE VIEW %1$I.traffic_by_source AS
    SELECT md5(jsonb_build_array('traffic_by_source', t.tenant_id, t.day, t.source, t.medium, t.campaign)::text
             )::uuid AS report_id,
           t.tenant_id, t.day, t.source, t.medium, t.campaign, t.visits, t.visitors, t.total_duration_s
    FROM (SELECT v.tenant_id, (v.started_at AT TIME ZONE 'UTC')::date AS day, v.source, v.medium, v.campaign,
                 count(*) AS visits,
                 count(DISTINCT v.profile_id) AS visitors,
                 sum(v.duration_s) AS total_duration_s
          FROM %1$I.visit v
          GROUP BY 1, 2, 3, 4, 5) t;
    COMMENT ON VIEW %1$I.traffic_by_source IS 'Visits of each day by where they came from';

    CREATE OR REPLACE VIEW %1$I.bot_by_day AS
    SELECT md5(jsonb_build_array('bot_by_day', b.tenant_id, b.day, b.bot_id)::text)::uuid AS report_id,
           b.tenant_id, b.day, b.bot_id, b.opens, b.answers, b.conversions, b.leads
    FROM (SELECT e.tenant_id, e.day, e.bot_id,
                 count(*) FILTER (WHERE e.event = 'bot_open') AS opens,
                 count(*) FILTER (WHERE e.event = 'bot_answer') AS answers,
                 count(*) FILTER (WHERE e.event = 'conversion') AS conversions,
                 count(*) FILTER (WHERE e.event = 'lead') AS leads
          FROM (SELECT s.tenant_id, (s.occurred_at AT TIME ZONE 'UTC')::date AS day, s.bot_id, s.event_type AS event
                FROM %1$I.journey_step s
                WHERE s.bot_id IS NOT NULL AND s.event_type IN ('bot_open', 'bot_answer', 'conversion')
                UNION ALL
                SELECT l.tenant_id, (l.created_at AT TIME ZONE 'UTC')::date AS day, l.bot_id, 'lead' AS event
                FROM %1$I.lead l
                WHERE l.bot_id IS NOT NULL) e
          GROUP BY 1, 2, 3) b;
    COMMENT ON VIEW %1$I.bot_by_day IS 'What each chat bot did each day';
  $ddl$, schema);
END
$function$;
COMMENT ON FUNCTION takeout.make_model_views(name) IS
  'Internal to create_model: the views with nested rows and the reports';
