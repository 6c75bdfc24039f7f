"""The register, held against what others check: Ajv its schemas, Redocly its OpenAPI, the Nu checker its page; and against
what the law and a provider's published appendices ask of one."""

import hashlib
import json
import pathlib
import subprocess
import time

import pytest

from throwaway_server import Server, processor_time, wait_until

HERE = pathlib.Path(__file__).parent
DEMO = HERE.parent.parent / "demo"
CHECKER = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

DATASETS = ["journey_insights", "journey_steps", "leads", "organization_contacts", "organization_profiles", "report_bots",
            "report_conversions_by_day", "report_conversions_by_source", "report_traffic_by_source", "visitor_profiles",
            "visits"]


@pytest.fixture(scope="module")
def model(connection):
    """The model with the register filled in and a few rows in every table."""
    connection.execute("CALL takeout.create_model('crm')")
    connection.execute("""SELECT takeout.fill_register('Example Oy', 'exit@example.com', 'Data centres in Finland', 'Finland',
        web_site => 'https://www.example.com', base_url => 'https://api.example.com', measures_in_place => true)""")
    connection.execute((HERE / "register_rows.sql").read_text())
    return connection


def register(connection):
    return connection.execute("SELECT takeout.register()").fetchone()[0]


def node(script, *files):
    printed = subprocess.run(["node", HERE / "node" / script, *files], capture_output=True, timeout=300)
    assert printed.returncode == 0, printed.stderr.decode()
    return json.loads(printed.stdout)


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def schema_file(connection, dataset, folder):
    return write_json(folder / f"{dataset}.schema.json",
                      connection.execute("SELECT takeout.json_schema(%s)", [dataset]).fetchone()[0])


def export_file(connection, dataset, folder):
    path = folder / f"{dataset}.json"
    with path.open("wb") as file:
        for chunk, in connection.execute("SELECT takeout.export_stream(%s, 'json')", [dataset], binary=True):
            file.write(chunk)
    return path


@pytest.mark.parametrize("dataset", DATASETS)
def test_ajv_finds_every_export_of_the_model_valid(model, tmp_path, dataset):
    exported = export_file(model, dataset, tmp_path)
    assert json.loads(exported.read_text()), "rows to look at"
    assert node("validate_json.js", schema_file(model, dataset, tmp_path), exported) == [[]]


@pytest.mark.parametrize("dataset, change, said", [
    ("leads", lambda row: row.update(email="no-at-sign"), "/0/email"),
    ("leads", lambda row: row.update(country_code="ZZ"), "/0/country_code"),
    ("leads", lambda row: row.update(phone="0401234567"), "/0/phone"),
    ("leads", lambda row: row.update(contact_id="17"), "/0/contact_id"),
    ("leads", lambda row: row.update(contact_id=None), "/0/contact_id"),
    ("leads", lambda row: row.update(created_at="2026-01-02 03:04:05"), "/0/created_at"),
    ("leads", lambda row: row.update(score="12"), "/0/score"),
    ("leads", lambda row: row.update(tags="hot"), "/0/tags"),
    ("leads", lambda row: row.update(url="www.example.com/a page"), "/0/url"),
    ("leads", lambda row: row.update(ip="203.0.113.7 or so"), "/0/ip"),
    ("leads", lambda row: row.update(tenant_id="default"), "additional properties"),
    ("leads", lambda row: row.pop("last_name"), "required property 'last_name'"),
    ("journey_insights", lambda row: row["steps"][0].update(occurred_at="yesterday"), "/0/steps/0/occurred_at"),
    ("journey_insights", lambda row: row["steps"][0].pop("seq"), "required property 'seq'"),
    ("organization_profiles", lambda row: row["contacts"][0].update(email="@"), "/0/contacts/0/email"),
    ("report_conversions_by_day", lambda row: row.update(day="2026-02-30"), "/0/day"),
])
def test_ajv_refuses_a_wrong_row(model, tmp_path, dataset, change, said):
    rows = json.loads(export_file(model, dataset, tmp_path).read_text())
    nested = {"journey_insights": "steps", "organization_profiles": "contacts"}.get(dataset)
    row = next(row for row in rows if not nested or row[nested])
    change(row)
    wrong = write_json(tmp_path / "wrong.json", [row])
    (problems,) = node("validate_json.js", schema_file(model, dataset, tmp_path), wrong)
    assert len(problems) == 1 and said in problems[0]


