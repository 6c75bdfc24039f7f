"""Roles that export a small dataset under limits of their own."""

import itertools
import re

import psycopg

DEFAULT = object()
_numbers = itertools.count(1)
EXPORT = "SELECT length(takeout.export('things', 'csv'))"


def make_things(connection):
    """Dataset `things`: three rows of tenant `default`."""
    connection.execute("""CREATE TABLE things AS SELECT i AS id, now() AS created_at FROM generate_series(1, 3) i;
        ALTER TABLE things ADD PRIMARY KEY (id);
        SELECT takeout.create_dataset('things', tenant => 'default')""")


def make_role(connection, per_minute=None, tenants=("default",)):
    """A role that logs in and is a member, under a limit (None is none) or, where that is DEFAULT, no row of limits."""
    role = f"exporter_{next(_numbers)}"
    connection.execute(f"CREATE ROLE {role} LOGIN")
    for tenant in tenants:
        connection.execute("INSERT INTO takeout.members VALUES (%s::regrole, %s)", [role, tenant])
    if per_minute is not DEFAULT:
        connection.execute("INSERT INTO takeout.limits (role, requests_per_minute) VALUES (%s::regrole, %s)", [role, per_minute])
    return role


def wait_of(error):
    """The seconds that a refusal asks to wait."""
    return int(re.search(r"in (\d+) seconds?\.", error.diag.message_detail)[1])


def is_taken(connection, query=EXPORT):
    """Runs the export; False where the quota refuses it."""
    try:
        connection.execute(query)
        return True
    except psycopg.errors.ConfigurationLimitExceeded:
        return False
