"""Delivery by a command to real servers: rclone to an S3-compatible one and to OpenSSH's SFTP."""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest

from runner import environment
from throwaway_server import TOP, wait_until
from workplace import workplace  # fixture

RCLONE = "/usr/bin/rclone"


@pytest.fixture(autouse=True)
def no_other_authorities(monkeypatch):
    # Debian 12's rclone cannot speak to S3 with it.
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def s3(tmp_path):
    """The variables by which rclone finds a bucket `exports` as s3:exports."""
    (tmp_path / "s3").mkdir()
    script = TOP / "tests" / "interop" / "node" / "s3_server.js"
    with subprocess.Popen(["node", script, tmp_path / "s3", "exports"], stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline())
            yield {"RCLONE_CONFIG_S3_TYPE": "s3", "RCLONE_CONFIG_S3_PROVIDER": "Other", "RCLONE_CONFIG_S3_ACCESS_KEY_ID": "S3RVER",
                   "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": "S3RVER", "RCLONE_CONFIG_S3_ENDPOINT": f"http://127.0.0.1:{port}"}
        finally:
            server.terminate()


@pytest.fixture
def sftp(tmp_path):
    """The variables by which rclone finds this user's files as sftp:, through OpenSSH's server."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "openssh-server is not installed"
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    port = free_port()
    options = {"ListenAddress": "127.0.0.1", "Port": port, "HostKey": tmp_path / "host", "PidFile": "none", "UsePAM": "no",
               "AuthorizedKeysFile": tmp_path / "user.pub", "StrictModes": "no", "PermitRootLogin": "yes",
               "PasswordAuthentication": "no", "Subsystem": "sftp internal-sftp"}
    arguments = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    with subprocess.Popen([program, "-D", "-e", "-f", "/dev/null", *arguments], stderr=subprocess.DEVNULL) as server:
        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        try:
            wait_until(listens)
            user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
            yield {"RCLONE_CONFIG_SFTP_TYPE": "sftp", "RCLONE_CONFIG_SFTP_HOST": "127.0.0.1", "RCLONE_CONFIG_SFTP_PORT": str(port),
                   "RCLONE_CONFIG_SFTP_USER": user, "RCLONE_CONFIG_SFTP_KEY_FILE": str(tmp_path / "user")}
        finally:
            server.terminate()


def deliver(workplace, place, variables):
    workplace.configure(f'[destination.reports]\ncommand = ["{RCLONE}", "rcat", "{place}/{{file}}"]\n')
    workplace.schedule(file_name="{dataset}/{schedule}.{extension}", compression="gzip", max_attempts=1)
    workplace.due_now()
    done = workplace.once(environ=environment(workplace.database, HOME=str(workplace.path), **variables))
    assert done.returncode == 0, done.stderr
    [[digest]] = workplace.runs("sha256")
    fetched = subprocess.run([RCLONE, "cat", f"{place}/rows/nightly.csv.gz"], check=True, capture_output=True,
                             env={**os.environ, "HOME": str(workplace.path), **variables}).stdout
    sums = subprocess.run(["sha256sum"], input=fetched, capture_output=True, check=True).stdout.decode()
    assert sums.split()[0] == digest and len(fetched) > 1_000_000


def test_to_s3(workplace, s3):
    deliver(workplace, "s3:exports", s3)


@pytest.mark.long
def test_to_sftp(workplace, sftp):
    target = pathlib.Path(workplace.path) / "target"
    target.mkdir()
    deliver(workplace, f"sftp:{target}", sftp)
    assert sorted(path.name for path in target.rglob("*")) == ["nightly.csv.gz", "rows"]


def test_a_server_that_is_gone_is_a_failure_that_is_tried_again(workplace):
    variables = {"RCLONE_CONFIG_DAV_TYPE": "webdav", "RCLONE_CONFIG_DAV_URL": f"http://127.0.0.1:{free_port()}/",
                 "RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1"}
    workplace.configure(f'[destination.reports]\ncommand = ["{RCLONE}", "rcat", "dav:{{file}}"]\n')
    workplace.schedule(columns=["id"])
    workplace.due_now()
    assert workplace.once(environ=environment(workplace.database, HOME=str(workplace.path), **variables)).returncode == 1
    [[state, error]] = workplace.runs("state, error")
    assert state == "retrying" and "refused" in error
