"""Twenty tenants, each with a canary in every column of every row: nobody ever sees another's, on any path."""

import io
import itertools
import zipfile

import psycopg
import pytest

TENANTS = [f"tenant{n:02}" for n in range(20)]
FORMATS = ["csv", "json", "jsonl", "xlsx"]
DATASETS = ["leads", "visitor_profiles", "visits", "journey_steps", "journey_insights", "organization_profiles",
            "organization_contacts", "report_conversions_by_day", "report_conversions_by_source",
            "report_traffic_by_source", "report_bots"]

MODEL = """
CALL takeout.create_model('crm');
INSERT INTO crm.lead (contact_id, tenant_id, created_at, first_name, email, bot_id, ip)
SELECT md5(t || 'lead' || n)::uuid, t, timestamptz '2026-01-01' + n * interval '1 hour', 'canary-' || t, t || '@example.com',
       'bot-canary-' || t, '203.0.113.77'
FROM unnest(%(tenants)s::text[]) t, generate_series(1, 30) n;
INSERT INTO crm.visitor_profile (profile_id, tenant_id, first_name, last_seen_at, first_seen_at)
SELECT md5(t || 'profile' || n)::uuid, t, 'canary-' || t, '2026-01-02', '2026-01-01'
FROM unnest(%(tenants)s::text[]) t, generate_series(1, 5) n;
INSERT INTO crm.visit (visit_id, tenant_id, profile_id, started_at, source)
SELECT md5(t || 'visit' || n)::uuid, t, md5(t || 'profile' || n)::uuid, '2026-01-02', 'canary-' || t
FROM unnest(%(tenants)s::text[]) t, generate_series(1, 5) n;
INSERT INTO crm.journey_step (visit_id, tenant_id, seq, occurred_at, event_type, page_url, bot_id)
SELECT md5(t || 'visit' || n)::uuid, t, s, '2026-01-02', 'conversion', 'https://canary-' || t, 'canary-' || t
FROM unnest(%(tenants)s::text[]) t, generate_series(1, 5) n, generate_series(1, 2) s;
-- A step that another tenant's visit would carry away, if only the visit's key were looked at.
INSERT INTO crm.journey_step (visit_id, tenant_id, seq, occurred_at, event_type, page_url, bot_id)
SELECT md5(t || 'visit1')::uuid, (%(tenants)s::text[])[1 + i %% 20], 9, '2026-01-02', 'conversion',
       'https://canary-' || (%(tenants)s::text[])[1 + i %% 20], 'canary-' || (%(tenants)s::text[])[1 + i %% 20]
FROM unnest(%(tenants)s::text[]) WITH ORDINALITY u(t, i);
INSERT INTO crm.organization (organization_id, tenant_id, name, last_visit_at)
SELECT md5(t || 'org')::uuid, t, 'canary-' || t, '2026-01-02' FROM unnest(%(tenants)s::text[]) t;
INSERT INTO crm.organization_contact (organization_id, tenant_id, seq, name)
SELECT md5(t || 'org')::uuid, t, 1, 'canary-' || t FROM unnest(%(tenants)s::text[]) t;
CREATE TABLE crm.shared (id int PRIMARY KEY, tenant_id text, note text);
INSERT INTO crm.shared SELECT i, (%(tenants)s::text[])[1 + i %% 20], 'canary-' || (%(tenants)s::text[])[1 + i %% 20]
FROM generate_series(1, 60000) i;
CREATE INDEX ON crm.shared (tenant_id, id);
SELECT takeout.create_dataset('crm.shared');
ANALYZE;
"""


def canaries(text):
    return {tenant for tenant in TENANTS if f"canary-{tenant}" in text}


def text_of(file):
    file = bytes(file)
    if file[:2] != b"PK":
        return file.decode()
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