def test_ajv_refuses_the_export_of_a_wrong_row(model, tmp_path):
    schema = schema_file(model, "leads", tmp_path)
    with model.transaction(force_rollback=True):
        model.execute("INSERT INTO crm.lead (country_code) VALUES ('XX')")
        (problems,) = node("validate_json.js", schema, export_file(model, "leads", tmp_path))
    assert len(problems) == 1 and "country_code" in problems[0]


def test_ajv_finds_values_of_every_type_valid(connection, tmp_path):
    connection.execute("""
        CREATE TYPE mood AS ENUM ('calm', 'say "cheese"');
        CREATE TYPE pair AS (a integer, at timestamptz);
        CREATE DOMAIN short AS varchar(4) NOT NULL;
        CREATE TABLE everything (
          id bigint PRIMARY KEY, yes boolean, small int2, real float4, double float8, number numeric, day date, at_time time,
          local timestamp, at timestamptz NOT NULL, key uuid, net inet, raw bytea, doc json, docb jsonb, words text[],
          numbers float8[], keys uuid[], grid integer[][], nets inet[], mood mood NOT NULL, pair pair, short short,
          fixed char(3), long interval, span tstzrange, named name, dates date[], documents jsonb[]);
        INSERT INTO everything VALUES
          (1, true, -32768, 1.5, 1e300, 12345678901234567890.123456789, '2026-02-28', '24:00', '2026-01-02 03:04:05.678',
           '2026-01-02 03:04:05.678901+02', gen_random_uuid(), '203.0.113.9', '\\x00ff', '[1, {"a": null}]', '{"b": 1e3}',
           '{a,NULL,"b,c"}', '{1,NaN,Infinity,NULL}', ARRAY[gen_random_uuid(), NULL], '{{1,2},{3,4}}', '{2001:db8::1,NULL}',
           'say "cheese"', '(1,2026-01-01)', 'four', 'ab', '1 year -3 days', '[2026-01-01,2026-02-01)', 'n', '{infinity,2026-01-01}',
           ARRAY['[1]', 'null']::jsonb[]),
          (2, NULL, NULL, 'NaN', '-Infinity', 'NaN', 'infinity', NULL, '-infinity', 'infinity', NULL, NULL, NULL, 'null', 'null',
           '{}', '{}', '{}', '{}', '{}', 'calm', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL),
          (3, NULL, NULL, NULL, NULL, NULL, '0044-03-15 BC', '00:00:00.5', '9999-12-31 23:59:59.999999', '0001-01-01 00:00+00', NULL,
           '10.0.0.0/8', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'calm', NULL, 'äöå€', NULL, NULL, NULL, NULL, NULL, NULL);
        SELECT takeout.create_dataset('everything', tenant => 'default')""")
    exported = export_file(connection, "everything", tmp_path)
    assert len(json.loads(exported.read_text())) == 3
    assert node("validate_json.js", schema_file(connection, "everything", tmp_path), exported) == [[]]
    connection.execute("SELECT takeout.drop_dataset('everything'); DROP TABLE everything; DROP TYPE mood, pair; DROP DOMAIN short")


@pytest.mark.long
def test_ajv_finds_every_export_of_the_demo_valid(server, tmp_path):
    with server.connect() as admin:
        admin.execute("CREATE DATABASE register_demo TEMPLATE takeout_template")
    server.psql("-q", "-c", "CALL takeout.create_model('crm')", "-f", DEMO / "words.sql", "-f", DEMO / "load.sql", "-f",
                DEMO / "shop.sql", "-c", "SELECT takeout.create_dataset('shop.order', 'orders', tenant => 'default')",
                dbname="register_demo")
    with server.connect(dbname="register_demo") as connection:
        for dataset in [*DATASETS, "orders"]:
            exported = export_file(connection, dataset, tmp_path)
            assert node("validate_json.js", schema_file(connection, dataset, tmp_path), exported) == [[]], dataset
            exported.unlink()
    with server.connect() as admin:
        admin.execute("DROP DATABASE register_demo")


