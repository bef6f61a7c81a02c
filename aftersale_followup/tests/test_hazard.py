from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHazard(AftersaleCase):
    """A person may warn of a hazard whoever wants no calls; nothing is sent to what is on a blacklist."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env.ref("aftersale_followup.plan_safety")
        cls.phone = cls.env.ref("aftersale_followup.channel_phone")
        cls.email = cls.env.ref("aftersale_followup.channel_email")

    def _blacklist(self, number=True, address=False):
        if number:
            self.env["phone.blacklist"]._add([self.partner.phone_sanitized])
        if address:
            self.env["mail.blacklist"]._add(self.partner.email)
        self.env.invalidate_all()

    def _sent(self, followup):
        self.env.flush_all()
        messages = self.env["sms.sms"].search_count([("number", "=", self.partner.phone_sanitized)])
        mails = [("model", "=", "aftersale.followup"), ("res_id", "=", followup.id)]
        return messages + self.env["mail.mail"].search_count(mails)

    def test_blacklisted_number_is_called_by_the_supervisor(self):
        for address in (False, True):
            with self.subTest(address=address):
                self._blacklist(address=address)
                row = self._ready(plan=self.plan)
                self.assertEqual((row.state, row.channel_id, row.user_id), ("ready", self.phone, self.supervisor))
                self.assertIn("The number is on the blacklist", row.explanation)
                self.assertFalse(self._sent(row))

    def test_only_the_supervisor_may_call_it(self):
        self._blacklist()
        row = self._ready(plan=self.plan)
        row.user_id = self.agent
        with self.assertRaisesRegex(AccessError, "number is on the blacklist"):
            row.with_user(self.agent).action_open_call()
        self.assertEqual(row.with_user(self.supervisor).action_open_call()["tag"], "aftersale_followup.console")

    def test_no_other_kind_of_contact_calls_it(self):
        self._blacklist(address=True)
        for contact_class in ("verification", "new", "pilot", "periodic"):
            with self.subTest(contact_class=contact_class):
                row = self._ready(plan=self.plan, contact_class=contact_class)
                self.assertEqual((row.state, row.skip_reason), ("skipped", "no_contact"))
                self.assertFalse(self._sent(row))

    def test_nothing_is_sent_where_nobody_can_call(self):
        """A plan that does not call, or a number that is wrong: no message makes up for it."""
        self._blacklist(address=True)
        self.plan.channel_ids = [Command.unlink(self.phone.id)]
        row = self._ready(plan=self.plan)
        self.assertEqual((row.state, row.skip_reason), ("skipped", "no_contact"))
        self.plan.channel_ids = [Command.link(self.phone.id)]
        row = self._ready(plan=self.plan)
        row._log_attempt("wrong_contact")
        self.assertEqual(row.state, "unreachable")
        self.assertFalse(self._sent(row))

    def test_a_mail_that_comes_back_leads_to_the_supervisors_call(self):
        row = self._ready(plan=self.plan, channel_id=self.email.id)
        row.channel_id = self.email
        self._blacklist()
        row._contact_by_next_channel(self.email)
        self.assertEqual((row.state, row.channel_id, row.user_id), ("ready", self.phone, self.supervisor))
        self.assertEqual(row.explanation.count("The number is on the blacklist"), 1)

    def test_days_without_calls_do_not_stop_a_warning(self):
        """Nor need it be the supervisor who calls: a quiet day is no refusal."""
        self.partner.write({f"aftersale_quiet_{day}": True for day in range(7)})
        row = self._ready(plan=self.plan)
        self.assertEqual((row.state, row.channel_id, row.user_id), ("ready", self.phone, self.agent))
        self.assertEqual(self._ready(plan=self.plan, contact_class="verification").channel_id, self.email)

    def test_opt_out_weighs_more_than_the_blacklist(self):
        self._blacklist()
        self.env["aftersale.optout"].create({"key": self.partner.email})
        row = self._ready(plan=self.plan)
        self.assertEqual((row.channel_id, row.user_id), (self.phone, self.supervisor))
        self.assertIn("The customer opted out", row.explanation)
        self.assertNotIn("blacklist", row.explanation)

    def test_target_list_knows_who_can_be_warned(self):
        self._blacklist(address=True)
        for contact_class, state in (("safety", False), ("pilot", "missing")):
            plan = self.plan.copy({"contact_class": contact_class})
            target = self.env["aftersale.target"].create({"name": contact_class, "plan_id": plan.id})
            target.line_ids = [Command.create({"partner_id": self.partner.id})]
            target.line_ids._mark_contacts()
            self.assertEqual(target.line_ids.contact_state, state)