@pytest.fixture(scope="module")
def model(database):
    """Role member_of_<tenant> for each tenant, without any privilege; `reader` roles may SELECT from the views too."""
    with psycopg.ClientCursor(database.connect()) as cursor:
        cursor.execute(MODEL, {"tenants": TENANTS})
        for tenant in TENANTS:
            cursor.execute(f"CREATE ROLE member_of_{tenant} LOGIN")
            cursor.execute(f"CREATE ROLE reader_of_{tenant} LOGIN")
            cursor.execute(f"INSERT INTO takeout.members VALUES ('member_of_{tenant}', '{tenant}'), ('reader_of_{tenant}', '{tenant}')")
            cursor.execute(f"GRANT USAGE ON SCHEMA crm TO reader_of_{tenant}")
            cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA crm TO reader_of_{tenant}")
        cursor.execute("CREATE ROLE of_two LOGIN; CREATE ROLE of_all LOGIN; CREATE ROLE of_none LOGIN")
        cursor.execute("INSERT INTO takeout.members VALUES ('of_two', 'tenant03'), ('of_two', 'tenant04'), ('of_all', '*')")
        cursor.execute("GRANT USAGE ON SCHEMA crm TO of_two, of_all, of_none")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA crm TO of_two, of_all, of_none")
        cursor.connection.commit()
    yield database
    with database.connect() as connection:
        roles = ", ".join(f"{kind}_of_{tenant}" for kind in ("member", "reader") for tenant in TENANTS)
        connection.execute(f"DROP OWNED BY {roles}, of_two, of_all, of_none; DROP ROLE {roles}, of_two, of_all, of_none")


def one(connection, query, *parameters):
    return connection.execute(query, parameters or None).fetchone()[0]


@pytest.mark.parametrize("tenant", TENANTS)
def test_exports_of_every_dataset_hold_one_tenant(model, tenant):
    with model.connect(user=f"member_of_{tenant}") as connection:
        for dataset, file_format in itertools.product(DATASETS + ["shared"], FORMATS):
            if dataset.startswith("report_") and file_format != "json":
                continue
            found = canaries(text_of(one(connection, "SELECT takeout.export(%s, %s)", dataset, file_format)))
            assert found <= {tenant} and (found or dataset in ("report_conversions_by_day",)), (dataset, file_format)
            stream = b"".join(bytes(chunk) for chunk, in connection.execute(
                "SELECT takeout.export_stream(%s, %s, ordered => false)", [dataset, file_format]))
            assert canaries(text_of(stream)) <= {tenant}, (dataset, file_format)
            after, complete, paged = None, False, set()
            while not complete:
                data, _, after, complete = connection.execute(
                    "SELECT (takeout.export_page(%s, %s, after => %s, page_rows => 1000)).*", [dataset, file_format, after]).fetchone()
                paged |= canaries(text_of(data))
            assert paged == found, (dataset, file_format)


@pytest.mark.parametrize("call", ["takeout.leads()", "takeout.leads('xlsx')", "takeout.visitor_profiles()",
                                  "takeout.journey_insights()", "takeout.organization_profiles('xlsx')",
                                  "takeout.analytical_reports('bots')", "takeout.analytical_reports('traffic_by_source')"])
def test_the_functions_of_the_model_hold_one_tenant(model, call):
    for tenant in TENANTS[:5]:
        with model.connect(user=f"member_of_{tenant}") as connection:
            assert canaries(text_of(one(connection, f"SELECT {call}"))) == {tenant}


def test_ids_of_another_tenant_give_nothing(model):
    with model.connect() as admin:
        ids = one(admin, "SELECT array_agg(contact_id::text) FROM crm.lead")
    with model.connect(user="member_of_tenant05") as connection:
        text = text_of(one(connection, "SELECT takeout.export('leads', 'json', ids => %s)", ids))
        assert canaries(text) == {"tenant05"} and text.count('"contact_id"') == 30


