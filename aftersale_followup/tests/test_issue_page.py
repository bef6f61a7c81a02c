import re
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .notice_common import NoticeCase


@tagged("post_install", "-at_install")
class TestIssuePage(NoticeCase, HttpCase):
    """Where an issue stands, for the customer and nobody else."""

    def _open(self, issue, query=""):
        path = re.sub(r"^https?://[^/]+", "", self._link(issue))
        return self.url_open(path + query)

    def test_page_says_where_it_stands_and_nothing_of_ours(self):
        issue = self._issue(user_id=self.agent.id, promised_date=self.promise)
        issue.write({"root_cause": "Worn seal", "solution": "Seal replaced", "whys": "Because", "lesson": "Buy better"})
        issue.message_post(body="The customer is difficult")
        page = self._open(issue)
        self.assertEqual(page.status_code, 200)
        self.assertIn("no-store", page.headers["Cache-Control"])
        for shown in (issue.name, "The lid leaks", "Received", "Promised for", "Kettle"):
            self.assertIn(shown, page.text)
        hidden = (
            "Worn seal",
            "Seal replaced",
            "Because",
            "Buy better",
            "difficult",
            self.agent.name,
            self.partner.email,
        )
        for text in hidden:
            self.assertNotIn(text, page.text)
        issue.state = "processing"
        self.assertIn("Being worked on", self._open(issue).text)
        issue.action_wait()
        self.assertIn("We wait for your answer", self._open(issue).text)
        issue.action_go_on()
        issue.state = "done"
        page = self._open(issue).text
        for shown in ("please confirm", "Seal replaced"):
            self.assertIn(shown, page)
        self.assertNotIn("Promised for", page)
        self.assertNotIn("Is it solved?", page, "The question is not open yet.")
        check = issue.verification_followup_ids
        check.write({"state": "ready", "date_expiry": fields.Datetime.now() + timedelta(days=3)})
        self.assertIn(check.access_token, self._open(issue).text)
        self._say(followup_id=check.id, score=5, resolved="fully")
        page = self._open(issue).text
        self.assertIn("Closed", page)
        self.assertNotIn(check.access_token, page)

    def test_wrong_links_are_unknown(self):
        issue, other = self._issue(), self._issue()
        token = issue._get_issue_token()
        swapped = other._get_issue_token().split("-", 1)[0] + "-" + token.split("-", 1)[1]
        for wrong in (
            swapped,
            token[:-1],
            token + "A",
            "preview",
            f"i{issue.id:x}-{'A' * 22}",
            "%00",
            "i7fffffff-" + "A" * 22,
        ):
            self.assertEqual(self.url_open(f"/aftersale/issue/{wrong}").status_code, 404, wrong)
        self.assertTrue(issue._get_link().endswith("/preview"), "Who renders a text gets no link.")
        self.assertEqual(self.url_open(f"/a/{token}").status_code, 200)
        link = self._link(issue)
        issue.partner_id = self.env["res.partner"].create({"name": "The right one"})
        self.assertNotEqual(self._link(issue), link)
        self.assertEqual(self.url_open(re.sub(r"^https?://[^/]+", "", link)).status_code, 404, "another customer's now")

    def test_anonymised_issue_has_no_page(self):
        issue = self._verified()
        token = issue._get_issue_token()
        issue._anonymise()
        self.assertEqual(self.url_open(f"/aftersale/issue/{token}").status_code, 404)
        self.assertEqual(self.url_open(f"/aftersale/issue/{issue._get_issue_token()}").status_code, 404)

    def test_merged_issue_leads_to_the_one_that_goes_on(self):
        merged, target = self._issue(title="Twice"), self._issue(title="Once")
        merged._merge_into(target)
        self.assertIn(target.name, self._open(merged).text)

    def test_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.partner.lang = "zh_CN"
        issue = self._issue()
        self.assertIn('lang="zh-CN"', self._open(issue).text)
        self.assertIn('<html lang="en-US"', self._open(issue, "?lang=en_US").text)
        self.assertEqual(self._open(issue, "?lang=xx_XX&self=1").status_code, 200)

    def test_portal_shows_own_issues(self):
        customer = new_test_user(self.env, "asf_portal", groups="base.group_portal", password="asf_portal_pw")
        mine, theirs = self._issue(partner_id=customer.partner_id.id), self._issue(title="Not mine")
        duplicate = self._issue(partner_id=customer.partner_id.id, title="Duplicate")
        duplicate._merge_into(mine)
        self.authenticate("asf_portal", "asf_portal_pw")
        listed = self.url_open("/my/feedback").text
        self.assertIn(f"/my/feedback/issue/{mine.id}", listed)
        self.assertNotIn("Duplicate", listed)
        page = self.url_open(f"/my/feedback/issue/{mine.id}")
        self.assertIn(mine.name, page.text)
        self.assertIn("Received", page.text)
        foreign = self.url_open(f"/my/feedback/issue/{theirs.id}")
        self.assertNotIn("Not mine", foreign.text)
        self.assertTrue(foreign.url.endswith("/my/feedback"))
