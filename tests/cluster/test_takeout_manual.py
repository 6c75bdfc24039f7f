"""What the program says of itself, its manual page, its completion and its service say the same."""

import os
import re
import shutil
import subprocess

import pytest

from runner import TAKEOUT
from throwaway_server import TOP

COMMANDS = ["export", "run", "schedule add", "schedule list", "schedule remove", "next", "history"]


def help_of(command):
    return subprocess.run([TAKEOUT, *command.split(), "--help"], check=True, capture_output=True, text=True).stdout


def options_of(command):
    return set(re.findall(r"--[a-z][a-z0-9-]*", help_of(command).split("Examples:")[0]))


@pytest.fixture(scope="module")
def manual():
    return (TOP / "docs" / "takeout.1").read_text().replace("\\-", "-")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_manual_has_every_option(manual, command):
    assert f"takeout {command}" in re.sub(r"\n\.B |\\fB|\\fR", " ", manual).replace("  ", " ")
    assert [option for option in options_of(command) - {"--help"} if option not in manual] == []


def test_the_manual_is_well_formed():
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-ww", "-z", TOP / "docs" / "takeout.1"], capture_output=True, text=True)
    assert done.stdout + done.stderr == ""


def completions(*words):
    """What follows the words in bash."""
    script = """_init_completion() { words=("${given[@]}"); cword=$((${#words[@]} - 1)); cur=${words[-1]}; prev=${words[-2]}; }
        _filedir() { COMPREPLY=(a-file); }
        given=("$@"); source "$COMPLETION"; _takeout; printf '%s\\n' "${COMPREPLY[@]}" """
    path = TOP / "packaging" / "bash-completion" / "takeout"
    done = subprocess.run(["bash", "-c", script, "bash", "takeout", *words], env={**os.environ, "COMPLETION": str(path)}, check=True,
                          capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_bash_completes_every_option(command):
    assert {option for option in completions(*command.split(), "-") if option.startswith("--")} | {"--help"} == options_of(command)


def test_bash_completes_commands_and_values():
    assert set(COMMANDS) | {"schedule", "version"} >= {name for name in completions("") if name[0] != "-"} >= {"export", "run", "schedule"}
    assert completions("schedule", "") == ["add", "list", "remove", "--help"]
    assert completions("export", "leads", "--format", "") == ["csv", "json", "jsonl", "xlsx"]
    assert completions("schedule", "add", "--overlap", "q") == ["queue"]
    assert completions("export", "leads", "-o", "") == ["a-file"]


def test_help_teaches_by_examples():
    for command in ("export", "run", "schedule add"):
        assert f"\n  takeout {command}" in help_of(command).split("Examples:")[1]


def test_the_service_is_confined(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    unit = tmp_path / "takeout.service"
    unit.write_text((TOP / "packaging" / "systemd" / "takeout.service").read_text().replace("@bindir@/takeout", str(TAKEOUT)))
    subprocess.run(["systemd-analyze", "verify", "--man=no", unit], check=True, capture_output=True)
    report = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit], capture_output=True)
    assert report.returncode == 0, report.stdout.decode()[-200:]
