-- Who may call what. PostgreSQL lets everybody call a new function; here nobody may until it is named below. All of
-- these run with no rights but the caller's, or check inside what the caller may do, or tell what is public. Auditors are
-- whom the owner of the extension grants EXECUTE on takeout.measures() and the like.

GRANT USAGE ON SCHEMA takeout TO PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA takeout FROM PUBLIC;

DO $$
DECLARE
  public_names CONSTANT text[] := ARRAY[
    -- masking
    'mask_ip', 'mask_ip_text', 'mask_inside',
    -- standards
    'is_email', 'is_uuid', 'is_country', 'is_phone', 'is_timestamp', 'is_date', 'is_url', 'is_language', 'is_ip_network',
    'country_codes', 'violations', 'conformance',
    -- files of any query, under plain privileges
    'csv_file', 'json_file', 'jsonl_file', 'xlsx_file', 'csv_options', 'json_options', 'xlsx_options',
    -- tenants: about the session's own role
    'current_tenants', 'act_for', 'quota',
    -- exports of datasets: the right is checked inside
    'export', 'export_stream', 'export_page', 'export_parts', 'export_part', 'estimate', 'last_export_rows',
    'leads', 'visitor_profiles', 'journey_insights', 'organization_profiles', 'analytical_reports',
    -- schedules
    'next_runs', 'schedule', 'unschedule',
    -- the register, which is public
    'register', 'register_html', 'register_hash', 'register_changes', 'json_schema', 'openapi',
    -- datasets: for owners of sources, checked inside
    'create_dataset', 'alter_dataset', 'drop_dataset', 'create_model',
    -- the steps of these, run as the caller
    'check_source', 'check_name', 'inferred_key', 'inferred_column', 'owned_dataset', 'quoted_list', 'texts_of',
    'holds_addresses', 'holds_rows', 'base_type', 'view_expression', 'view_query', 'view_comment', 'name_view', 'replace_view', 'copy_comments',
    'tenant_predicate', 'check_definition', 'check_parent', 'place_dataset', 'known_standards',
    'make_model_tables', 'secure_model_tables', 'make_model_views', 'make_model_datasets', 'model_columns', 'model_home', 'model_datasets', 'model_terms',
    'check_room_for_model', 'describe_model',
    -- the steps of check and unclassified: they read what their caller may read
    'check_server', 'check_members', 'check_logins', 'check_configuration', 'check_datasets', 'check_grants', 'check_sources',
    'classified_columns', 'dataset_relations', 'readers', 'reached_relations', 'view_references', 'exclusion_of',
    'is_never_exported',
    -- the registry's door: asks who calls
    'dataset_definition', 'record_dataset', 'annotate_dataset', 'forget_dataset', 'known_datasets'];
  routine regprocedure;
BEGIN
  FOR routine IN
    SELECT p.oid
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'takeout' AND p.proname = ANY (public_names)
  LOOP
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', routine);
  END LOOP;
END
$$;
