"""Odoo processes for benchmarks: one that works on command, one that serves."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path

from devkit import odoo, process
from devkit.console import Stop
from devkit.paths import LOG
from devkit.python import PYTHON

HERE = Path(__file__).parent
PATIENCE = 180  # seconds


class Worker:
    """A process with Odoo loaded on one database; it runs functions of a script of this folder when told to.

    It stays between the calls: what is measured is the work, not the start of Odoo. Each call is a transaction of its
    own, kept or rolled back as the function decides.
    """

    def __init__(self, databases, database, script):
        log = (LOG / f"bench-{database}.log").open("wb")
        command = [str(PYTHON), str(HERE / "_worker.py"), database, str(HERE / script)]
        self.process = process.start(
            command,
            env={**databases.environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.log = log.name

    def call(self, function, *arguments):
        """Run a function of the script in the worker; what it returned."""
        self.process.stdin.write(json.dumps([function, arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Stop(f"{function} failed, see {self.log}", code=1)
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


@contextlib.contextmanager
def served(databases, database):
    """Serve a database without scheduled actions; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-d", database, f"--db-filter=^{database}$", "--http-port", port, "--max-cron-threads=0"]
    with open(os.devnull, "wb") as nothing:
        command = odoo.command("server", *options, "--log-level=warn", "--logfile", LOG / f"bench-{database}.log")
        server = process.start(
            command, own_group=True, env=databases.environment, stdout=nothing, stderr=nothing, stdin=nothing
        )
    try:
        _wait(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.end(server)


def _wait(port, server):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/web/login")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise Stop(f"The server of a benchmark does not answer, see {LOG}.", code=1)
