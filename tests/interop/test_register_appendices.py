"""Providers publish what the Data Act asks for in appendices to their contracts. Here stand, table by table and row by row,
the facts that such appendices tell; each is to be found in the register of the model as it comes."""

import json

import pytest


@pytest.fixture(scope="module")
def document(connection):
    connection.execute("DELETE FROM takeout.limits")  # those of the tests
    connection.execute("CALL takeout.create_model('crm')")
    connection.execute("""SELECT takeout.fill_register('Example Oy', 'exit@example.com', 'Data centres in Finland', 'Finland',
        base_url => 'https://api.example.com', measures_in_place => true)""")
    return connection.execute("SELECT takeout.register()").fetchone()[0]


@pytest.fixture(scope="module")
def page(connection, document):
    return connection.execute("SELECT takeout.register_html()").fetchone()[0]


def named(rows, name, key="name"):
    found = [row for row in rows if row[key] == name]
    assert len(found) == 1, f"{name} once"
    return found[0]


def dataset(document, name):
    return named(document["datasets"], name)


# Table 1: what can be exported. Name, formats, methods, and a word of the comment.
EXPORTABLE = [
    ("leads", {"csv", "json", "xlsx"}, {"ui", "api"}, "contact details"),
    ("visitor_profiles", {"json"}, {"api"}, "several profiles"),
    ("journey_insights", {"json"}, {"api"}, "ids of visitor profiles"),
    ("organization_profiles", {"json", "csv", "xlsx"}, {"ui", "api"}, "contacts"),
]


@pytest.mark.parametrize("name, formats, methods, comment", EXPORTABLE)
def test_exportable_data(document, page, name, formats, methods, comment):
    row = dataset(document, name)
    assert row["location"] == "Data centres in Finland"
    assert formats <= set(row["formats"]) and methods <= set(row["methods"])
    assert comment in row["description"] + " " + row.get("method_note", "")
    assert row["category"] and row["kind"] and row["purpose"] and row["retention"]
    assert f">{row['title']}</a>" in page and row["description"] in page


@pytest.mark.parametrize("name", ["visitor_profiles", "journey_insights"])
def test_what_is_fetched_on_demand_says_so_and_comes_as_json(document, name):
    row = dataset(document, name)
    assert row["method_note"].startswith("On demand") and row["default_format"] == "json" and "ui" not in row["methods"]


def test_default_formats(document):
    assert named(document["methods"], "ui")["default_format"] == "csv"
    assert named(document["methods"], "api")["default_format"] == "json"


@pytest.mark.parametrize("category", ["end-user data", "marketing data", "operational data", "analytical data"])
def test_categories_of_data(document, category):
    assert category in {row["category"] for row in document["datasets"]}


# What is personal among it, and of which class.
@pytest.mark.parametrize("field, personal_class", [
    ("leads.first_name", "contact"), ("leads.last_name", "contact"), ("leads.email", "contact"), ("leads.phone", "contact"),
    ("leads.contact_id", "identifier"), ("leads.ip", "online identifier"), ("leads.city", "location"),
    ("leads.answers", "preference"), ("journey_steps.page_url", "behavioural"),
])
def test_personal_data(document, field, personal_class):
    assert field in named(document["personal_data"], personal_class, "class")["fields"]


def test_addresses_leave_masked(document):
    assert document["masking"] == {"ipv4_prefix": 24, "ipv6_prefix": 48}
    assert named(dataset(document, "leads")["fields"], "ip")["masked"] is True


def test_processing_agreement_and_custom_exports(document, page):
    provider = document["provider"]
    assert "data processing agreement" in provider["data_processing_agreement"]
    assert "price" in provider["custom_exports"] and provider["custom_exports"] in page


# Table 2: what is excluded. Words of the category, of its examples and of the reason.
@pytest.mark.parametrize("category, examples, reason", [
    ("Architecture and infrastructure", ["database", "network", "server", "routed", "hardware", "code"], ["Competitors", "attackers"]),
    ("Algorithms and data models", ["machine learning", "predict", "compress", "transmit", "virtual machines", "schemas"], ["research"]),
    ("Tools that watch and run", ["performance", "out of the ordinary", "load", "resources"], ["availability"]),
    ("Processes of operation and security", ["incidents", "audits", "authenticate", "continuity", "recovery"], ["attacked", "sabotaged"]),
])
def test_exclusions(document, page, category, examples, reason):
    row = next(row for row in document["exclusions"] if row["category"].startswith(category))
    assert all(word in row["examples"] for word in examples) and all(word in row["justification"] for word in reason)
    assert row["category"].split("'")[0] in page
    assert len(document["exclusions"]) == 4


def test_exclusions_do_not_hinder_switching(document, page):
    statement = document["provider"]["exclusions_statement"]
    assert "neither hinders nor delays" in statement and statement.split("'")[0] in page


# Table 3: how to switch. Method, whether it is there, words of its limitations and its notes.
@pytest.mark.parametrize("name, available, limitations, notes", [
    ("ui", True, ["Size of a file", "period"], ["CSV", "XLSX"]),
    ("api", True, ["Requests a minute"], ["client"]),
    ("between_providers", False, [], ["cost"]),
])
def test_methods(document, page, name, available, limitations, notes):
    row = named(document["methods"], name)
    assert row["available"] is available and row["title"] in page
    assert all(word in row.get("limitations", "") for word in limitations) and all(word in row["notes"] for word in notes)


def test_other_methods_are_told_of_too(document):
    assert [row["name"] for row in document["methods"]] == ["ui", "api", "sql", "copy", "schedule", "between_providers"]