def test_redocly_finds_no_error_in_the_openapi_description(model, tmp_path):
    description = model.execute("SELECT takeout.openapi()").fetchone()[0]
    problems = node("lint_openapi.js", write_json(tmp_path / "openapi.json", description))
    assert [problem for problem in problems if problem["severity"] == "error"] == []
    assert {problem["rule"] for problem in problems} <= {"info-license", "no-server-example.com"}


def test_the_openapi_description_has_what_a_client_needs(model):
    description = model.execute("SELECT takeout.openapi()").fetchone()[0]
    assert description["openapi"] == "3.1.0" and description["servers"] == [{"url": "https://api.example.com"}]
    assert sorted(description["paths"]) == sorted(f"/v3/{dataset}" for dataset in DATASETS)
    leads = description["paths"]["/v3/leads"]["get"]
    parameters = {parameter.get("name") or parameter["$ref"].rsplit("/")[-1]: parameter for parameter in leads["parameters"]}
    assert sorted(parameters) == ["after", "columns", "format", "ids", "page_rows", "since", "until"]
    assert parameters["format"]["schema"] == {"type": "string", "enum": ["csv", "json", "jsonl", "xlsx"], "default": "json"}
    assert sorted(leads["responses"]) == ["200", "400", "401", "403", "404", "413", "429", "503"]
    assert sorted(leads["responses"]["200"]["content"]) == [
        "application/json", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/x-ndjson", "text/csv"]
    too_many = description["components"]["responses"]["TooManyRequests"]
    assert too_many["headers"]["Retry-After"] == {"$ref": "#/components/headers/Retry-After"}
    # Without a time there is no period.
    contacts = description["paths"]["/v3/organization_contacts"]["get"]["parameters"]
    assert not any("since" in str(parameter) for parameter in contacts)


def test_redocly_takes_odd_names_too(model, tmp_path):
    with model.transaction(force_rollback=True):
        model.execute("""CREATE TABLE crm.odd ("a ""b"" c" text, "ä/%~" integer)""")
        model.execute("SELECT takeout.create_dataset('crm.odd', 'Ä, 100 % / ~x', tenant => 'default')")
        description = model.execute("SELECT takeout.openapi()").fetchone()[0]
        page = model.execute("SELECT takeout.register_html()").fetchone()[0]
    problems = node("lint_openapi.js", write_json(tmp_path / "openapi.json", description))
    assert [problem for problem in problems if problem["severity"] == "error"] == []
    assert "/v3/%C3%84%2C%20100%20%25%20%2F%20%7Ex" in description["paths"]
    assert nu_checker(page, tmp_path) == []


def nu_checker(page, folder):
    path = folder / "register.html"
    path.write_text(page, encoding="utf-8")
    checked = subprocess.run(["java", "-Xss1m", "-jar", CHECKER, "--format", "json", "--stdout", "--exit-zero-always", path],
                             capture_output=True, check=True, timeout=300)
    return [(message["type"], message["message"], message.get("extract")) for message in json.loads(checked.stdout)["messages"]]


def test_the_nu_checker_finds_nothing_wrong_with_the_page(model, tmp_path):
    assert nu_checker(model.execute("SELECT takeout.register_html()").fetchone()[0], tmp_path) == []


def test_the_nu_checker_finds_nothing_wrong_with_an_empty_or_a_hostile_page(connection, database, tmp_path):
    with connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM takeout.provider; DELETE FROM takeout.methods; DELETE FROM takeout.exclusions;"
                           " DELETE FROM takeout.organizational_measures; DELETE FROM takeout.datasets; DELETE FROM takeout.fields")
        assert nu_checker(connection.execute("SELECT takeout.register_html()").fetchone()[0], tmp_path) == []
        hostile = "</style><script>alert(1)</script>\x01\x7f\u0085\ufffe\" onload='x' & &amp; -->"
        connection.execute("SELECT takeout.fill_register(%(x)s, %(x)s, %(x)s, %(x)s)", {"x": hostile})
        connection.execute("UPDATE takeout.methods SET title = %(x)s, notes = %(x)s, limitations = %(x)s", {"x": hostile})
        connection.execute("UPDATE takeout.exclusions SET examples = %(x)s", {"x": hostile})
        page = connection.execute("SELECT takeout.register_html()").fetchone()[0]
        assert nu_checker(page, tmp_path) == []
        assert "<script" not in page


