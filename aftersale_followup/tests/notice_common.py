from datetime import timedelta

from odoo import fields

from odoo.addons.aftersale_followup.models.aftersale_followup_message import LINK

from .capture_common import CaptureCase


class NoticeCase(CaptureCase):
    """Issues whose customers are told about them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_tell_customers = True
        cls.env["aftersale.issue"].search([("notice", "!=", False)]).notice = False
        cls.company.email = "service@example.com"
        cls.promise = cls.company._aftersale_today() + timedelta(days=5)

    def _tell(self):
        """Run the scheduled action, and return the mails about issues it queued."""
        last = self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_tell_customers").method_direct_trigger()
        self.env.invalidate_all()
        domain = [("id", ">", last), ("model", "=", "aftersale.issue"), ("message_type", "!=", "user_notification")]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def _say(self, channel="online", source="customer", **values):
        values.setdefault("followup_id", self._followup(partner=values.pop("partner", self.partner)).id)
        channel = self.env.ref(f"aftersale_followup.channel_{channel}")
        return self.env["aftersale.feedback"].create({"source": source, "channel_id": channel.id, **values})

    def _say_low(self, channel="online", source="customer", **values):
        """Return the issue that a low score opens."""
        return self._say(channel, source, score=1, detail="The lid leaks.", **values).issue_ids

    def _verified(self, **answer):
        """Return an issue that the customer's answer to its verification closed, or reopened."""
        issue = self._solved_issue()
        self._tell()
        check = issue.verification_followup_ids
        check.write({"state": "ready", "date_expiry": fields.Datetime.now() + timedelta(days=3)})
        self._say(followup_id=check.id, **{"score": 5, "resolved": "fully", **answer})
        return issue

    @classmethod
    def _link(cls, issue):
        return issue.sudo().with_context(aftersale_link=LINK)._get_link()

    @classmethod
    def _customer(cls, number):
        return cls.env["res.partner"].create(
            {"name": f"Customer {number}", "email": f"customer{number}@example.com", "lang": "en_US"}
        )
