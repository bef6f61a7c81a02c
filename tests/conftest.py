"""What the tests of the running product need: real databases, servers, a mail receiver, a browser.

Run with `./dev test`; this process is not an Odoo, it looks at one from outside.
"""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest

from devkit import prepare, system
from devkit.paths import ARTEFACTS, LOG, ROOT

DEV_COMMAND = [sys.executable, str(ROOT / "dev")]
BROWSER_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def dev(*arguments, **options):
    """Run ./dev to its end; its finished process with text output."""
    options = {"capture_output": True, "text": True, "timeout": 900, "check": False, **options}
    return subprocess.run([*DEV_COMMAND, *map(str, arguments)], **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(look, timeout=60, what="it"):
    """The first truthy answer of look(), asked again and again; fails loudly when it never comes."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        answer = look()
        if answer:
            return answer
        time.sleep(0.2)
    pytest.fail(f"waited {timeout} s for {what}")


@pytest.fixture(scope="session")
def databases():
    """devkit's hold on the database server: `.server.sql(statement, parameters, database=…)`, `.drop(name)`."""
    return prepare.databases()


@pytest.fixture(scope="session")
def database(databases):
    """Factory: database() makes one with the add-on through ./dev db and gives its name."""
    made = []

    def make(demo=True, lang=None, bridges=False):
        name = f"aftersale_out_{os.getpid()}_{len(made)}"
        made.append(name)
        arguments = [*([] if demo else ["--no-demo"]), *(["--bridges"] if bridges else [])]
        if lang:
            arguments += ["--lang", lang]
        result = dev("db", name, *arguments)
        assert result.returncode == 0, result.stderr
        return name

    yield make
    for name in made:
        databases.drop(name)


@dataclass
class Server:
    """A served Odoo."""

    database: str
    port: int
    process: subprocess.Popen
    log: object  # path of Odoo's log

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/web/login")
            return connection.getresponse().status == 200
        return False

    def errors(self, expected=()):
        """Log entries of errors and with tracebacks; all but those that hold one of the expected texts.

        Odoo logs each collision of two requests before it runs the second again. Its own ones (a client that
        opens the chat twice) are not our concern; those on our tables are.
        """
        log = self.log.read_text(errors="replace")
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d [\d:,]+ \d+ [A-Z]+ )", log, flags=re.M)
        serious = re.compile(r"\S+ \S+ \d+ (ERROR|CRITICAL) |.*^Traceback ", re.M | re.S)
        ours = re.compile(r"aftersale_(?!out_)")  # aftersale_out_… is the name of the database
        return [
            entry
            for entry in entries
            if serious.match(entry)
            and ("could not serialize access" not in entry or ours.search(entry))
            and not any(text in entry for text in expected)
        ]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="session")
def server(databases):
    """Factory: server(name, smtp_port=…) serves a database with cron threads, as ./dev odoo does."""
    running = []

    def serve(database, *arguments, smtp_port=None):
        port = free_port()
        databases.set_url(database, f"http://127.0.0.1:{port}")
        log = LOG / f"server-{database}-{port}.log"
        options = ["-d", database, f"--db-filter=^{database}$", "--http-port", str(port), "--logfile", str(log)]
        if smtp_port:
            options += ["--smtp", "127.0.0.1", "--smtp-port", str(smtp_port)]
        process = subprocess.Popen([*DEV_COMMAND, "odoo", "server", *options, *arguments], stdin=subprocess.DEVNULL)
        served = Server(database, port, process, log)
        running.append(served)
        wait_for(lambda: process.poll() is not None or served.answers(), 180, f"the server, see {log}")
        assert process.poll() is None, f"the server ended, see {log}"
        return served

    yield serve
    for served in running:
        served.stop()


@dataclass
class Mailbox:
    """What a real SMTP server has received."""

    port: int
    messages: list = field(default_factory=list)

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        message.envelope_to = envelope.rcpt_tos
        self.messages.append(message)
        return "250 taken"

    def to(self, address):
        return [message for message in self.messages if address in message.envelope_to]

    def wait_for(self, address, count=1, timeout=120):
        """The messages to an address, once there are that many."""
        return wait_for(
            lambda: self.to(address) if len(self.to(address)) >= count else None, timeout, f"mail to {address}"
        )


@pytest.fixture(scope="session")
def smtp():
    from aiosmtpd.controller import Controller

    mailbox = Mailbox(free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    yield mailbox
    controller.stop()


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, driven by Playwright; `browser.new_context()` is a visitor of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=system.browser(), headless=True, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def artefacts(request):
    """A folder for the screenshots and documents of this test."""
    folder = ARTEFACTS / re.sub(r"\W+", "_", request.node.name).strip("_")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
