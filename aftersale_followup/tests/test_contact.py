from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import AftersaleCase

CONTACT = "odoo.addons.aftersale_followup.models.aftersale_followup_cron"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestContact(AftersaleCase):
    def _mails(self, followup):
        return self.env["mail.mail"].search([("model", "=", "aftersale.followup"), ("res_id", "=", followup.id)])

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_contact").method_direct_trigger()

    def test_due_follow_up_is_mailed_with_the_personal_link(self):
        followup = self._planned()
        self._run_cron()
        self.assertEqual(followup.state, "ready")
        self.assertEqual(followup.channel_id.code, "email")
        mail = self._mails(followup)
        self.assertEqual(len(mail), 1)
        self.assertEqual(
            mail.state, "outgoing", "The mail waits in Odoo's queue, it is not sent inside the transaction."
        )
        self.assertIn(f"/aftersale/{followup.sudo().access_token}", mail.body_html)
        self.assertIn("score=5", mail.body_html)
        self.assertIn("/optout", mail.body_html)
        self.assertEqual(followup.attempt_ids.outcome, "sent")
        self.assertEqual(followup.date_expiry, fields.Datetime.now() + timedelta(days=14))

    def test_nothing_happens_before_the_day(self):
        followup = self._planned(date_next="2026-03-03 09:00:00")
        self._run_cron()
        self.assertEqual(followup.state, "planned")

    def test_missed_days_are_caught_up(self):
        followup = self._planned(date_next="2026-02-20 09:00:00")
        self._run_cron()
        self.assertEqual(followup.state, "ready")

    def test_customer_without_address_is_put_on_the_phone_list(self):
        self.partner.email = False
        self.plan_new.channel_ids -= self.env.ref("aftersale_followup.channel_sms")
        followup = self._ready()
        self.assertEqual(followup.channel_id.code, "phone")
        self.assertFalse(self._mails(followup))
        self.assertTrue(followup.attempt_ids.is_passed_over, "A call that nobody made is no attempt: only the mail.")

    def test_customer_without_any_contact_data_is_skipped_with_reason(self):
        self.partner.write({"email": False, "phone": False})
        followup = self._ready()
        self.assertEqual((followup.state, followup.skip_reason), ("skipped", "no_contact"))
        self.assertTrue(followup.explanation)

    def test_preferred_channel_comes_first(self):
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_phone")
        self.assertEqual(self._ready().channel_id.code, "phone")

    def test_who_cannot_answer_online_is_called(self):
        self.partner.aftersale_offline = True
        self.assertEqual(self._ready().channel_id.code, "phone")

    def test_blacklisted_address_gets_no_mail(self):
        self.env["mail.blacklist"]._add("wang.fang@example.com")
        self.partner.invalidate_recordset()
        self.plan_new.channel_ids -= self.env.ref("aftersale_followup.channel_sms")
        self.assertEqual(self._ready().channel_id.code, "phone")

    def test_rechecked_when_the_day_has_come(self):
        def optout():
            self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})

        cases = [
            ("opt_out", optout),
            ("open_issue", self._issue),
            ("archived", lambda: self.partner.action_archive()),
        ]
        for reason, change in cases:
            with self.subTest(reason=reason), self.env.cr.savepoint() as savepoint:
                followup = self._planned()
                change()
                followup._contact()
                self.assertEqual((followup.state, followup.skip_reason), ("skipped", reason))
                savepoint.rollback()
            self.env.invalidate_all()

    def test_cancelled_order_cancels_what_was_not_sent(self):
        order = self._order()
        followup = self._planned(order_id=order.id)
        order._action_cancel()
        self.assertEqual(followup.state, "cancelled")

    def test_cap_without_room_is_enforced_when_sending(self):
        self._ready()
        followup = self._planned(date_deadline="2026-03-04")
        followup._contact()
        self.assertEqual((followup.state, followup.skip_reason), ("skipped", "contact_cap"))

    def test_cap_counts_within_one_batch(self):
        both = self._planned(date_deadline="2026-03-04") | self._planned(date_deadline="2026-03-04")
        both._contact()
        self.assertEqual(sorted(both.mapped("state")), ["ready", "skipped"])

    def test_cap_moves_the_contact_inside_its_window(self):
        self._ready(plan=self.plan_new.copy({"contact_class": "pilot"}))
        followup = self._planned(date_deadline="2026-03-31")
        followup._contact()
        self.assertEqual((followup.state, followup.date_planned), ("planned", date(2026, 3, 9)))
        self.assertIn("2026-03-09", followup.explanation)

    def test_verification_is_exempt_from_the_cap(self):
        self._ready()
        followup = self._planned(plan=self.plan_verify)
        followup._contact()
        self.assertEqual(followup.state, "ready")

    def test_reminder_goes_once_then_the_link_expires(self):
        followup = self._ready()
        self.assertEqual(followup.date_next.date(), date(2026, 3, 5))
        followup.date_next = fields.Datetime.now()
        self._run_cron()
        self.assertEqual(followup.reminder_sent, 1)
        self.assertEqual(len(self._mails(followup)), 2)
        self.assertEqual(len(followup.attempt_ids), 1, "A reminder is no further contact.")
        self.assertEqual(followup.date_next, followup.date_expiry)
        followup.write({"date_next": fields.Datetime.now(), "date_expiry": fields.Datetime.now()})
        self._run_cron()
        self.assertEqual(followup.state, "expired")

    def test_bad_record_stops_nobody_and_is_parked(self):
        bad = self._planned(partner=self.env["res.partner"].create({"name": "Bad", "email": "bad@example.com"}))
        good = self._planned()
        Followup = type(self.env["aftersale.followup"])
        original = Followup._choose_channel

        def broken(followups):
            if bad in followups:
                raise ValueError("broken on purpose")
            return original(followups)

        with patch.object(Followup, "_choose_channel", broken), mute_logger(CONTACT):
            self._run_cron()
            self.assertEqual(good.state, "ready")
            self.assertEqual((bad.state, bad.error_count), ("planned", 1))
            self.assertIn("broken on purpose", bad.error_message)
            for _run in range(3):
                bad.date_next = fields.Datetime.now()
                self._run_cron()
        self.assertEqual(bad.error_count, 3, "Parked after three errors.")

    def test_phone_attempts_come_back_and_end_unreachable(self):
        self.partner.aftersale_offline = True
        followup = self._ready()
        hours = set()
        for _attempt in range(2):
            followup._log_attempt("no_answer")
            self.assertEqual(followup.state, "ready")
            self.assertGreater(followup.date_next, fields.Datetime.now())
            hours.add(followup.date_next.hour)
        self.assertEqual(len(hours), 2, "Never the same hour of the day twice.")
        followup._log_attempt("busy")
        self.assertEqual(followup.state, "unreachable")

    def test_wrong_number_asks_for_the_right_one_and_moves_on(self):
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_phone")
        followup = self._ready()
        followup._log_attempt("wrong_contact")
        self.assertEqual(followup.channel_id.code, "email")
        self.assertTrue(self._mails(followup))
        self.assertIn("contact data is wrong", self.partner.activity_ids.note)

    def test_wrong_number_leaves_an_invitation_by_mail_where_it_is(self):
        followup = self._ready()
        self.assertEqual(followup.channel_id.code, "email")
        followup._log_attempt("wrong_contact", channel=self.env.ref("aftersale_followup.channel_phone"))
        self.assertEqual((followup.channel_id.code, followup.state), ("email", "ready"))
        self.assertIn("contact data is wrong", self.partner.activity_ids.note)

    def test_call_back_needs_its_time(self):
        self.partner.aftersale_offline = True
        followup = self._ready()
        with self.assertRaisesRegex(UserError, "when the customer wants"):
            followup._log_attempt("call_back")
        followup._log_attempt("call_back", call_back_date=fields.Datetime.to_datetime("2026-03-04 15:00:00"))
        self.assertEqual(followup.date_next, fields.Datetime.to_datetime("2026-03-04 15:00:00"))

    def test_message_with_the_link_is_for_supervisors(self):
        followup = self._ready()
        message = followup.message_ids.filtered("body")[:1]
        self.assertTrue(message)
        self.assertFalse(message.with_user(self.agent).has_access("read"))
        self.assertTrue(message.with_user(self.supervisor).has_access("read"))
        with self.assertRaises(AccessError):
            followup.with_user(self.manager).read(["access_token"])

    def test_script_words_are_filled_as_text(self):
        self.partner.name = "{{ 7*7 }} <b>Wang</b>"
        followup = self._ready()
        filled = followup._fill("Hello [customer], [product], [nothing]")
        self.assertEqual(filled, "Hello {{ 7*7 }} <b>Wang</b>, Kettle, [nothing]")

    def test_agent_may_not_cancel(self):
        followup = self._planned()
        with self.assertRaisesRegex(UserError, "supervisor"):
            followup.with_user(self.agent).action_cancel()
        followup.with_user(self.supervisor).action_cancel()
        self.assertEqual(followup.state, "cancelled")

    def test_two_plans_send_in_one_run(self):
        partner = self.env["res.partner"].create({"name": "Other", "email": "other@example.com"})
        first, second = self._planned(), self._planned(partner=partner, plan=self.plan_verify)
        (first | second)._contact()
        self.assertEqual(set((first | second).mapped("state")), {"ready"})
        self.assertEqual(self._mails(first).recipient_ids | self._mails(second).recipient_ids, self.partner | partner)

    def test_channels_of_the_plan_limit_the_choice(self):
        self.plan_new.channel_ids = [Command.set(self.env.ref("aftersale_followup.channel_phone").ids)]
        self.assertEqual(self._ready().channel_id.code, "phone")

    def test_paper_is_for_those_who_cannot_answer_online(self):
        self.plan_new.channel_ids = [Command.set(self.env.ref("aftersale_followup.channel_paper").ids)]
        self.assertEqual(self._ready().skip_reason, "no_contact")
        self.partner.aftersale_offline = True
        self.assertEqual(self._ready().channel_id.code, "paper")

    def test_mail_clients_can_unsubscribe_in_one_click(self):
        followup = self._ready()
        headers = self._mails(followup).headers
        self.assertIn("List-Unsubscribe=One-Click", headers)
        self.assertIn(followup._get_optout_link(), headers)

    # -- what changed since it was sent ------------------------------------------

    def _due(self, followup):
        followup.date_next = fields.Datetime.now()
        self._run_cron()

    def test_no_reminder_against_what_changed_since(self):
        def blacklist():
            self.env["mail.blacklist"]._add("wang.fang@example.com")

        def optout():
            self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})

        def cancel():
            self.env.cr.execute("UPDATE sale_order SET state = 'cancel' WHERE id = %s", (followup.order_id.id,))

        for change in (blacklist, optout, cancel, self.partner.action_archive):
            with self.subTest(change=change.__name__), self.env.cr.savepoint() as savepoint:
                followup = self._ready(order_id=self._order().id)
                change()
                self.env.invalidate_all()
                self._due(followup)
                self.assertEqual(len(self._mails(followup)), 1, "Just the invitation.")
                self.assertEqual(followup.date_next, followup.date_expiry)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_wrong_number_sends_no_mail_against_an_opt_out(self):
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_phone")
        followup = self._ready()
        self.env["aftersale.optout"].create({"key": "wang.fang@example.com"})
        followup._log_attempt("wrong_contact")
        self.assertFalse(self._mails(followup))

    def test_calls_bring_no_further_reminders(self):
        followup = self._ready()
        for _attempt in range(2):
            followup._log_attempt("no_answer")
            self._due(followup)
        self.assertEqual(followup.reminder_sent, 0)

    def test_opt_out_of_the_present_address_counts(self):
        followup = self._planned()
        self.env["aftersale.optout"].create({"key": "new.address@example.com"})
        self.partner.email = "new.address@example.com"
        followup._contact()
        self.assertEqual(followup.skip_reason, "opt_out")

    def test_opt_out_is_stored_in_the_form_it_is_compared_by(self):
        Optout = self.env["aftersale.optout"]
        self.company.country_id = self.env.ref("base.cn")
        self.assertEqual(Optout.create({"key": " Wang.Fang@Example.com "}).key, "wang.fang@example.com")
        self.assertEqual(Optout.create({"key": "138 0000 1234"}).key, "+8613800001234")
        for nonsense in ("hello", "@", "12"):
            with self.subTest(key=nonsense), self.assertRaisesRegex(ValidationError, "country code"):
                Optout.create({"key": nonsense})

    def test_sms_without_a_text_never_becomes_a_mail(self):
        self.partner.aftersale_channel_id = self.env.ref("aftersale_followup.channel_sms")
        self.env["mail.blacklist"]._add("wang.fang@example.com")
        self.plan_new.sms_template_id = False
        followup = self._ready()
        self.assertEqual(followup.channel_id.code, "phone")
        self.assertFalse(self._mails(followup))

    def test_cap_and_calendar_are_those_of_the_company(self):
        company = self.env["res.company"].create({"name": "Other company", "aftersale_cap_days": 0})
        self.company.aftersale_cap_year = 0
        followup = self._planned(company_id=company.id, team_id=False, user_id=False)
        followup._contact()
        self.assertEqual(followup.state, "ready", "Only the cap of its own company counts.")

    def test_send_now_tells_what_was_moved(self):
        self._ready()
        capped = self._planned(date_deadline="2026-03-31")
        other = self._planned(partner=self.env["res.partner"].create({"name": "O", "email": "o@example.com"}))
        action = (capped | other).with_user(self.supervisor).action_contact()
        self.assertEqual((capped.state, other.state), ("skipped", "ready"))
        self.assertEqual(action["params"]["type"], "warning")

    def test_supervisor_moves_the_day(self):
        followup = self._planned()
        followup.with_user(self.supervisor).date_planned = "2026-03-10"
        self.assertEqual(followup.date_next, fields.Datetime.to_datetime("2026-03-10 09:00:00"))
        self.assertEqual(followup.date_deadline, date(2026, 3, 10))
        with self.assertRaises(AccessError):
            followup.with_user(self.agent).date_planned = "2026-03-11"

    def test_success_forgets_earlier_errors(self):
        followup = self._planned(error_count=2)
        self._run_cron()
        self.assertEqual((followup.state, followup.error_count), ("ready", 0))

    def test_parked_link_expires_all_the_same(self):
        followup = self._ready()
        followup.write({"error_count": 3, "date_expiry": fields.Datetime.now()})
        self._run_cron()
        self.assertEqual(followup.state, "expired")

    # -- the link is the customer's ---------------------------------------------------

    def test_nobody_reads_a_link_by_rendering_a_message(self):
        followup = self._ready()
        token = followup.sudo().access_token
        template = self.plan_new.mail_template_id
        for user in (self.agent, self.supervisor, self.manager):
            with self.subTest(user=user.login):
                composer = (
                    self.env["mail.compose.message"]
                    .with_user(user)
                    .create(
                        {
                            "model": "aftersale.followup",
                            "res_ids": followup.ids,
                            "template_id": template.id,
                            "composition_mode": "comment",
                        }
                    )
                )
                self.assertTrue(composer.body)
                self.assertNotIn(token, composer.body)
        forged = followup.with_context(aftersale_link=True)
        self.assertNotIn(token, forged._get_link(), "The mark cannot come from outside.")

    def test_words_of_a_customer_are_not_filled_again(self):
        issue = self._solved_issue(title="[link] [phone]")
        followup = issue.verification_followup_ids
        self.assertEqual(followup._fill("About [issue]"), "About [link] [phone]")

    def test_every_cron_runs(self):
        crons = self.env["ir.cron"].search([("code", "like", "model._cron_")])
        ours = crons.filtered(lambda cron: cron.model_id.model.startswith("aftersale."))
        self.assertGreaterEqual(len(ours), 4)
        for cron in ours:
            with self.subTest(cron=cron.name), self.enter_registry_test_mode():
                cron.method_direct_trigger()