def test_the_hash_can_be_checked_without_postgresql(model):
    text = model.execute("SELECT takeout.register()::text").fetchone()[0]
    document = json.loads(text)
    said = document.pop("hash")
    del document["generated_at"]
    assert hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest() == said


def test_a_hundred_datasets_of_fifty_fields_take_less_than_a_tenth_of_a_second(server):
    with server.connect() as admin:
        admin.execute("CREATE DATABASE register_of_hundred TEMPLATE takeout_template")
    with server.connect(dbname="register_of_hundred") as connection:
        connection.execute("SELECT takeout.fill_register('Example', 'exit@example.com', 'Finland', 'Finland')")
        connection.execute("""
            DO $$
            BEGIN
              FOR i IN 1..100 LOOP
                EXECUTE format('CREATE TABLE t%s (id uuid PRIMARY KEY, created_at timestamptz, ip inet, email text, land text, %s)', i,
                  (SELECT string_agg(format('column_%s %s', c, (ARRAY['text', 'integer', 'numeric', 'jsonb', 'boolean'])[1 + c % 5]), ', ')
                   FROM generate_series(1, 45) c));
                PERFORM takeout.create_dataset(format('t%s', i)::regclass, tenant => 'default');
                PERFORM takeout.alter_dataset('t' || i, field => 'email', standard => 'email', personal_class => 'contact');
              END LOOP;
            END $$""")
        connection.execute("ANALYZE")
        taken = []
        for _ in range(10):
            begin = processor_time(connection.info.backend_pid)
            text = connection.execute("SELECT takeout.register()::text").fetchone()[0]
            taken.append(processor_time(connection.info.backend_pid) - begin)
        document = json.loads(text)
        assert len(document["datasets"]) == 100 and all(len(dataset["fields"]) == 50 for dataset in document["datasets"])
        assert min(taken) < 0.1, taken
    with server.connect() as admin:
        admin.execute("DROP DATABASE register_of_hundred")


@pytest.mark.parametrize("settings, rules, verdicts", [
    # TLS itself needs a certificate; what is tested here is that no half of it is taken for the whole.
    (["log_statement=mod", "log_connections=on"], "host all all 127.0.0.1/32 scram-sha-256",
     {"mass_change_log": "ok", "connection_log": "ok", "no_trust": "ok", "tls": "failed"}),
    ([], "host all all 0.0.0.0/0 trust", {"mass_change_log": "failed", "connection_log": "failed", "no_trust": "failed",
                                          "tls": "failed", "checksums": "failed"}),
    ([], "hostssl all all 0.0.0.0/0 scram-sha-256\nhost all all nonsense", {"no_trust": "not proven", "tls": "failed"}),
])
def test_measures_tell_what_the_server_is(tmp_path, settings, rules, verdicts):
    server = Server.start(tmp_path / "server", *settings)
    try:
        with server.connect() as connection:
            connection.execute("CREATE EXTENSION pg_takeout")
            path = pathlib.Path(connection.execute("SHOW hba_file").fetchone()[0])
            path.write_text(f"local all all peer map=none\n{rules}\n")
            [written] = connection.execute("SELECT clock_timestamp()").fetchone()
            connection.execute("SELECT pg_reload_conf()")
            wait_until(lambda: connection.execute("SELECT pg_conf_load_time() > %s", [written]).fetchone()[0])
            found = dict(connection.execute("SELECT name, verdict FROM takeout.measures() WHERE kind = 'technical'").fetchall())
            assert {name: found[name] for name in verdicts} == verdicts
            # A file that nobody has read yet proves nothing.
            time.sleep(1.1)
            path.write_text(path.read_text() + "# later\n")
            assert connection.execute("SELECT verdict FROM takeout.measures() WHERE name = 'no_trust'").fetchone()[0] != "ok"
    finally:
        server.stop()
