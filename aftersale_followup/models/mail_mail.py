import re

from odoo import models
from odoo.fields import Domain

from .aftersale_retry_mixin import BACKOFF

# A server that refuses the recipient for good (5xx); not for its policy, its limits or a full mailbox, which pass.
REFUSED = re.compile(r"SMTPRecipientsRefused: .*?\(5\d\d, b?['\"](?!5\.[2-7]\.)", re.DOTALL)
WRONG_ADDRESS = ("mail_email_invalid", "mail_email_missing")


# Mails of this add-on that fail are tried again, then given up: see `aftersale.retry.mixin`.
class MailMail(models.Model):
    _name = "mail.mail"
    _inherit = ["mail.mail", "aftersale.retry.mixin"]

    _aftersale_failed = models.Index("(id) WHERE state = 'exception'")

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        if failure_type and any((model or "").startswith("aftersale.") for model in self.mapped("model")):
            self._aftersale_wake()
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def _aftersale_failed_domain(self):
        return Domain("state", "=", "exception") & Domain("model", "=like", "aftersale.%")

    def _aftersale_is_wrong_address(self):
        return self.failure_type in WRONG_ADDRESS or bool(REFUSED.search(self.failure_reason or ""))

    def _aftersale_is_tried_again(self):
        """Return whether this mail, which failed, is still going to be sent by itself."""
        return self.state == "exception" and self.aftersale_tries <= len(BACKOFF) and not self._aftersale_is_final()

    def _aftersale_is_final(self):
        return self._aftersale_is_wrong_address()

    def _aftersale_put_back(self):
        # A mail that never reached the server counts in the budget of the hour in which it does.
        self.write({"state": "outgoing", "aftersale_slot": False})
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _aftersale_drop(self):
        self.cancel()

    def _aftersale_give_up(self, followup):
        followup._note_undelivered("email", self.failure_reason, is_wrong=self._aftersale_is_wrong_address())
