"""The table "Who may do what" of docs/governance.md: its statements are run, then each role tries all of it."""

import re

import psycopg
import pytest

from throwaway_server import TOP

DBNAME = "takeout_roles"
PASSWORD = "change me"
ROLES = ["analyst", "bi_reader", "web_backend", "takeout_operator", "takeout_auditor", "stranger", "crm_owner", "shop_analyst"]


@pytest.fixture(scope="module")
def governed(server):
    governance = (TOP / "docs" / "governance.md").read_text(encoding="utf-8")
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {DBNAME} TEMPLATE template0")
    server.psql("-q", "-f", str(TOP / "demo" / "shop.sql"), dbname=DBNAME)
    with server.connect(dbname=DBNAME) as connection:
        for statements in re.findall(r"^```sql\n(.*?)^```$", governance, re.MULTILINE | re.DOTALL):
            connection.execute(statements)
        connection.execute(f"CREATE ROLE stranger LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"ALTER ROLE crm_owner LOGIN PASSWORD '{PASSWORD}'")
    yield
    with server.connect() as connection:
        connection.execute(f"DROP DATABASE {DBNAME} WITH (FORCE)")
        connection.execute(f"DROP ROLE {', '.join(ROLES)}")


@pytest.fixture
def as_role(server, governed):
    connections = []

    def connect(role):
        connections.append(server.connect(dbname=DBNAME, user=role, password=PASSWORD, host=server.host))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def allowed(connection, query):
    """Whether the role may; any other error is a failure of the test. Nothing stays of it."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(query)
        return True
    except psycopg.errors.InsufficientPrivilege:
        return False


ATTEMPTS = {
    "export": "SELECT takeout.leads('csv', tenant => 'default')",
    "export of another tenant": "SELECT takeout.leads('csv', tenant => 'acme')",
    "view": "SELECT takeout.act_for('default'); SELECT * FROM crm.leads",
    "base table": "SELECT * FROM crm.lead",
    "members": "INSERT INTO takeout.members VALUES ('stranger', 'default')",
    "limits": "INSERT INTO takeout.limits (dataset, max_rows) VALUES ('leads', 1)",
    "exclusions": "INSERT INTO takeout.exclusions VALUES ('a', 'b', 'c');"
                  "INSERT INTO takeout.excluded_relations VALUES ('crm.visit', 'a');"
                  "DELETE FROM takeout.excluded_relations WHERE category = 'a'; DELETE FROM takeout.exclusions WHERE category = 'a'",
    "datasets": "UPDATE takeout.datasets SET tenant_column = NULL, fixed_tenant = 'default'",
    "own dataset": "SELECT takeout.alter_dataset('leads', title => 'Mine')",
    "check": "SELECT * FROM takeout.check(); SELECT * FROM takeout.unclassified()",
    "record": "SELECT * FROM takeout.audit_log; SELECT * FROM takeout.verify_audit()",
    "secret": "SELECT * FROM takeout.secret",
    "settings": "SET takeout.ipv4_prefix = 32",
    "tenant by setting": "SET takeout.act_for = 'acme'",
}

MAY = {
    "stranger": set(),
    "analyst": {"export"},
    "shop_analyst": set(),
    "bi_reader": {"export", "view"},
    "web_backend": {"export", "export of another tenant", "view"},
    "takeout_operator": {"members", "limits", "exclusions", "check"},
    "takeout_auditor": {"record"},
    "crm_owner": {"base table", "own dataset"},
}


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_what_the_table_says_and_no_more(as_role, role):
    connection = as_role(role)
    assert {attempt for attempt, query in ATTEMPTS.items() if allowed(connection, query)} == MAY[role]


def test_the_owner_of_the_model_is_no_member_by_that(as_role):
    connection = as_role("crm_owner")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT takeout.leads()")
    assert connection.execute("SELECT count(*) FROM crm.lead").fetchone() == (2,)
