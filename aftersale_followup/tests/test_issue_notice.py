from datetime import timedelta
from email.message import EmailMessage
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .notice_common import NoticeCase

PLANNING = "odoo.addons.aftersale_followup.models.aftersale_plan_planning"


@tagged("post_install", "-at_install")
class TestNotice(NoticeCase):
    """What customers are told about their issues: once, and only who may be written to."""

    def test_who_opens_an_issue_is_told_its_number_and_where_it_stands(self):
        issue = self._say_low()
        self.assertEqual(issue.notice, "opened")
        mail = self._tell()
        self.assertEqual((len(mail), mail.recipient_ids, mail.state), (1, self.partner, "outgoing"))
        self.assertEqual(mail.subject, 'We are on it: "The lid leaks"')
        self.assertIn(issue.name, mail.body_html)
        self.assertIn(self._link(issue), mail.body_html)
        self.assertIn("A supervisor will call you by", mail.body_html)
        self.assertTrue(issue.customer_notified_date)
        self.assertFalse(issue.notice)
        self.assertFalse(self._tell(), "once")

    def test_ways_in(self):
        by_hand = self._issue()
        door = {"inbound_source": "hotline", "source": "staff", "is_complaint": True, "detail": "The lid leaks"}
        hotline = self.env["aftersale.feedback"].create(
            {**door, "partner_id": self._customer(1).id, "company_id": self.company.id}
        )
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "new.customer@example.com", "x@example.com", "It leaks"
        mail["Message-ID"] = "<notice-way-in@example.com>"
        mail.set_content("The lid leaks badly.")
        values = {"company_id": self.company.id}
        mailed = self.env["mail.thread"].message_process("aftersale.issue", mail.as_string(), custom_values=values)
        mailed = self.env["aftersale.issue"].browse(mailed)
        told = self._tell()
        self.assertEqual(told.mapped("res_id"), [by_hand.id, hotline.issue_ids.id, mailed.id])
        self.assertFalse(mailed.message_partner_ids.filtered("partner_share"), "The customer does not follow.")

    def test_setting(self):
        self.company.aftersale_tell_customers = False
        issue = self._say_low()
        issue.promised_date = self.promise
        self.assertFalse(issue.notice)
        self.assertFalse(self._tell() or issue.customer_notified_date)

    def test_joining_answer_is_not_acknowledged_again(self):
        issue = self._say_low()
        self._tell()
        self.assertEqual(self._say_low(), issue)
        self.assertFalse(self._tell())

    def test_promise_is_told_and_each_change_of_it(self):
        issue = self._issue()
        self._tell()
        issue.promised_date = self.promise
        first = self._tell()
        self.assertEqual(first.subject, 'News about "The lid leaks"')
        issue.promised_date = self.promise
        self.assertFalse(self._tell(), "the same date again is no news")
        issue.promised_date = self.promise + timedelta(days=1)
        self.assertEqual(len(self._tell()), 1)
        issue.promised_date = False
        self.assertFalse(self._tell())
        done = self._solved_issue(partner_id=self._customer(1).id)
        self._tell()
        done.promised_date = self.promise
        self.assertFalse(self._tell(), "what is done is promised to nobody")

    def test_opening_with_a_promise_is_one_message(self):
        issue = self._issue(promised_date=self.promise)
        issue.promised_date = self.promise + timedelta(days=1)
        mail = self._tell()
        self.assertEqual((len(mail), mail.subject), (1, 'We are on it: "The lid leaks"'))
        self.assertIn("plans to finish by", mail.body_html)

    def test_confirmed_solution_is_told(self):
        issue = self._verified()
        self.assertEqual((issue.state, issue.notice), ("closed", "closed"))
        mail = self._tell()
        self.assertEqual(mail.subject, '"The lid leaks" is closed')
        self.assertIn("Seal replaced", mail.body_html)
        self.assertNotIn("Worn seal", mail.body_html, "The cause is ours.")

    def test_waivers_cancelling_and_reopening_say_nothing(self):
        waived = self._solved_issue()
        cancelled = self._issue(partner_id=self._customer(1).id)
        self.assertEqual(cancelled.notice, "opened")
        cancelled.write({"state": "cancelled", "cancel_reason": "Entered by mistake"})
        self.assertFalse(self._tell())
        waived.write({"waiver_reason": "no_reply", "waiver_note": "Two mails", "state": "closed"})
        self.assertFalse(self._tell())
        self.assertEqual(self._verified(resolved="no").state, "processing")
        self.assertFalse(self._tell())

    def test_reopening_ends_a_promise_that_is_over(self):
        issue = self._solved_issue(promised_date=self.company._aftersale_today() - timedelta(days=1))
        issue.state = "processing"
        self.assertFalse(issue.promised_date or issue.is_overdue)
        other = self._solved_issue(promised_date=self.promise)
        other.state = "processing"
        self.assertEqual(other.promised_date, self.promise)

    def test_broken_promise_is_overdue(self):
        issue = self._issue(promised_date=self.promise)
        self.assertFalse(issue.is_overdue)
        issue.promised_date = self.company._aftersale_today() - timedelta(days=1)
        self.assertTrue(issue.is_overdue)
        self.assertIn(issue, self.env["aftersale.issue"].search([("is_overdue", "=", True)]))

    def test_merge_and_split_say_nothing(self):
        said = self._say(score=1, detail="Two things") | self._say(score=1, detail="The other thing")
        issue = said.issue_ids
        self._tell()
        part = issue._split(said[1], "The other thing")
        self.assertFalse(self._tell())
        part.promised_date = self.promise
        self.assertEqual(self._tell().res_id, part.id)
        part._merge_into(issue)
        self.assertEqual(issue.promised_date, self.promise)
        self.assertFalse(self._tell())

    def test_opt_outs_and_blacklists(self):
        refused = {}
        for number, scenario in enumerate((False, "new_customer", "resolution_check"), 1):
            partner = self._customer(number)
            self.env["aftersale.optout"].sudo().create(
                {"key": partner.email_normalized, "partner_id": partner.id, "scenario": scenario}
            )
            refused[partner] = self._say_low(partner=partner)
        blacklisted = self._customer(4)
        self.env["mail.blacklist"].sudo()._add(blacklisted.email)
        refused[blacklisted] = self._issue(partner_id=blacklisted.id)
        once = self._customer(5)
        refused[once] = self._say_low(partner=once)
        refused[once].feedback_ids.followup_id._opt_out("request")
        other = self._customer(6)
        self.env["aftersale.optout"].sudo().create(
            {"key": other.email_normalized, "partner_id": other.id, "scenario": "pilot"}
        )
        told = self._say_low(partner=other)
        self.assertEqual(self._tell().mapped("res_id"), told.ids)
        self.assertFalse([issue for issue in refused.values() if issue.customer_notified_date or issue.notice])

    def test_anonymised_issues_tell_nobody(self):
        issue = self._verified()
        issue._anonymise()
        self.assertFalse(self._tell())

    def test_way_out(self):
        issue = self._say_low()
        mail = self._tell()
        self.assertIn(issue.feedback_ids.followup_id._get_optout_link(), mail.headers)
        self.assertIn("List-Unsubscribe-Post", mail.headers)
        by_hand = self._issue(partner_id=self._customer(1).id)
        mail = self._tell()
        self.assertEqual((mail.res_id, mail.headers), (by_hand.id, False))

    def test_customers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.partner.lang = "zh_CN"
        template = self.env.ref("aftersale_followup.mail_template_issue_opened")
        template.with_context(lang="zh_CN").subject = "已受理：“{{ object._get_placeholders()['issue'] }}”"
        self._issue()
        self.assertEqual(self._tell().subject, "已受理：“The lid leaks”")

    def test_text_message_without_address(self):
        sms = self.env.ref("aftersale_followup.channel_sms")
        plans = self.env["aftersale.plan"].search([])
        plans.channel_ids -= sms
        partner = self.env["res.partner"].create({"name": "By Phone", "phone": "+8613800005678"})
        issue = self._issue(partner_id=partner.id)
        self._tell()
        texts = self.env["sms.sms"].sudo()
        self.assertFalse(texts.search([("partner_id", "=", partner.id)]) or issue.customer_notified_date)
        self.plan_new.channel_ids += sms
        issue.promised_date = self.promise
        again = self._issue(partner_id=partner.id, product_id=False)
        self._tell()
        queued = texts.search([("partner_id", "=", partner.id)], order="id")
        self.assertEqual(queued.mapped("state"), ["outgoing"] * 2)
        self.assertTrue(any(f"/a/{again._get_issue_token()}" in text.body for text in queued))
        self.assertTrue(issue.customer_notified_date)
        self.assertNotIn(again._get_issue_token(), again.message_ids[0].body)
        self.assertIn("Told By Phone by text message.", again.message_ids[0].body)

    def test_chatter_says_what_was_sent_and_not_the_link(self):
        issue = self._say_low()
        issue.user_id = self.agent
        mail = self._tell()
        message = mail.mail_message_id
        self.assertIn("Told Wang Fang by e-mail: We are on it", message.body)
        self.assertIn(message, issue.message_ids)
        for reader in (self.agent, self.manager):
            read = str(message.with_user(reader).read())
            self.assertNotIn(issue._get_issue_token(), read)
            self.assertNotIn(issue.feedback_ids.followup_id._get_optout_token(), read)
            with self.assertRaises(AccessError):
                mail.with_user(reader).read(["body_html"])
        self.assertNotIn(self.partner, issue.message_partner_ids)

    def test_reply_lands_in_the_issue_without_our_link(self):
        self.env["mail.alias.domain"].create(
            {"name": "aftersale.example.com", "bounce_alias": "bounce", "catchall_alias": "catchall"}
        ).company_ids = self.company
        issue = self._say_low()
        mail = self._tell()
        self.assertIn("catchall@aftersale.example.com", mail.reply_to)
        reply = EmailMessage()
        reply["From"], reply["To"], reply["Subject"] = self.partner.email, mail.reply_to, "Re: We are on it"
        reply["Message-ID"], reply["In-Reply-To"] = "<reply-1@example.com>", mail.message_id
        reply.set_content("It leaks more now.")
        reply.add_alternative(f"<p>It leaks more now.</p><blockquote>{mail.body_html}</blockquote>", subtype="html")
        self.env["mail.thread"].message_process(False, reply.as_string())
        message = issue.message_ids[0]
        self.assertEqual(message.author_id, self.partner)
        self.assertIn("It leaks more now.", message.body)
        self.assertIn("/aftersale/issue/quoted", message.body)
        self.assertNotIn(issue._get_issue_token(), message.body)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_comment"), "Who works on it is told.")
        self.assertNotIn(self.partner, issue.message_partner_ids)

    def test_thanks_and_acknowledgement_are_one_message(self):
        paper = self._say("paper", "staff", score=1)
        self.assertEqual(paper.thanks, "issue")
        self.assertFalse(self.env["mail.mail"].sudo().search([("model", "=", paper._name), ("res_id", "=", paper.id)]))
        self.assertEqual(self._tell().res_id, paper.issue_ids.id)
        joining = self._say("paper", "staff", score=1)
        self.assertEqual(joining.thanks, "email", "Nothing else is sent.")
        self.assertEqual(self._say("paper", "staff", score=5).thanks, "email")

    def test_old_answers_are_not_acknowledged(self):
        old = self._say_low("paper", "staff", date=fields.Datetime.now() - timedelta(days=8))
        self.assertFalse(old.notice)
        self.assertFalse(self._tell())

    def test_one_that_cannot_be_told_stops_no_other(self):
        bad, good = self._issue(), self._issue(partner_id=self._customer(1).id)
        issue_class = type(bad)
        original = issue_class._get_placeholders

        def fail(issue):
            if issue == bad:
                raise ValueError("broken")
            return original(issue)

        with patch.object(issue_class, "_get_placeholders", fail), mute_logger(PLANNING, "odoo.addons.mail"):
            with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
                self.assertEqual(self._tell().res_id, good.id)
        self.assertFalse(bad.notice or bad.customer_notified_date)
        self.assertTrue(bad.activity_ids.filtered(lambda a: "could not be told" in (a.note or "")))
        self.assertFalse(self._tell())

    def test_queries_do_not_grow_with_the_number(self):
        def count(number):
            issues = self.env["aftersale.issue"]
            for _n in range(number):
                self.counter_customer = getattr(self, "counter_customer", 50) + 1
                issues |= self._issue(partner_id=self._customer(self.counter_customer).id)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            issues.sudo()._tell_customers()
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count(1)
        few, many = count(2), count(12)
        self.assertLessEqual((many - few) / 10, 12, f"{few} for 2, {many} for 12")

    def test_nobody_sets_what_is_told(self):
        issue = self._issue(user_id=self.agent.id)
        for user in (self.agent, self.supervisor, self.manager):
            with self.assertRaises(AccessError):
                issue.with_user(user).notice = "closed"
        entered = (
            self.env["aftersale.issue"]
            .with_user(self.supervisor)
            .create({"title": "By hand", "partner_id": self.partner.id, "notice": "closed"})
        )
        self.assertEqual(entered.notice, "opened")

    def test_supervisor_has_the_words_for_the_call(self):
        issue = self._say_low().with_user(self.supervisor)
        issue.promised_date = self.promise
        self.assertIn(self.supervisor.name, issue.progress_script)
        self.assertIn("The lid leaks", issue.progress_script)
