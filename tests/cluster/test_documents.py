"""docs/errors.md has every SQLSTATE that the sources raise, docs/settings.md every setting with its default."""

import os
import pathlib
import re
import subprocess

from throwaway_server import TOP

CONTEXTS = {"superuser": "superuser", "start": "postmaster", "reload": "sighup"}
# Raised by the backend for a client that went away, and by a warning; documented in the text.
NOT_IN_THE_TABLE = {"25P01"}


def rows_of(document):
    """The cells of the first table of a document."""
    text = (TOP / "docs" / document).read_text(encoding="utf-8")
    [table] = re.findall(r"(?:^\| .*\|\n)+", text, re.MULTILINE)[:1]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[2:]]


def states_by_macro():
    directory = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"], check=True,
                               capture_output=True, text=True).stdout.strip()
    text = (pathlib.Path(directory) / "utils" / "errcodes.h").read_text()
    macros = re.findall(r"#define (ERRCODE_\w+) MAKE_SQLSTATE\('(.)','(.)','(.)','(.)','(.)'\)", text)
    return {macro: "".join(characters) for macro, *characters in macros}


def raised_states():
    by_macro = states_by_macro()
    states = set()
    for path in (TOP / "src" / "pg").iterdir():
        if path.suffix in (".cpp", ".hpp"):
            states |= {by_macro[macro] for macro in re.findall(r"\bERRCODE_\w+", path.read_text(encoding="utf-8"))}
    for path in (TOP / "extension").glob("*.sql"):
        states |= set(re.findall(r"ERRCODE = '(\w{5})'", path.read_text(encoding="utf-8")))
    return states


def test_every_sqlstate_is_documented_by_its_name():
    documented = {state: name.strip("`") for state, name, *_ in rows_of("errors.md")}
    assert raised_states() - NOT_IN_THE_TABLE == set(documented)
    macros = {macro: state for macro, state in states_by_macro().items()}
    for state, name in documented.items():
        assert macros[f"ERRCODE_{name.upper()}"] == state, name


def test_every_setting_is_documented_with_its_default(connection):
    connection.execute("SELECT takeout.mask_ip('::1')")
    documented = {name.strip("`"): (default.strip("`"), CONTEXTS[context]) for name, default, context, _ in rows_of("settings.md")}
    assert documented.pop("takeout.exporting") == ("off", "superuser")
    settings = {}
    for name, default, unit, context in connection.execute(
            "SELECT name, boot_val, unit, context FROM pg_settings WHERE name LIKE 'takeout.%'"):
        if unit in ("B", "kB"):
            default = f"{float(default) * {'B': 1, 'kB': 1024}[unit] / 1024 / 1024:.0f}MB"
        settings[name] = (default or "empty", context)
    assert documented == settings
