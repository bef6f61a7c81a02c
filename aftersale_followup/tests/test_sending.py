from datetime import date

from odoo import fields
from odoo.tests import HttpCase, freeze_time, tagged

from ..models.mail_budget import MailBudget
from .delivery_common import DeliveryCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestBudget(DeliveryCase):
    """No more mails leave than allowed in an hour and on a day; the others wait by rank, and none is lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"aftersale_mail_hour": 2, "aftersale_mail_day": 5})
        cls.periodic = cls.plan_new.copy({"name": "Periodic", "contact_class": "periodic"})

    def _customers(self, number, **values):
        """Return due follow-ups of as many customers, within windows that end in two weeks."""
        values = {"date_deadline": "2026-03-16", **values}
        partners = self.env["res.partner"].create(
            [{"name": f"C{n}", "email": f"c{n}.{values['date_deadline']}@example.com"} for n in range(number)]
        )
        followups = self.env["aftersale.followup"]
        for partner in partners:
            followups |= self._planned(partner=partner, **values)
        return followups

    def _moments(self, followups):
        return [str(followup.date_next) for followup in followups.sorted("date_next")]

    def test_what_finds_no_room_waits_for_the_next_hours_and_days(self):
        followups = self._customers(9)
        self._run_cron()
        sent = followups.filtered(lambda f: f.state == "ready")
        self.assertEqual(len(sent), 2)
        waiting = followups - sent
        self.assertEqual(
            self._moments(waiting),
            [
                *["2026-03-02 11:00:00"] * 2,
                "2026-03-02 12:00:00",
                *["2026-03-03 09:00:00"] * 2,
                *["2026-03-03 10:00:00"] * 2,
            ],
        )
        self.assertEqual(set(waiting.mapped("is_waiting_to_send")), {True})
        tomorrow = waiting.filtered(lambda f: f.date_planned == date(2026, 3, 3))
        self.assertEqual(len(tomorrow), 4)
        self.assertIn("no more mails", tomorrow[0].explanation)

    def test_urgent_ranks_go_first(self):
        low = self._customers(3, plan=self.periodic)
        high = self._customers(2, plan=self.plan_verify, date_deadline="2026-03-17")
        self._run_cron()
        self.assertEqual(set(high.mapped("state")), {"ready"})
        self.assertEqual(set(low.mapped("state")), {"planned"})

    def test_the_hours_are_never_exceeded_and_nobody_is_lost(self):
        followups = self._customers(9)
        sent = []
        for moment in ("10:00", "10:20", "11:00", "11:30", "12:00", "13:00"):
            with freeze_time(f"2026-03-02 {moment}:00"):
                self._run_cron()
            sent.append(len(followups.filtered("date_sent")))
        self.assertEqual(sent, [2, 2, 4, 4, 5, 5])
        with freeze_time("2026-03-03 09:00:00"):
            self._run_cron()
        self.assertEqual(len(followups.filtered("date_sent")), 7)
        with freeze_time("2026-03-03 10:00:00"):
            self._run_cron()
        self.assertEqual(set(followups.mapped("state")), {"ready"})
        self.assertFalse(any(followups.mapped("is_waiting_to_send")))

    def test_no_limit_is_no_limit(self):
        self.company.write({"aftersale_mail_hour": 0, "aftersale_mail_day": 0})
        followups = self._customers(9)
        self._run_cron()
        self.assertEqual(set(followups.mapped("state")), {"ready"})

    def test_reminders_count_and_wait(self):
        followup = self._ready()
        self._customers(1)._contact()
        followup.date_next = fields.Datetime.now()
        self._run_cron()
        self.assertEqual(followup.reminder_sent, 0)
        self.assertEqual(str(followup.date_next), "2026-03-02 11:00:00")
        with freeze_time("2026-03-02 11:00:00"):
            self._run_cron()
        self.assertEqual(followup.reminder_sent, 1)

    def test_calls_and_texts_are_not_mails(self):
        self.company.aftersale_mail_day = 1
        self._ready()
        partner = self.env["res.partner"].create({"name": "No mail", "phone": "+8613800005555"})
        self.assertEqual(self._ready(partner=partner).state, "ready")

    def test_a_mail_that_waited_in_the_queue_counts_when_it_leaves(self):
        followups = self._customers(4)
        self._run_cron()
        with freeze_time("2026-03-02 11:00:00"):
            self._run_cron()
            mails = self.env["mail.mail"].search([("res_id", "in", followups.ids), ("state", "=", "outgoing")])
            self.assertEqual(len(mails), 4, "The queue stood still for an hour.")
            self._empty_queue()
            self.assertEqual(sorted(mails.mapped("state")), ["outgoing", "outgoing", "sent", "sent"])
        with freeze_time("2026-03-02 12:00:00"):
            self._empty_queue()
            self.assertEqual(sorted(mails.mapped("state")), ["outgoing", "sent", "sent", "sent"])

    def test_who_answered_or_opted_out_while_the_mail_waited_is_not_written_to(self):
        self.company.write({"aftersale_mail_hour": 0, "aftersale_mail_day": 0})
        followups = self._customers(4)
        self._run_cron()
        answered, stopped, elsewhere, waiting = followups
        self._feedback(answered, score=5)
        stopped._opt_out("all")
        self.env["aftersale.optout"].create({"key": elsewhere.email_key, "source": "staff"})
        self._empty_queue()
        self.assertEqual(
            [self._mails_of(followup).state for followup in followups], ["cancel", "cancel", "cancel", "sent"]
        )
        first = followups.mapped(lambda f: f.attempt_ids.filtered("message_id"))
        self.assertEqual(first.mapped("delivery"), ["withdrawn", "withdrawn", "withdrawn", False])
        reasons = ("“Answered”", "“Refused”", "had opted out")
        for attempt, reason in zip(first, reasons, strict=False):
            self.assertIn(reason, attempt.note)

    def _answer_to(self, record, partner, **values):
        """Return a mail about ``record`` that waits in the queue."""
        values = {"model": record._name, "res_id": record.id, "recipient_ids": partner.ids, **values}
        return self.env["mail.mail"].create({"subject": "Thanks", "body_html": "<p>Thanks</p>", **values})

    def test_thanks_and_messages_about_issues_count(self):
        followup = self._customers(1)
        followup._contact()
        feedback, issue = self._feedback(followup, score=5), self._issue()
        mails = self._answer_to(feedback, self.partner) | self._answer_to(issue, self.partner)
        mails |= self._answer_to(issue, self.env["res.partner"], email_to="unknown@example.com")
        self._empty_queue()
        self.assertEqual(mails.mapped("state"), ["sent", "outgoing", "outgoing"])
        self.assertEqual(MailBudget(self.company).get_room(), 0)
        self.assertEqual(self._moments_of(mails[1:]), ["2026-03-02 11:00:00"] * 2)
        with freeze_time("2026-03-02 11:00:00"):
            self._empty_queue()
        self.assertEqual(set(mails.mapped("state")), {"sent"})

    def _moments_of(self, mails):
        return [str(mail.scheduled_date) for mail in mails]

    def test_mails_to_colleagues_do_not_count(self):
        issue = self._issue()
        mails = self.env["mail.mail"]
        for _n in range(3):
            mails |= self._answer_to(issue, self.agent.partner_id)
        self._empty_queue()
        self.assertEqual(set(mails.mapped("state")), {"sent"})
        self.assertEqual(MailBudget(self.company).get_room(), 2)

    def test_answers_go_before_invitations_that_wait_and_keep_their_room(self):
        waiting = self._customers(6)
        waiting._contact()
        self._empty_queue()
        self.assertEqual(self._moments(waiting.filtered("is_waiting_to_send"))[0], "2026-03-02 11:00:00")
        thanks = self._answer_to(self._issue(), self.partner)
        self._empty_queue()
        self.assertEqual((thanks.state, self._moments_of(thanks)), ("outgoing", ["2026-03-02 11:00:00"]))
        self.assertEqual(MailBudget(self.company).count_sent(), 2, "Room that is kept is not sent yet.")
        with freeze_time("2026-03-02 11:00:00"):
            self._run_cron()  # the invitations are faster
            self.assertEqual(len(waiting.filtered("date_sent")), 3)
            self._empty_queue()
            self.assertEqual(thanks.state, "sent")
            self.assertEqual(MailBudget(self.company).count_sent(), 4)
        with freeze_time("2026-03-02 12:00:00"):
            self._run_cron()
            self._empty_queue()
            self.assertEqual(MailBudget(self.company).count_sent(), 5, "Not more than on a day.")
        with freeze_time("2026-03-03 09:00:00"):
            self._run_cron()
            self.assertFalse(any(waiting.mapped("is_waiting_to_send")), "Nobody is lost.")

    def test_another_company_has_its_own_budget(self):
        other = self.env["res.company"].create({"name": "Other", "aftersale_mail_hour": 1, "aftersale_mail_day": 1})
        self._customers(2)._contact()
        self.assertEqual(MailBudget(self.company).get_room(), 0)
        self.assertEqual(MailBudget(other).get_room(), 1)

    def test_health_says_how_many_were_sent_and_wait(self):
        self._customers(4, date_deadline="2026-03-02")
        self._run_cron()
        check = self.env["aftersale.health"].with_user(self.manager)._check_budget(self.company)
        self.assertIn("2 of 5 sent today, 2 wait", check["finding"])
        self.assertEqual(check["status"], "3_ok")
        self._customers(4, date_deadline="2026-03-02")._contact()
        check = self.env["aftersale.health"].with_user(self.manager)._check_budget(self.company)
        self.assertEqual(check["status"], "2_warning", "They wait beyond their window.")

    def test_next_channel_by_mail_waits_for_room_too(self):
        self.partner.aftersale_channel_id = self.phone
        followup = self._ready()
        self._customers(2)._contact()
        followup._log_attempt("wrong_contact")
        self.assertEqual(followup.channel_id.code, "email")
        self.assertFalse(self._mails_of(followup))
        with freeze_time("2026-03-02 11:00:00"):
            self._run_cron()
        self.assertEqual(len(self._mails_of(followup)), 1)


@tagged("post_install", "-at_install")
class TestShortLink(DeliveryCase, HttpCase):
    """Text messages carry short links; opening one records nothing."""

    def test_short_links_lead_to_the_pages(self):
        followup = self._ready()
        token = followup.sudo().access_token
        optout = followup._get_optout_token()
        for short, page in ((token, f"/aftersale/{token}"), (optout, f"/aftersale/{optout}/optout")):
            response = self.url_open(f"/a/{short}", allow_redirects=False)
            self.assertEqual((response.status_code, response.headers["Location"]), (303, page))
            self.assertEqual(self.url_open(f"/a/{short}").status_code, 200)
        for nonsense in ("x", "A" * 23, "..%2f..", "A" * 21 + "%0a"):
            with self.subTest(token=nonsense):
                self.assertEqual(self.url_open(f"/a/{nonsense}").status_code, 404)
        self.assertEqual(followup.state, "ready")
