"""A mail server that misbehaves on command: slow, hanging up in the middle of a mail, turning recipients away."""

import asyncio
import socket
from collections import Counter
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from conftest import free_port


class Handler:
    """What one server received; ``drop`` says how many of the next mails it takes and then hangs up without a word.

    Who is in ``refuse`` is turned away for now; ``refused`` counts how often.
    """

    def __init__(self):
        self.messages = []
        self.drop = 0
        self.delay = 0
        self.refuse, self.refused = set(), Counter()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refuse:
            self.refused[address] += 1
            return "451 4.2.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        message.envelope_to = envelope.rcpt_tos
        self.messages.append(message)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.drop:
            self.drop -= 1
            server.transport.abort()
        return "250 taken"


class MailServer:
    """An SMTP server on a port of its own that can be stopped and started again."""

    def __init__(self):
        self.port = free_port()
        self.handler = Handler()
        self.controller = None

    @property
    def messages(self):
        return self.handler.messages

    def start(self):
        self.controller = Controller(self.handler, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None

    def is_up(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
