from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from .common import AftersaleCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestChannels(AftersaleCase):
    """What cannot work is passed over for the next channel, which the follow-up's attempts tell."""

    def _passed(self, followup):
        passed = followup.attempt_ids.filtered("is_passed_over").sorted("id")
        return [(attempt.channel_id.code, attempt.note) for attempt in passed]

    def _channel(self, code):
        return self.env["aftersale.channel"]._by_code(code)

    def test_each_channel_passed_over_is_logged_with_its_reason(self):
        no_address, no_number = "The customer has no e-mail address.", "The customer has no phone number."
        banned = "The phone number is on the blacklist."

        def blacklist_mail():
            self.env["mail.blacklist"]._add("wang.fang@example.com")

        def blacklist_number():
            self.env["phone.blacklist"]._add(["+8613800001234"])
            self.partner.email = False

        def bounce():
            self.partner.aftersale_bounced_email = "wang.fang@example.com"

        def land_line():
            self.partner.write({"email": False, "phone": "+861065529988"})

        def only_address():
            self.partner.write({"phone": False, "aftersale_channel_id": self._channel("phone").id})

        def no_day():
            self.partner.aftersale_channel_id = self._channel("phone")
            self.partner.write({f"aftersale_quiet_{day}": True for day in range(7)})

        def no_text():
            self.partner.email = False
            self.plan_new.sms_template_id = False

        def no_carrier():
            self.partner.write(
                {
                    "email": False,
                    "phone": "+861065529988",
                    "aftersale_channel_id": self._channel("online").id,
                }
            )

        cases = [
            (blacklist_mail, "sms", [("email", "The e-mail address is on the blacklist.")]),
            (bounce, "sms", [("email", "Mails to the customer's address came back.")]),
            (
                land_line,
                "phone",
                [("email", no_address), ("sms", "The customer's number is no mobile number.")],
            ),
            (only_address, "email", [("phone", no_number)]),
            (no_day, "email", [("phone", "The customer wants no calls on any day.")]),
            (no_text, "phone", [("email", no_address), ("sms", "The plan has no text for this channel.")]),
            (
                no_carrier,
                "phone",
                [
                    ("online", "The link reaches the customer neither by e-mail nor by text message."),
                    ("email", no_address),
                    ("sms", "The customer's number is no mobile number."),
                ],
            ),
            (
                blacklist_number,
                False,
                [
                    ("email", no_address),
                    ("sms", banned),
                    ("phone", banned),
                    ("online", "The link reaches the customer neither by e-mail nor by text message."),
                ],
            ),
        ]
        for change, code, passed in cases:
            with self.subTest(change=change.__name__), self.env.cr.savepoint() as savepoint:
                change()
                self.env.invalidate_all()
                followup = self._ready()
                self.assertEqual(followup.channel_id.code, code)
                self.assertEqual(self._passed(followup), passed)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_what_works_and_what_nobody_wants_is_not_passed_over(self):
        self.assertFalse(self._passed(self._ready()))
        offline = self.env["res.partner"].create(
            {"name": "Li", "phone": "+8613800001299", "aftersale_offline": True, "email": "li@example.com"}
        )
        self.assertFalse(self._passed(self._ready(partner=offline)), "Who cannot answer online is asked otherwise.")

    def test_logged_once_also_when_a_further_channel_fails(self):
        self.partner.email = False
        self.plan_new.channel_ids -= self._channel("online")
        followup = self._ready()
        self.assertEqual(followup.channel_id.code, "sms")
        followup.date_next = fields.Datetime.now()
        followup._process_due()
        self.assertEqual(followup.reminder_sent, 1)
        followup._note_undelivered("sms", "No credit")
        self.assertEqual(followup.channel_id.code, "phone")
        self.assertEqual(self._passed(followup), [("email", "The customer has no e-mail address.")])
        followup._log_attempt("wrong_contact")
        self.assertEqual(followup.state, "unreachable")
        self.assertEqual([code for code, _reason in self._passed(followup)], ["email"])

    def test_address_that_is_right_again_is_used(self):
        self.partner.write({"email": False, "aftersale_channel_id": self._channel("phone").id})
        self.plan_new.channel_ids -= self._channel("sms")
        self.plan_new.phone_first = False
        followup = self._ready()
        followup.partner_id.aftersale_channel_id = False
        followup._log_passed_over()
        self.assertEqual([code for code, _reason in self._passed(followup)], ["email"])
        self.partner.email = "wang@example.com"
        followup._log_attempt("wrong_contact")
        self.assertEqual(followup.channel_id.code, "email")

    def test_passed_over_is_no_contact(self):
        """Neither a try, nor one of the calls a customer gets, nor a contact for the cap."""
        self.partner.email = False
        self.plan_new.channel_ids = [Command.set((self._channel("email") | self._channel("phone")).ids)]
        self.company.aftersale_attempt_max = 2
        followup = self._ready()
        passed = followup.attempt_ids
        self.assertTrue(passed.is_passed_over)
        self.assertFalse(passed.user_id)
        self.assertFalse(followup.date_sent, "The cap counts from the day of a contact.")
        self.assertEqual(followup.attempt_count, 0)
        self.assertFalse(followup._list_contacts())
        followup._log_attempt("no_answer")
        self.assertEqual(followup.state, "ready", "The first of two calls.")
        self.assertEqual(followup.attempt_count, 1)

    def test_one_batch_logs_in_one_go(self):
        partners = self.env["res.partner"].create([{"name": str(n), "phone": f"+86138000013{n:02}"} for n in range(8)])
        few, many = (
            self.env["aftersale.followup"].union(*(self._planned(partner=partner) for partner in chosen))
            for chosen in (partners[:2], partners[2:])
        )
        counts = []
        for followups in (few, many):
            followups.channel_id = self._channel("sms")
            followups.state = "ready"
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(followups._log_passed_over()), len(followups))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
