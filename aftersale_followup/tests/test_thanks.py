from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .anonymous_common import AnonymousCase
from .test_page import PageCase

THANKS = "odoo.addons.aftersale_followup.models.beside"


@tagged("post_install", "-at_install")
class TestThanks(AnonymousCase):
    """Every answer is thanked once, by the way it came, in the same tone.

    Here customers are told nothing else; thanks that go out with the news about an issue: `test_issue_notice`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_tell_customers = False

    def _say(self, channel="paper", source="staff", **values):
        values.setdefault("followup_id", self._followup(partner=values.pop("partner", self.partner)).id)
        channel = self.env.ref(f"aftersale_followup.channel_{channel}")
        values = {"source": source, "channel_id": channel.id, "score": 5, **values}
        return self.env["aftersale.feedback"].create(values)

    def _mails(self, feedback):
        domain = [("model", "=", "aftersale.feedback"), ("res_id", "in", feedback.ids)]
        return self.env["mail.mail"].sudo().search(domain)

    def test_who_answers_on_a_page_or_to_a_person_is_thanked_there(self):
        online = self._say("online", "customer", score=1)
        called = self._say("phone")
        visited = self._say("visit")
        self.assertEqual((online | called | visited).mapped("thanks"), ["page", "person", "person"])
        self.assertFalse(self._mails(online | called | visited))

    def test_paper_is_thanked_by_mail_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        template = self.env.ref("aftersale_followup.mail_template_thanks")
        template.with_context(lang="zh_CN").subject = "谢谢您的反馈"
        followup = self._followup(lang="zh_CN")
        feedback = self._say(followup_id=followup.id)
        mail = self._mails(feedback)
        self.assertEqual(feedback.thanks, "email")
        self.assertEqual((mail.subject, mail.recipient_ids, mail.state), ("谢谢您的反馈", self.partner, "outgoing"))
        self.assertIn(followup._get_optout_link(), mail.headers)
        self.assertNotIn(followup.sudo().access_token, mail.body_html + mail.headers)

    def test_low_score_names_the_call_only_where_a_clock_runs(self):
        low = self._say(score=2)
        self.assertTrue(low.issue_ids.contact_deadline)
        self.assertEqual(self._mails(low).subject, "We are sorry")
        self.assertIn("within 3 working days", self._mails(low).body_html.replace("<t>", "").replace("</t>", ""))
        with patch.object(type(low), "_open_issues", lambda feedback: None):
            other = self._say(score=2, partner=self._customer(1))
        self.assertEqual(other._get_call_days(), 0)
        self.assertEqual(self._mails(other).subject, "Thank you", "nothing is promised that nobody watches")

    def test_days_are_those_of_the_settings(self):
        self.company.aftersale_contact_days = 2
        self.company.aftersale_contact_days_safety = 1
        self.assertEqual(self._say(score=1)._get_call_days(), 2)
        safety = self.env.ref("aftersale_followup.tag_safety_hazard", raise_if_not_found=False) or self.env[
            "aftersale.tag"
        ].search([("is_safety", "=", True)], limit=1)
        hazard = self._say(score=1, partner=self._customer(1), tag_ids=[Command.set(safety.ids)])
        self.assertEqual(hazard._get_call_days(), 1)
        hazard.issue_ids.sudo().date_contacted = fields.Datetime.now()
        self.assertEqual(hazard._get_call_days(), 0, "called already")

    def test_good_scores_promise_no_call(self):
        self.assertEqual(self._say("online", "customer", score=3)._get_call_days(), 0)

    def test_opted_out_or_without_address_gets_no_message(self):
        partner = self._customer(1)
        followup = self._followup(partner=partner)
        self.env["aftersale.optout"].sudo().create(
            {"key": partner.email_normalized, "partner_id": partner.id, "source": "staff"}
        )
        blacklisted = self._customer(2)
        self.env["mail.blacklist"].sudo()._add(blacklisted.email)
        nameless = self.env["res.partner"].create({"name": "By Landline", "phone": "+86 10 6552 9988"})
        said = self._say(followup_id=followup.id) | self._say(partner=blacklisted) | self._say(partner=nameless)
        self.assertEqual(said.mapped("thanks"), ["none"] * 3)
        self.assertFalse(self._mails(said))

    def test_without_address_by_text_where_the_plan_writes_them(self):
        sms = self.env.ref("aftersale_followup.channel_sms")
        self.plan_new.channel_ids += sms
        partner = self.env["res.partner"].create({"name": "By Phone", "phone": "+8613800005678"})
        said = self._say(partner=partner, score=1)
        self.assertEqual(said.thanks, "sms")
        text = self.env["sms.sms"].sudo().search([("partner_id", "=", partner.id)])
        self.assertIn("within 3 working days", text.body)
        self.plan_new.channel_ids -= sms
        self.assertEqual(self._say(partner=partner).thanks, "none")

    def test_old_answers_and_corrections_are_not_thanked(self):
        old = self._say(date=fields.Datetime.now() - timedelta(days=8))
        self.assertEqual(old.thanks, "none")
        first = self._say()
        second = self._say(
            followup_id=first.followup_id.id, correction_of_id=first.id, correction_reason="Misread the paper"
        )
        self.assertFalse(second.thanks)
        self.assertEqual(len(self._mails(first | second | old)), 1)

    def test_anonymous_answers_are_thanked_by_the_page_alone(self):
        for number in range(5):
            self._answer(number)
        released = self._release()
        self.assertEqual(released.mapped("thanks"), ["page"] * 5)
        self.assertFalse(self._mails(released))

    def test_a_broken_template_loses_no_answer(self):
        self.env.ref("aftersale_followup.mail_template_thanks").subject = "{{ object.nothing_like_it }}"
        with mute_logger(THANKS, "odoo.addons.mail.models.mail_render_mixin"):
            self.assertEqual(self._say().thanks, "none")

    def test_staff_do_not_say_that_thanks_were_sent(self):
        followup = self._followup()
        values = {"followup_id": followup.id, "source": "staff", "score": 4, "thanks": "email"}
        with self.assertRaisesRegex(Exception, "cannot be entered"):
            self.env["aftersale.feedback"].with_user(self.agent).create(values)


@tagged("post_install", "-at_install")
class TestThanksPage(PageCase):
    def test_low_score_is_called_by_the_deadline_of_its_issue(self):
        self.company.aftersale_contact_days = 2
        page = self._post(self._form(1)).text
        self.assertRegex(page, r"A supervisor will contact you within\s+2\s+working days")
        self.followup.feedback_id.issue_ids.sudo().date_contacted = fields.Datetime.now()
        self.assertNotIn("A supervisor will contact you", self._get().text)
        self.assertIn("We are sorry", self._get().text)

    def test_wish_to_be_called_back_is_a_to_do_with_a_deadline(self):
        self._post({**self._form(5), "call_back": "1", "call_back_note": "after six"})
        todo = self.partner.activity_ids
        self.assertEqual((len(todo), todo.user_id), (1, self.agent))
        self.assertIn("after six", todo.note)
        today = self.company._aftersale_today()
        self.assertEqual(todo.date_deadline, self.company._aftersale_next_workday(today), "A working day.")
