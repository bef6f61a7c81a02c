from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from ..models.aftersale_retry_mixin import BACKOFF
from .delivery_common import DeliveryCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSms(DeliveryCase):
    """Text messages: short links, what became of them, and what happens when they do not arrive."""

    def setUp(self):
        super().setUp()
        self.partner.aftersale_channel_id = self.sms

    def test_the_text_holds_short_links(self):
        followup = self._ready()
        [(number, text)] = self._send_texts("success")
        self.assertEqual(number["number"], self.partner.phone_sanitized)
        self.assertIn(f"/a/{followup.sudo().access_token}", text)
        self.assertIn(f"/a/{followup._get_optout_token()}", text)
        self.assertNotIn("/aftersale/", text)

    def test_who_opted_out_while_the_text_waited_gets_none(self):
        followup = self._ready()
        attempt = followup.attempt_ids
        followup._opt_out("all")
        self.assertEqual(self._send_texts("success"), [])
        self.assertEqual(attempt.delivery, "withdrawn")
        self.assertEqual(attempt.message_id.notification_ids.notification_status, "canceled")
        self.assertIn("“Refused”", attempt.note)
        self._run_cron()
        self.assertEqual(attempt.delivery, "withdrawn")
        self.assertNotIn(("sms", "bounced"), self._outcomes(followup), "Nothing failed.")

    def test_delivery_is_read_back(self):
        followup = self._ready()
        attempt = followup.attempt_ids
        self.assertEqual(attempt.delivery, "waiting")
        self._send_texts("success")
        self._run_cron()
        self.assertEqual(attempt.delivery, "sent")
        tracker = self.env["sms.tracker"].search([("mail_notification_id.mail_message_id", "=", attempt.message_id.id)])
        tracker._action_update_from_sms_state("sent")
        self._run_cron()
        self.assertEqual(attempt.delivery, "delivered")
        self.assertEqual(self._outcomes(followup), [("sms", "sent")])

    def test_a_later_report_of_failure_moves_on(self):
        followup = self._ready()
        self._send_texts("success")
        tracker = self.env["sms.tracker"].search(
            [("mail_notification_id.mail_message_id", "=", followup.attempt_ids.message_id.id)]
        )
        tracker._action_update_from_provider_error("invalid_destination")
        self._run_cron()
        self.assertEqual(self._outcomes(followup)[:2], [("sms", "sent"), ("sms", "bounced")])
        self.assertEqual(followup.channel_id.code, "email")
        self.assertTrue(self._mails_of(followup))

    def test_without_credit_the_next_channel_goes_on_and_managers_are_told_once(self):
        other = self.env["res.partner"].create({"name": "Other", "phone": "+8613800007777"})
        followup, second = self._ready(), self._ready(partner=other)
        self._send_texts("insufficient_credit")
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("aftersale_followup.ir_cron_contact").id)]
        )
        self.assertTrue(trigger, "At once, not at the next round.")
        self._run_cron()
        self.assertEqual(followup.channel_id.code, "email")
        self.assertEqual(second.channel_id, self.phone)
        self.assertEqual(self._outcomes(second), [("email", "bounced"), ("sms", "sent"), ("sms", "bounced")])
        self.assertFalse(self.partner.activity_ids, "The number is not to blame.")
        kind = self.env.ref("aftersale_followup.activity_type_sms")
        alerts = self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
        self.assertEqual(alerts.user_id, self.company._aftersale_managers())
        self.assertEqual(len(alerts), len(alerts.user_id))

    def test_a_service_that_is_down_is_asked_again(self):
        followup = self._ready()
        self._send_texts("server_error")
        self._run_cron()
        text = self.env["sms.sms"].search([("number", "=", self.partner.phone_sanitized)])
        self.assertEqual((text.state, followup.channel_id), ("error", self.sms))
        self.assertTrue(text.aftersale_retry_date)
        text.aftersale_retry_date = "2026-03-02 09:59:00"
        self._run_cron()
        self.assertEqual((text.state, text.aftersale_tries), ("outgoing", 1))
        self._send_texts("success")
        self._run_cron()
        self.assertEqual(followup.attempt_ids.delivery, "sent")

    def test_a_service_that_stays_down_is_given_up(self):
        followup = self._ready()
        text = self.env["sms.sms"].search([("number", "=", self.partner.phone_sanitized)])
        text.aftersale_tries = len(BACKOFF)
        self._send_texts("server_error")
        self._run_cron()
        self.assertEqual(text.state, "canceled")
        self.assertEqual(self._outcomes(followup), [("sms", "sent"), ("sms", "bounced"), ("email", "sent")])

    def test_a_wrong_number_is_to_be_corrected(self):
        self._ready()
        self._send_texts("wrong_number_format")
        self._run_cron()
        self.assertEqual(
            self.partner.activity_ids.activity_type_id, self.env.ref("aftersale_followup.activity_type_contact_data")
        )

    def test_landlines_get_no_text(self):
        self.partner.phone = "+861065551234"
        self.partner.email = False
        self.assertEqual(self._ready().channel_id, self.phone)

    def test_reminders_have_their_own_text(self):
        followup = self._ready()
        followup.date_next = followup.date_sent
        self._run_cron()
        self.assertEqual(followup.reminder_sent, 1)
        texts = self._send_texts("success")
        self.assertEqual(len(texts), 2)
        self.assertIn("open until", texts[-1][1])

    def test_online_goes_by_mail_else_by_text(self):
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_online")
        followup = self._ready()
        self.assertEqual((followup.channel_id.code, len(self._mails_of(followup))), ("online", 1))
        other = self.env["res.partner"].create(
            {"name": "O", "phone": "+8613800008888", "aftersale_channel_id": self.partner.aftersale_channel_id.id}
        )
        followup = self._ready(partner=other)
        self.assertEqual((followup.channel_id.code, len(self._mails_of(followup))), ("online", 0))
        self.assertEqual(self.env["sms.sms"].search([("partner_id", "=", other.id)]).state, "outgoing")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestByHand(DeliveryCase):
    """Chats: the agent copies the message, sends it there, and says so."""

    def setUp(self):
        super().setUp()
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_im")
        self.followup = self._ready()

    def test_the_agent_gets_text_and_link_and_it_is_noted(self):
        self.assertEqual(self.followup.channel_id.code, "im")
        text = self.followup.with_user(self.agent).get_message_text()
        self.assertIn(f"/a/{self.followup.sudo().access_token}", text)
        self.assertIn("Wang Fang", text)
        log = self.env["aftersale.access.log"].search([("purpose", "=", "link")])
        self.assertEqual((log.user_id, log.partner_id), (self.agent, self.partner))

    def test_others_get_no_link(self):
        with self.assertRaises(AccessError):
            self.followup.with_user(self.agent_2).get_message_text()
        with self.assertRaises(AccessError):
            self.followup.with_user(self.agent_2).action_mark_sent()

    def test_marked_as_sent_it_waits_for_the_customer_and_comes_back_to_remind(self):
        self.followup.with_user(self.agent).action_mark_sent()
        self.assertEqual(self._outcomes(self.followup), [("im", "sent")])
        self.assertEqual(self.followup.attempt_ids.user_id, self.agent)
        self.assertEqual(str(self.followup.date_call), "2026-03-05 09:00:00")
        self.assertTrue(self.followup.is_postponed)
        self.followup.with_user(self.agent).action_mark_sent()
        self.assertEqual((self.followup.reminder_sent, len(self.followup.attempt_ids)), (1, 1))
        self.assertEqual(self.followup.date_call, self.followup.date_expiry)

    def test_not_against_an_opt_out_and_not_when_it_is_over(self):
        self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})
        with self.assertRaisesRegex(UserError, "opted out"):
            self.followup.with_user(self.agent).get_message_text()
        self.followup._set_state("unreachable")
        with self.assertRaisesRegex(UserError, "not waiting"):
            self.followup.with_user(self.agent).get_message_text()