def test_switching_is_free_and_its_limits_are_those_enforced(document, connection):
    assert "without a fee" in document["provider"]["switching_statement"]
    limits = document["limits"]
    assert limits["export"]["max_rows"] == 1_000_000 and limits["export"]["max_bytes"] == 64 * 1024 * 1024
    assert limits["export_stream"]["max_rows"] is None and limits["export_stream"]["max_bytes"] is None
    assert {limit["requests_per_minute"] for limit in limits.values()} == {500}


# Table 4: standards. Datasets, formats, and the standards by their specifications.
STANDARDS = [
    (["leads"], {"csv", "json", "xlsx"}, {"RFC 5322", "RFC 9562", "ISO 8601", "ISO 3166-1", "RFC 4180"}),
    (["report_conversions_by_day", "report_conversions_by_source", "report_traffic_by_source", "report_bots"], {"json"},
     {"ISO 8601", "RFC 9562"}),
    (["visitor_profiles", "organization_profiles"], {"json", "csv", "xlsx"}, {"RFC 9562", "ISO 8601", "ISO 3166-1", "RFC 4180"}),
]


@pytest.mark.parametrize("names, formats, specifications", STANDARDS)
def test_standards(document, names, formats, specifications):
    standards = {row["name"]: row["specification"] for row in document["standards"]}
    for name in names:
        row = dataset(document, name)
        assert formats <= set(row["formats"])
        assert specifications <= {standards[standard] for standard in row["standards"]}


@pytest.mark.parametrize("name, predecessor", [("email", "RFC 822"), ("uuid", "RFC 4122")])
def test_superseded_standards_are_named_beside_their_successors(document, page, name, predecessor):
    assert named(document["standards"], name)["replaces"] == predecessor and predecessor in page


def test_structures_are_public(document, connection):
    assert {"json_schema", "openapi"} <= {row["name"] for row in document["standards"]}
    for row in document["datasets"]:
        assert row["fields"] and all(field["name"] and field["type"] for field in row["fields"])
        schema = connection.execute("SELECT takeout.json_schema(%s)", [row["name"]]).fetchone()[0]
        assert sorted(schema["items"]["properties"]) == sorted(field["name"] for field in row["fields"])
    assert "CRM" in document["provider"]["formats_statement"]


# Table 5: measures, in the order in which they are listed.
MEASURES = """security_policy breach_reporting procedure_reviews abuse_handling data_protection_officer
    processing_authorizations data_protection_training confidentiality_declarations restricted_access access_rights
    password_policy secure_connections high_availability event_logging ddos_protection vulnerability_tests penetration_tests
    antivirus security_training supplier_checks rights_risk_analysis yearly_risk_analysis privacy_by_design
    privacy_by_default encryption https multi_factor user_authorization mass_change_records individual_logins
    processing_agreement confidentiality_agreement""".split()


def test_measures_are_complete(document):
    assert [row["name"] for row in document["measures"]["organizational"]] == MEASURES


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_is_stated_and_shown(document, page, name):
    row = named(document["measures"]["organizational"], name)
    assert row["statement"] and row["verdict"] == "stated" and f">{row['title']}</th>" in page


@pytest.mark.parametrize("name, words", [
    ("vulnerability_tests", "quarter"), ("yearly_risk_analysis", "once a year"), ("encryption", "TLS 1.2 or 1.3 with SHA-256"),
    ("processing_agreement", "European Economic Area"), ("user_authorization", "OAuth 2.0"), ("secure_connections", "VPN"),
])
def test_measures_that_say_how(document, name, words):
    assert words in named(document["measures"]["organizational"], name)["statement"]


def test_a_statement_points_to_what_the_server_proves(document):
    technical = {row["name"] for row in document["measures"]["technical"]}
    pointed = {proof for row in document["measures"]["organizational"] for proof in row.get("proven_by", [])}
    assert pointed and pointed <= technical


def test_jurisdiction_and_access_by_governments(document, page):
    assert document["provider"]["jurisdiction"] == "Finland" and "governments" in document["provider"]["access_statement"]
    assert "Jurisdiction: Finland" in page


# Table 6: how hard it is to move.
@pytest.mark.parametrize("name, difficulty, formats, methods", [
    ("leads", "easy", {"csv", "json", "xlsx"}, {"ui", "api"}),
    ("visitor_profiles", "medium", {"json"}, {"api"}),
    ("organization_profiles", "easy", {"csv", "json", "xlsx"}, {"ui", "api"}),
    ("journey_insights", "medium", {"json"}, {"api"}),
])
def test_difficulty(document, page, name, difficulty, formats, methods):
    row = dataset(document, name)
    assert row["difficulty"] == difficulty and row["difficulty_note"] in page
    assert formats <= set(row["formats"]) and methods <= set(row["methods"])


def test_difficulty_in_general(document):
    assert "Nothing in the architecture ties data" in document["provider"]["difficulty_statement"]


# The contract's terms.
def test_terms_of_switching(document, page):
    terms = document["switching"]
    assert (terms["notice_period"], terms["transition_period"], terms["retrieval_period"]) == ("P2M", "P30D", "P30D")
    assert "12 January 2027" in terms["charges"] and "erased" in terms["erasure"]
    assert "at most 2 months" in page and "at most 30 days" in page and "at least 30 days" in page


def test_it_says_which_version_it_is(document, page):
    assert document["register"]["version"] == 1 and document["register"]["extension"]
    assert document["hash"] in page and f"{document['generated_at'][:10]}T" in page


def test_nothing_is_left_unsaid(document):
    assert "null" not in json.dumps([document["provider"], document["switching"], document["datasets"]])
