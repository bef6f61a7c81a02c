from datetime import timedelta
from smtplib import SMTPServerDisconnected

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..models.aftersale_retry_mixin import BACKOFF
from .delivery_common import DeliveryCase

REFUSED = MailDeliveryException(
    "Mail Delivery Failed", "SMTPRecipientsRefused: {'wang.fang@example.com': (550, b'5.1.1 User unknown')}"
)
BOUNCE = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: service@company.example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

Your message could not be delivered.
--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status} no such mailbox

--=_b
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: How is it?
From: service@company.example.com
To: {address}

Hello
--=_b--
"""


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestFailedMail(DeliveryCase):
    """A mail that cannot be handed over is tried again with growing pauses; then the next channel goes on."""

    def _fail(self, error=None, **options):
        with self._broken_server(connecting=error or ConnectionRefusedError("no server"), **options):
            self.env["mail.mail"].process_email_queue()

    def _pass(self, minutes):
        """Let time pass for the mails that wait."""
        waiting = self.env["mail.mail"].search([("aftersale_retry_date", "!=", False)])
        waiting.aftersale_retry_date -= timedelta(minutes=minutes)

    def test_a_mail_that_failed_goes_again_with_the_same_message_id(self):
        followup = self._ready()
        mail = self._mails_of(followup)
        message_id = mail.message_id
        self._fail()
        self.assertEqual(mail.state, "exception")
        self._run_cron()
        self.assertEqual(mail.state, "exception", "Not at once: the server needs time.")
        self.assertEqual(mail.aftersale_retry_date, fields.Datetime.now() + timedelta(minutes=BACKOFF[0]))
        self._pass(BACKOFF[0])
        self._run_cron()
        self.assertEqual((mail.state, mail.aftersale_tries), ("outgoing", 1))
        self._empty_queue()
        self.assertEqual((mail.state, mail.message_id), ("sent", message_id))
        self.assertEqual(self._outcomes(followup), [("email", "sent")], "What failed on the way was no contact.")

    def test_after_five_more_tries_the_next_channel_goes_on(self):
        self._without_sms()
        followup = self._ready()
        mail = self._mails_of(followup)
        for number, pause in enumerate(BACKOFF):
            self._fail()
            self._run_cron()
            self._pass(pause)
            self._run_cron()
            self.assertEqual((mail.state, mail.aftersale_tries), ("outgoing", number + 1))
        self._fail()
        self._run_cron()
        self.assertEqual(mail.state, "cancel", "Nobody sends it by hand later: the customer is called.")
        self.assertEqual(followup.channel_id, self.phone)
        self.assertEqual(self._outcomes(followup), [("email", "sent"), ("email", "bounced")])
        self.assertIn("no server", followup.attempt_ids.sorted("id")[-1].note)
        self.assertFalse(self.partner.activity_ids, "The address is not to blame.")

    def test_a_connection_that_breaks_amid_a_batch_loses_none(self):
        partner = self.env["res.partner"].create({"name": "Other", "email": "other@example.com"})
        followups = self._ready() | self._ready(partner=partner)
        mails = self._mails_of(followups[0]) | self._mails_of(followups[1])
        with self._broken_server(sending=SMTPServerDisconnected("gone")):
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(sorted(mails.mapped("state")), ["exception", "outgoing"], "As Odoo leaves them.")
        self._run_cron()
        self._pass(BACKOFF[0])
        self._run_cron()
        self._empty_queue()
        self.assertEqual(set(mails.mapped("state")), {"sent"})

    def test_what_was_answered_or_refused_meanwhile_is_not_sent_again(self):
        for change in ("answered", "opted_out"):
            with self.subTest(change=change), self.env.cr.savepoint() as savepoint:
                followup = self._ready()
                mail = self._mails_of(followup)
                self._fail()
                self._run_cron()
                if change == "answered":
                    self._feedback(followup, score=4)
                else:
                    self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})
                self._pass(BACKOFF[0])
                self._run_cron()
                self.assertEqual(mail.state, "cancel")
                savepoint.rollback()
            self.env.invalidate_all()

    def test_an_address_the_server_refuses_is_left_at_once(self):
        self._without_sms()
        followup = self._ready()
        with self._broken_server(sending=REFUSED):
            self.env["mail.mail"].process_email_queue()
        self._run_cron()
        self.assertEqual(followup.channel_id, self.phone)
        self.assertIn("User unknown", followup.attempt_ids.sorted("id")[-1].note)
        activity = self.partner.activity_ids
        self.assertEqual(activity.activity_type_id, self.env.ref("aftersale_followup.activity_type_contact_data"))

    def test_a_server_that_refuses_for_its_own_reasons_is_asked_again(self):
        for text in ("(550, b'5.7.1 Spam')", "(552, b'5.2.2 Mailbox full')", "(450, b'4.2.1 Later')"):
            with self.subTest(text=text), self.env.cr.savepoint() as savepoint:
                followup = self._ready()
                error = MailDeliveryException("Failed", f"SMTPRecipientsRefused: {{'wang.fang@example.com': {text}}}")
                with self._broken_server(sending=error):
                    self.env["mail.mail"].process_email_queue()
                self._run_cron()
                self.assertTrue(self._mails_of(followup).aftersale_retry_date)
                self.assertEqual(followup.channel_id.code, "email")
                savepoint.rollback()
            self.env.invalidate_all()

    def test_messages_about_issues_are_tried_again_too(self):
        issue = self._issue()
        mail = self.env["mail.mail"].create(
            {"model": "aftersale.issue", "res_id": issue.id, "email_to": "a@example.com", "body_html": "News"}
        )
        self._fail()
        self._run_cron()
        self._pass(BACKOFF[0])
        self._run_cron()
        self.assertEqual((mail.state, mail.aftersale_tries), ("outgoing", 1))

    def test_one_that_cannot_be_settled_stops_no_other(self):
        values = {"name": "Other", "email": "other@example.com", "phone": "+8613800004321"}
        other = self.env["res.partner"].create(values)
        bad, good = self._ready(), self._ready(partner=other)
        self._without_sms()
        with self._broken_server(sending=REFUSED):
            self.env["mail.mail"].process_email_queue()
        original = type(bad)._note_undelivered

        def broken(followup, *args, **options):
            if followup == bad:
                raise ValueError("broken on purpose")
            return original(followup, *args, **options)

        self.patch(type(bad), "_note_undelivered", broken)
        with mute_logger("odoo.addons.aftersale_followup.models.aftersale_retry_mixin"):
            self._run_cron()
        self.assertEqual((bad.channel_id.code, good.channel_id.code), ("email", "phone"))
        self.assertTrue(self._mails_of(bad).aftersale_retry_date, "It comes again.")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestBounce(DeliveryCase):
    """Mails that come back through the gateway."""

    def _bounce(self, followup, address="wang.fang@example.com", action="failed", status="5.1.1", bounce=BOUNCE):
        self.counter_of_bounces = getattr(self, "counter_of_bounces", 0) + 1
        mail = self._mails_of(followup)[-1:]
        message = bounce.format(
            number=self.counter_of_bounces, address=address, action=action, status=status, message_id=mail.message_id
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(None, message)

    def test_a_bounce_moves_on_to_the_next_channel(self):
        self._without_sms()
        seller = self.supervisor
        followup = self._ready(sales_user_id=seller.id)
        self._empty_queue()
        self._bounce(followup)
        self.assertEqual(self._outcomes(followup), [("email", "sent"), ("email", "bounced")])
        self.assertIn("no such mailbox", followup.attempt_ids.sorted("id")[-1].note)
        self.assertEqual((followup.state, followup.channel_id), ("ready", self.phone))
        self.assertEqual(self.partner.activity_ids.user_id, seller)

    def test_a_bounce_that_does_not_name_its_recipient_as_it_should_moves_on_too(self):
        final = "Final-Recipient: rfc822; {address}\n"
        action = "Action: {action}\n"
        copy = "Content-Type: message/rfc822"
        self.assertTrue(final in BOUNCE and action in BOUNCE and copy in BOUNCE)
        original = BOUNCE.replace(final, final.replace("Final", "Original"))
        failed = BOUNCE.replace(final, "").replace("MIME-Version", "X-Failed-Recipients: {address}\nMIME-Version", 1)
        replied = failed.replace("MIME-Version", "In-Reply-To: {message_id}\nMIME-Version", 1)
        cases = {
            "original": original,
            "failed": failed.replace(action, ""),
            "only our message": BOUNCE.replace(final, ""),
            "no copy": replied.replace(copy, "Content-Type: text/plain"),
        }
        for name, bounce in cases.items():
            with self.subTest(case=name), self.env.cr.savepoint() as savepoint:
                followup = self._ready()
                self._empty_queue()
                self._bounce(followup, bounce=bounce)
                self.assertEqual(self._outcomes(followup)[:2], [("email", "sent"), ("email", "bounced")])
                self.assertEqual(followup.channel_id.code, "sms")
                self.assertEqual(self.partner.aftersale_bounced_email, "wang.fang@example.com")
                savepoint.rollback()
            self.env.invalidate_all()

    def test_a_notice_that_names_nobody_and_no_failure_is_no_bounce(self):
        followup = self._ready()
        nameless = BOUNCE.replace("Final-Recipient: rfc822; {address}\n", "")
        for bounce in (nameless.replace("Action: {action}\n", ""), nameless.replace("{action}", "delayed")):
            self._bounce(followup, status="4.4.1", bounce=bounce)
            self.assertEqual(self._outcomes(followup), [("email", "sent")])

    def test_by_sms_in_the_same_minute_when_there_is_a_mobile_number(self):
        followup = self._ready()
        self._bounce(followup)
        self.assertEqual(self._outcomes(followup), [("email", "sent"), ("email", "bounced"), ("sms", "sent")])
        self.assertEqual(self.env["sms.sms"].search([("number", "=", self.partner.phone_sanitized)]).state, "outgoing")

    def test_without_another_channel_the_customer_is_unreachable(self):
        self.partner.phone = False
        followup = self._ready()
        self._bounce(followup)
        self.assertEqual(followup.state, "unreachable")

    def test_a_bounce_reported_twice_counts_once(self):
        self._without_sms()
        followup = self._ready()
        self._bounce(followup)
        self._bounce(followup)
        self.assertEqual(len(followup.attempt_ids), 2)
        self.assertEqual(len(self.partner.activity_ids), 1)

    def test_a_delay_is_no_bounce(self):
        followup = self._ready()
        self._bounce(followup, action="delayed", status="4.4.1")
        self.assertEqual(followup.channel_id.code, "email")
        self.assertFalse(self.partner.aftersale_bounced_email)

    def test_no_further_mail_goes_to_an_address_until_it_is_corrected(self):
        self._without_sms()
        self._bounce(self._ready())
        self.company.write({"aftersale_cap_days": 0, "aftersale_cap_same_days": 0})
        self.assertEqual(self._ready().channel_id, self.phone)
        self.partner.email = "wang.f@example.com"
        self.assertEqual(self._ready().channel_id.code, "email")

    def test_whoever_writes_from_an_address_has_it(self):
        self._bounce(self._ready())
        self.assertEqual(self.partner.aftersale_bounced_email, "wang.fang@example.com")
        self.partner._message_reset_bounce("wang.fang@example.com")
        self.assertFalse(self.partner.aftersale_bounced_email)

    def test_a_bounce_after_the_answer_is_only_noted(self):
        followup = self._ready()
        self._feedback(followup, score=5)
        self.assertEqual(followup.state, "done")
        self._bounce(followup)
        self.assertEqual(followup.state, "done")
        self.assertEqual(self._outcomes(followup)[-1], ("email", "bounced"))
