"""A server that is not this machine must prove who it is, unless the user says otherwise."""

import os
import pathlib
import shutil
import subprocess

import pytest

from runner import environment, takeout
from workplace import workplace  # fixture

NAME = "db.example.com"


def make_certificate(folder, name, subject, issuer=None):
    """folder/name.crt and .key, signed by folder/issuer or by itself."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
               "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={subject}"]
    if issuer:
        command += ["-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-addext", f"subjectAltName=DNS:{subject}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_certificate(folder, "authority", "An authority")
    make_certificate(folder, "right", NAME, "authority")
    make_certificate(folder, "wrong", "other.example.com", "authority")
    make_certificate(folder, "alone", NAME)
    return folder


@pytest.fixture
def present(server, certificates):
    """Has the server present a certificate; none turns TLS off again, as does the end of the test."""
    data = pathlib.Path(server.directory) / "data"

    def choose(name):
        with server.connect() as connection:
            if name:
                for ending in ("crt", "key"):
                    target = data / f"server.{ending}"
                    shutil.copy(certificates / f"{name}.{ending}", target)
                    target.chmod(0o600)
                    if os.geteuid() == 0:
                        owner = (data / "PG_VERSION").stat()
                        os.chown(target, owner.st_uid, owner.st_gid)
            connection.execute(f"ALTER SYSTEM SET ssl = {'on' if name else 'off'}")
        server.reload()
    yield choose
    choose(None)


@pytest.fixture
def export(database, connection, rows, certificates):
    """Exports over TCP from a host that has the name, as far as the client knows."""
    def run(*parameters, **variables):
        environ = environment(database, PGHOST=NAME, PGHOSTADDR="127.0.0.1", PGPORT=str(database.port), **variables)
        return takeout(database, "export", rows, *parameters, environ=environ)
    return run


def refused(done, reason):
    return done.returncode == 3 and reason in done.stderr and b"sslmode" in done.stderr and done.stdout == b""


def test_a_server_that_proves_its_name_is_trusted(present, export, certificates):
    present("right")
    done = export(PGSSLROOTCERT=str(certificates / "authority.crt"))
    assert done.returncode == 0, done.stderr


def test_a_plain_server_is_refused(present, export):
    present(None)
    assert refused(export(), b"server does not support SSL")


def test_a_name_that_begins_like_an_address_of_this_machine_is_a_name(present, export):
    present(None)
    assert refused(export("-h", "127.example.com"), b"server does not support SSL")


def test_a_certificate_that_nobody_vouches_for_is_refused(present, export, certificates):
    present("alone")
    assert refused(export(), b"certificate verify failed")
    assert refused(export(PGSSLROOTCERT=str(certificates / "authority.crt")), b"certificate verify failed")


def test_a_certificate_of_another_name_is_refused(present, export, certificates):
    present("wrong")
    assert refused(export(PGSSLROOTCERT=str(certificates / "authority.crt")), b"does not match host name")


def test_the_runner_trusts_no_more(present, workplace):
    database = workplace.database
    workplace.configure(f"""
        [server.main]
        connection = "host={NAME} hostaddr=127.0.0.1 port={database.port} dbname={database.dbname}"
        [destination.reports]
        directory = "{workplace.files}"
        """)
    for certificate in (None, "alone", "wrong"):
        present(certificate)
        assert refused(workplace.once(), b"SSL" if certificate is None else b"certificate verify failed")


def test_the_user_may_say_otherwise(present, export):
    present("alone")
    assert export(PGSSLMODE="require").returncode == 0
    assert export("-d", "sslmode=prefer").returncode == 0
    present(None)
    assert export(PGSSLMODE="disable").returncode == 0


def test_this_machine_needs_no_certificate(present, database, connection, rows):
    present(None)
    for host in ("127.0.0.1", "localhost"):
        assert takeout(database, "export", rows, "-h", host).returncode == 0
    assert takeout(database, "export", rows, "-h", f"localhost,{NAME}").returncode == 3
