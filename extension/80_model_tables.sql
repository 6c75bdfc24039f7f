-- The model's base tables. They belong to whoever calls create_model, not to the extension: dropping the
-- extension leaves them, and pg_dump carries them like any table.

CREATE FUNCTION takeout.make_model_tables(schema name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  EXECUTE format($ddl$
    CREATE TABLE %1$I.lead (
      contact_id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id             text NOT NULL DEFAULT 'default',
      source_id             bigint,
      created_at            timestamptz NOT NULL DEFAULT now(),
      updated_at            timestamptz NOT NULL DEFAULT now(),
      first_name            text,
      last_name             text,
      email                 text,
      phone                 text,
      company_name          text,
      address               text,
      zip_code              text,
      city                  text,
      country_code          text CHECK (country_code ~ '^[A-Z]{2}$'),
      url                   text,
      score                 integer,
      tags                  text[] NOT NULL DEFAULT '{}',
      answers               jsonb,
      consent               boolean,
      bot_id                text,
      bot_name              text,
      bot_type              text,
      bot_category          text,
      utm_source            text,
      utm_medium            text,
      utm_campaign          text,
      utm_term              text,
      utm_content           text,
      first_touch_source    text,
      first_touch_referrer  text,
      last_touch_source     text,
      last_touch_referrer   text,
      ip                    inet,
      visitor_profile_id    uuid,
      organization_ids      uuid[] NOT NULL DEFAULT '{}',
      custom                jsonb
    );
    CREATE INDEX lead_tenant_time_key ON %1$I.lead (tenant_id, created_at, contact_id);
    CREATE INDEX lead_bot ON %1$I.lead (tenant_id, bot_id) WHERE bot_id IS NOT NULL;
    COMMENT ON TABLE %1$I.lead IS 'A person who left contact details';

    CREATE TABLE %1$I.visitor_profile (
      profile_id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id             text NOT NULL DEFAULT 'default',
      contact_id            uuid,
      identified            boolean NOT NULL DEFAULT false,
      first_seen_at         timestamptz NOT NULL DEFAULT now(),
      last_seen_at          timestamptz NOT NULL DEFAULT now(),
      visit_count           integer NOT NULL DEFAULT 0 CHECK (visit_count >= 0),
      page_view_count       integer NOT NULL DEFAULT 0 CHECK (page_view_count >= 0),
      total_duration_s      bigint NOT NULL DEFAULT 0 CHECK (total_duration_s >= 0),
      email                 text,
      first_name            text,
      last_name             text,
      phone                 text,
      language              text,
      browser               text,
      os                    text,
      device_type           text,
      ip                    inet,
      country_code          text CHECK (country_code ~ '^[A-Z]{2}$'),
      region                text,
      city                  text,
      timezone              text,
      first_referrer        text,
      utm_source            text,
      utm_medium            text,
      utm_campaign          text,
      utm_term              text,
      utm_content           text,
      do_not_sell           boolean NOT NULL DEFAULT false,
      traits                jsonb,
      CHECK (last_seen_at >= first_seen_at)
    );
    CREATE INDEX visitor_profile_tenant_time_key
        ON %1$I.visitor_profile (tenant_id, last_seen_at, profile_id);
    COMMENT ON TABLE %1$I.visitor_profile IS 'A visitor of the web site as known from all visits together';

    CREATE TABLE %1$I.visit (
      visit_id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id             text NOT NULL DEFAULT 'default',
      profile_id            uuid NOT NULL,
      organization_id       uuid,
      lead_id               uuid,
      started_at            timestamptz NOT NULL DEFAULT now(),
      duration_s            integer NOT NULL DEFAULT 0 CHECK (duration_s >= 0),
      source                text,
      medium                text,
      campaign              text,
      keyword               text,
      referring_url         text,
      device_type           text,
      country_code          text CHECK (country_code ~ '^[A-Z]{2}$')
    );
    CREATE INDEX visit_tenant_time_key ON %1$I.visit (tenant_id, started_at, visit_id);
    CREATE INDEX visit_profile ON %1$I.visit (profile_id, visit_id);
    COMMENT ON TABLE %1$I.visit IS 'One visit of a visitor to the web site';

    CREATE TABLE %1$I.journey_step (
      visit_id              uuid NOT NULL REFERENCES %1$I.visit ON DELETE CASCADE,
      seq                   integer NOT NULL CHECK (seq > 0),
      tenant_id             text NOT NULL DEFAULT 'default',
      occurred_at           timestamptz NOT NULL DEFAULT now() CHECK (isfinite(occurred_at)),
      event_type            text NOT NULL CHECK (event_type IN
                              ('page_view', 'bot_open', 'bot_answer', 'form_submit', 'conversion')),
      page_url              text,
      page_title            text,
      time_on_page_s        integer CHECK (time_on_page_s >= 0),
      bot_id                text,
      details               jsonb,
      PRIMARY KEY (visit_id, seq)
    );
    CREATE INDEX journey_step_tenant_time_key
        ON %1$I.journey_step (tenant_id, occurred_at, visit_id, seq);
    COMMENT ON TABLE %1$I.journey_step IS 'One thing that a visitor did during a visit';

    CREATE TABLE %1$I.organization (
      organization_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      tenant_id             text NOT NULL DEFAULT 'default',
      business_id           text,
      name                  text NOT NULL,
      domain                text,
      industry              text,
      nace_code             text,
      employee_count        integer CHECK (employee_count >= 0),
      revenue               numeric,
      phone                 text,
      website_url           text,
      linkedin_url          text,
      quality               text,
      status                text,
      tags                  text[] NOT NULL DEFAULT '{}',
      first_visit_at        timestamptz,
      last_visit_at         timestamptz,
      visit_count           integer NOT NULL DEFAULT 0 CHECK (visit_count >= 0),
      country_code          text CHECK (country_code ~ '^[A-Z]{2}$'),
      city                  text,
      CHECK (last_visit_at >= first_visit_at)
    );
    CREATE INDEX organization_tenant_time_key
        ON %1$I.organization (tenant_id, last_visit_at, organization_id);
    COMMENT ON TABLE %1$I.organization IS 'A company whose people visited the web site';

    CREATE TABLE %1$I.organization_contact (
      organization_id       uuid NOT NULL REFERENCES %1$I.organization ON DELETE CASCADE,
      seq                   integer NOT NULL CHECK (seq > 0),
      tenant_id             text NOT NULL DEFAULT 'default',
      name                  text,
      title                 text,
      email                 text,
      phone                 text,
      PRIMARY KEY (organization_id, seq)
    );
    CREATE INDEX organization_contact_tenant_key
        ON %1$I.organization_contact (tenant_id, organization_id, seq);
    COMMENT ON TABLE %1$I.organization_contact IS 'A person to speak to at an organization';
  $ddl$, schema);
END
$function$;
COMMENT ON FUNCTION takeout.make_model_tables(name) IS 'Internal to create_model: the base tables';

-- Loads and dumps by the tables' owner are exempt. Whoever else is given a privilege on them sees and changes the rows of
-- the tenants that it is a member of; to insert, the privilege is enough.
CREATE FUNCTION takeout.secure_model_tables(schema name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  base_table name;
  own_rows CONSTANT text := takeout.tenant_predicate(format('%I.lead', schema)::regclass, 'tenant_id', NULL, '');
BEGIN
  FOREACH base_table IN ARRAY
    '{lead,visitor_profile,visit,journey_step,organization,organization_contact}'::name[]
  LOOP
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', schema, base_table);
    EXECUTE format('CREATE POLICY takeout_select ON %I.%I FOR SELECT USING (%s)', schema, base_table, own_rows);
    EXECUTE format('CREATE POLICY takeout_update ON %I.%I FOR UPDATE USING (%s)', schema, base_table, own_rows);
    EXECUTE format('CREATE POLICY takeout_delete ON %I.%I FOR DELETE USING (%s)', schema, base_table, own_rows);
    EXECUTE format('CREATE POLICY takeout_insert ON %I.%I FOR INSERT WITH CHECK (true)', schema, base_table);
  END LOOP;
END
$$;
COMMENT ON FUNCTION takeout.secure_model_tables(name) IS 'Internal to create_model: row security on the base tables';
