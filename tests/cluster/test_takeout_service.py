"""takeout run as systemd's service: what the manager is told, and that its watchdog is content."""

import socket
import time

import pytest

from runner import environment
from workplace import workplace  # fixture


@pytest.fixture
def manager(workplace):
    """The socket of a manager whose watchdog looks every 0.4 s, and which has just started the runner."""
    path = workplace.path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(2)
        running = workplace.start(environ=environment(workplace.database, NOTIFY_SOCKET=str(path), WATCHDOG_USEC="400000"))
        try:
            yield listener
        finally:
            running.terminate()
            assert running.wait(10) == 0


def test_it_is_told_of_readiness_and_life(manager):
    said = [manager.recv(1000) for _ in range(8)]
    assert any(b"READY=1" in word for word in said) and said.count(b"WATCHDOG=1") >= 3


def test_the_service_lives_while_the_server_lets_it_wait(manager, connection):
    while b"READY=1" not in manager.recv(1000):
        continue
    with connection.transaction():
        connection.execute("LOCK takeout.runs")
        until = time.monotonic() + 4
        while time.monotonic() < until:
            manager.recv(1000)
