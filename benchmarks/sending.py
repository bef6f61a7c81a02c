"""What contacting customers by mail costs beside sending the same mails with Odoo alone."""

import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _odoo import Worker  # noqa: E402
from aiosmtpd.controller import Controller  # noqa: E402

from devkit.console import say  # noqa: E402
from devkit.measure import row  # noqa: E402

NAME = "bench_sending"
# 10,000 in each of ten rounds, of both, would take an hour; the work grows with the number, nothing else does.
COUNT = int(os.environ.get("BENCH_SENDING", "500"))


class Sink:
    """Takes every mail and forgets it."""

    async def handle_DATA(self, server, session, envelope):
        return "250 taken"


def run(context):
    """Contact the customers of due follow-ups and send the mails, against `mail.template.send_mail_batch`.

    The peer sends the mails of the same template to the same customers through the same queue and SMTP server, and
    does nothing else. Ours checks again what changed since planning, the opt-outs and the cap, chooses the channel, and
    notes the attempt, the state and the reminder. Both are rolled back each time.
    """
    databases = context.databases
    databases.create(NAME, demo=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = Controller(Sink(), hostname="127.0.0.1", port=port)
    sink.start()
    try:
        worker = Worker(databases, NAME, "_sending_work.py")
        ids = worker.call("prepare", COUNT, port)
        facts = worker.call("contact", ids)
        assert facts["attempts"] == COUNT, facts
        ours, peer = context.medians(
            lambda: worker.call("contact", ids)["seconds"], lambda: worker.call("template", ids)["seconds"]
        )
        queued, rendered = worker.call("contact", ids)["queued"], worker.call("template", ids)["queued"]
        worker.end()
    finally:
        sink.stop()
        databases.drop(NAME)
    say(f"  {COUNT / ours:.0f} invitations a second; queued in {queued:.2f} s, by the template in {rendered:.2f} s")
    return [row(f"sending / template and queue, {COUNT}", ours, peer, budget=1.1)]
