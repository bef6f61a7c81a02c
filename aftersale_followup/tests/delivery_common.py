from contextlib import contextmanager
from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.sms.tools.sms_api import SmsApi

from .common import AftersaleCase

QUEUE = "odoo.addons.mail.models.mail_mail"


class DeliveryCase(MockEmail, AftersaleCase):
    """Mails and text messages that arrive or do not; only the wire is replaced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.sms = cls.env.ref("aftersale_followup.channel_sms")
        cls.env["ir.mail_server"].search([]).unlink()

    def _mails_of(self, followup):
        return self.env["mail.mail"].search(
            [("model", "=", "aftersale.followup"), ("res_id", "=", followup.id)], order="id"
        )

    def _without_sms(self):
        self.plan_new.channel_ids -= self.sms

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()

    def _outcomes(self, followup):
        return [(a.channel_id.code, a.outcome) for a in followup.attempt_ids.sorted("id")]

    def _empty_queue(self):
        """Send what is in the mail queue, all of which arrives."""
        with self.mock_mail_gateway():
            self.env["mail.mail"].process_email_queue()

    @contextmanager
    def _broken_server(self, connecting=None, sending=None):
        """A mail server that fails with these errors."""

        def fail(error):
            def raising(*args, **kwargs):
                raise error

            return raising

        with self.mock_mail_gateway(), mute_logger(QUEUE):
            errors = {"_connect__": connecting, "send_email": sending}
            server = self.registry["ir.mail_server"]
            patches = [patch.object(server, name, fail(error)) for name, error in errors.items() if error]
            for one in patches:
                one.start()
            try:
                yield
            finally:
                for one in patches:
                    one.stop()

    @contextmanager
    def _sms_service(self, state):
        """The service answers each text message with ``state``; gives what it was sent."""
        sent = []

        def answer(_api, messages, **_options):
            numbers = [(number, message["content"]) for message in messages for number in message["numbers"]]
            sent.extend(numbers)
            return [{"uuid": number["uuid"], "state": state} for number, _content in numbers]

        with patch.object(SmsApi, "_send_sms_batch", answer):
            yield sent

    def _send_texts(self, state):
        with self._sms_service(state) as sent:
            self.env["sms.sms"].search([("state", "=", "outgoing")], order="id").send()
        return sent