def test_another_tenant_is_refused_and_so_is_its_cursor(model):
    with model.connect(user="member_of_tenant01") as theirs, model.connect(user="member_of_tenant02") as mine:
        after = one(theirs, "SELECT next FROM takeout.export_page('leads', page_rows => 3)")
        for query in (f"SELECT takeout.export_page('leads', after => '{after}')",
                      f"SELECT takeout.export_page('leads', after => '{after}', tenant => 'tenant02')"):
            with pytest.raises(psycopg.errors.InvalidParameterValue):
                mine.execute(query)
        for call in ("export('leads', tenant => 'tenant01')", "export_stream('leads', tenant => 'tenant01')",
                     "export_page('leads', tenant => 'tenant01')", "act_for('tenant01')", "export('leads', tenant => '*')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mine.execute(f"SELECT takeout.{call}")


def test_views_show_the_readers_tenant(model):
    for tenant in TENANTS[::4]:
        with model.connect(user=f"reader_of_{tenant}") as connection:
            for dataset in DATASETS:
                rows = connection.execute(f"SELECT v::text FROM crm.{dataset} v").fetchall()
                assert canaries(" ".join(row for row, in rows)) <= {tenant} and rows
            rows = connection.execute("SELECT v::text FROM crm.shared_dataset v").fetchall()
            assert len(rows) == 3000 and canaries(" ".join(row for row, in rows)) == {tenant}


def test_base_tables_show_the_readers_tenant_and_take_any_insert(model):
    with model.connect() as admin:
        admin.execute("GRANT INSERT, UPDATE, DELETE ON crm.lead TO reader_of_tenant07")
    with model.connect(user="reader_of_tenant07") as connection:
        assert connection.execute("SELECT DISTINCT tenant_id FROM crm.lead").fetchall() == [("tenant07",)]
        with connection.transaction(force_rollback=True):
            assert connection.execute("UPDATE crm.lead SET email = 'x'").rowcount == 30
        with connection.transaction(force_rollback=True):
            assert connection.execute("DELETE FROM crm.lead").rowcount == 30
        with connection.transaction(force_rollback=True):
            connection.execute("INSERT INTO crm.lead (tenant_id) VALUES ('tenant08')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("UPDATE crm.lead SET tenant_id = 'tenant08'")


def test_prepared_generic_plans_follow_the_session_not_the_role(model):
    with model.connect(user="reader_of_tenant02") as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("PREPARE look AS SELECT string_agg(first_name, ' ') FROM crm.leads")
        connection.execute("PREPARE take(text) AS SELECT takeout.export('leads', $1)")
        for role in ("none", "none"):
            connection.execute(f"SET ROLE {role}")
            assert canaries(one(connection, "EXECUTE look")) == {"tenant02"}
            assert canaries(text_of(one(connection, "EXECUTE take('csv')"))) == {"tenant02"}
    with model.connect() as admin:
        admin.execute("SET SESSION AUTHORIZATION reader_of_tenant06; SET plan_cache_mode = force_generic_plan")
        admin.execute("PREPARE look AS SELECT string_agg(first_name, ' ') FROM crm.leads")
        assert canaries(one(admin, "EXECUTE look")) == {"tenant06"}
        # The same plan for another session user.
        admin.execute("SET SESSION AUTHORIZATION reader_of_tenant09")
        assert canaries(one(admin, "EXECUTE look")) == {"tenant09"}


def test_set_role_and_security_definer_change_nothing(model):
    with model.connect() as admin:
        admin.execute("""GRANT reader_of_tenant11 TO reader_of_tenant10;
            CREATE FUNCTION crm.as_admin() RETURNS text SECURITY DEFINER LANGUAGE sql AS
              $$ SELECT convert_from(takeout.export('leads'), 'UTF8') $$;
            CREATE FUNCTION crm.view_as_admin() RETURNS text SECURITY DEFINER LANGUAGE sql AS
              $$ SELECT string_agg(first_name, ' ') FROM crm.leads $$""")
    with model.connect(user="reader_of_tenant10") as connection:
        for query in ("SELECT crm.as_admin()", "SELECT crm.view_as_admin()"):
            assert canaries(one(connection, query)) == {"tenant10"}
        connection.execute("SET ROLE reader_of_tenant11")
        assert canaries(one(connection, "SELECT string_agg(first_name, ' ') FROM crm.leads")) == {"tenant10"}
        assert canaries(text_of(one(connection, "SELECT takeout.export('leads')"))) == {"tenant10"}


def test_parallel_workers_hold_the_tenant(model):
    with model.connect(user="reader_of_tenant12") as connection:
        connection.execute("""SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
                              SET min_parallel_index_scan_size = 0; SET force_parallel_mode = on; SET enable_indexscan = off""")
        plan = "\n".join(line for line, in connection.execute("EXPLAIN (ANALYZE) SELECT count(*) FROM crm.shared_dataset"))
        assert "Workers Launched: " in plan and "Workers Launched: 0" not in plan
        assert connection.execute("SELECT DISTINCT note FROM crm.shared_dataset").fetchall() == [("canary-tenant12",)]
        with model.connect(user="of_all") as every:
            every.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET force_parallel_mode = on")
            with every.transaction():
                every.execute("SELECT takeout.act_for('tenant13')")
                assert every.execute("SELECT DISTINCT note FROM crm.shared_dataset").fetchall() == [("canary-tenant13",)]


def test_cursors_and_copy_hold_the_tenant(model):
    with model.connect(user="reader_of_tenant14") as connection:
        with connection.transaction():
            connection.execute("DECLARE c CURSOR FOR SELECT takeout.export_stream('shared', 'csv')")
            assert canaries(b"".join(bytes(c) for c, in connection.execute("FETCH ALL FROM c")).decode()) == {"tenant14"}
        for query in ("COPY (SELECT takeout.export_stream('leads', 'csv')) TO STDOUT (FORMAT raw)",
                      "COPY (SELECT * FROM crm.leads) TO STDOUT", "COPY crm.lead TO STDOUT"):
            with connection.cursor().copy(query) as copy:
                assert canaries(b"".join(copy).decode()) == {"tenant14"}


def test_a_member_of_two_names_one_or_acts_for_one(model):
    with model.connect(user="of_two") as connection:
        with pytest.raises(psycopg.errors.InvalidParameterValue) as error:
            connection.execute("SELECT takeout.export('leads')")
        assert error.value.diag.message_detail == 'They are "tenant03", "tenant04".'
        assert canaries(text_of(one(connection, "SELECT takeout.export('leads', tenant => 'tenant04')"))) == {"tenant04"}
        look = "SELECT string_agg(first_name, ' ') FROM crm.leads"
        assert canaries(one(connection, look)) == {"tenant03", "tenant04"}
        with connection.transaction():
            connection.execute("SELECT takeout.act_for('tenant03')")
            assert canaries(one(connection, look)) == {"tenant03"}
            assert canaries(text_of(one(connection, "SELECT takeout.export('leads')"))) == {"tenant03"}
            assert canaries(text_of(one(connection, "SELECT takeout.export('leads', tenant => 'tenant04')"))) == {"tenant04"}
            assert canaries(one(connection, look)) == {"tenant03"}
        assert canaries(one(connection, look)) == {"tenant03", "tenant04"}
        for statement in ("SET takeout.act_for = 'tenant05'", "SELECT set_config('takeout.act_for', 'tenant05', false)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_member_of_all_sees_nothing_until_it_says_for_whom(model):
    with model.connect(user="of_all") as connection:
        for query in ("SELECT takeout.export('leads')", "SELECT count(*) FROM crm.leads", "SELECT count(*) FROM crm.lead"):
            with pytest.raises(psycopg.errors.InvalidParameterValue):
                connection.execute(query)
        for tenant in TENANTS:
            assert canaries(text_of(one(connection, "SELECT takeout.export('leads', tenant => %s)", tenant))) == {tenant}
            with connection.transaction():
                connection.execute("SELECT takeout.act_for(%s)", [tenant])
                assert canaries(one(connection, "SELECT string_agg(first_name, ' ') FROM crm.leads")) == {tenant}
                connection.execute("RESET ALL")
                with pytest.raises(psycopg.errors.InvalidParameterValue), connection.transaction():
                    connection.execute("SELECT count(*) FROM crm.leads")


def test_a_role_of_no_tenant_gets_an_error(model):
    with model.connect(user="of_none") as connection:
        for query in ("SELECT takeout.export('leads')", "SELECT takeout.export_stream('leads')",
                      "SELECT takeout.export_page('leads')", "SELECT takeout.leads()", "SELECT count(*) FROM crm.leads",
                      "SELECT count(*) FROM crm.lead", "SELECT takeout.current_tenants()", "SELECT takeout.act_for('tenant01')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
                connection.execute(query)
            assert "not a member" in str(error.value)


def test_a_new_role_of_an_old_name_inherits_nothing(model):
    with model.connect() as admin:
        admin.execute("CREATE ROLE passing LOGIN; INSERT INTO takeout.members VALUES ('passing', 'tenant01')")
        admin.execute("DROP ROLE passing; CREATE ROLE passing LOGIN")
        with model.connect(user="passing") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT takeout.export('leads')")
        admin.execute("DROP ROLE passing; DELETE FROM takeout.members m WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = m.role)")
    with model.connect() as admin:
        admin.execute("ALTER ROLE member_of_tenant19 RENAME TO renamed")
        with model.connect(user="renamed") as connection:
            assert canaries(text_of(one(connection, "SELECT takeout.export('leads')"))) == {"tenant19"}
        admin.execute("ALTER ROLE renamed RENAME TO member_of_tenant19")


def test_one_tenant_of_many_is_read_by_its_index(model):
    """The predicate is a condition of the index that also gives the order; no row of another tenant is read."""
    with model.connect(user="member_of_tenant15") as connection, connection.transaction():
        connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        assert one(connection, "SELECT length(takeout.export('leads', 'json'))") > 0
        assert connection.execute("""SELECT coalesce(seq_tup_read, 0), idx_tup_fetch FROM pg_stat_xact_user_tables
                                     WHERE schemaname = 'crm' AND relname = 'lead'""").fetchone() == (0, 30)
