"""The program takeout, as the tests run it."""

import os
import pathlib
import pty
import signal
import subprocess

BINARIES = pathlib.Path(subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True,
                                       capture_output=True, text=True).stdout.strip())
TAKEOUT = BINARIES / "takeout"


def environment(database, **variables):
    """A user's environment, with no certificates and passwords of whoever runs the tests."""
    return {**database.environment(), "HOME": "/nonexistent", **variables}


def takeout(database, *arguments, environ=None, **parameters):
    """Runs it to its end; the rest is subprocess.run's."""
    return subprocess.run([TAKEOUT, *map(str, arguments)], env=environ or environment(database),
                          **{"timeout": 120, "capture_output": True, **parameters})


def heed_signals():
    """The tests may be a background job, which ignores some."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


started = []


def start(database, *arguments, environ=None, **parameters):
    started.append(subprocess.Popen(
        [TAKEOUT, *map(str, arguments)], env=environ or environment(database),
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "preexec_fn": heed_signals, **parameters}))
    return started[-1]


def end_started():
    """What a test that failed did not come to end."""
    while started:
        process = started.pop()
        process.kill()
        process.wait()


def shown_on_a_terminal(database, *arguments, rewrites=5):
    """What it shows on a terminal until it has written its line anew a few times; then it is ended."""
    near, far = pty.openpty()
    running = start(database, *arguments, stderr=far)
    os.close(far)
    shown = b""
    while shown.count(b"\r") < rewrites:
        shown += os.read(near, 1000)
    running.terminate()
    assert running.wait(10) == -signal.SIGTERM
    os.close(near)
    return shown
