import re
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from ..controllers import aftersale_followup as page
from .common import AftersaleCase


class FormCase(AftersaleCase, HttpCase):
    def setUp(self):
        super().setUp()
        page._calls.clear()
        self.path = f"/aftersale/feedback/{self.company.id}"
        self.Feedback = self.env["aftersale.feedback"]

    def _nonce(self, ago=60, **options):
        return self.company._aftersale_make_form_nonce(opened=fields.Datetime.now().timestamp() - ago, **options)

    def _post(self, path=None, **form):
        form = {"nonce": self._nonce(), "detail": "The lid leaks", **form}
        return self.url_open(path or self.path, data={name: value for name, value in form.items() if value is not None})

    def _received(self):
        self.env.invalidate_all()
        return self.Feedback.search([("inbound_source", "=", "form")])


@tagged("post_install", "-at_install")
class TestForm(FormCase):
    """The public form: for people, whoever they are; not for programs."""

    def test_it_is_shown_without_writing(self):
        for path in ("/aftersale/feedback", self.path):
            response = self.url_open(path)
            self.assertEqual(response.status_code, 200)
            self.assertIn('name="detail"', response.text)
        self.assertNotIn("<script>", response.text)
        self.assertIn("no-store", response.headers["Cache-Control"])
        self.assertFalse(response.cookies)
        self.assertLess(len(response.content), 30_000)

    def test_what_is_written_is_nobodys(self):
        response = self._post(
            kind="complaint",
            score="1",
            contact_name="Li Lei",
            email=self.partner.email,
            phone="123",
            about="Kettle <b>",
        )
        self.assertEqual(response.status_code, 200)
        self.assertIn("recorded", response.text)
        feedback = self._received()
        self.assertEqual((feedback.detail, feedback.score, feedback.source), ("The lid leaks", 1, "customer"))
        self.assertFalse(feedback.partner_id, "Nobody says who they are by typing an address.")
        self.assertEqual((feedback.contact_name, feedback.email), ("Li Lei", self.partner.email))
        self.assertTrue(feedback.is_complaint and feedback.is_low_score)
        self.assertEqual((feedback.team_id, feedback.channel_id.code), (self.team, "inbound"))
        self.assertEqual(feedback.note, "About: Kettle <b>")
        self.assertEqual(feedback.create_uid, self.env.ref("base.user_root"))

    def test_a_wish_is_a_suggestion(self):
        self._post(kind="wish", detail="An app, please")
        self.assertEqual((self._received().suggestion, self._received().suggestion_state), ("An app, please", "new"))

    def test_sent_twice_it_is_one(self):
        nonce = self._nonce()
        for _n in range(2):
            self.assertEqual(self._post(nonce=nonce).status_code, 200)
        self.assertEqual(len(self._received()), 1)
        self._post(nonce=nonce, detail="Something else")
        self.assertEqual(len(self._received()), 2)

    def test_programs_are_stopped_and_people_lose_no_word(self):
        cases = (
            ({"website": "https://spam.example.com"}, 422),
            ({"nonce": self._nonce(ago=0)}, 422),
            ({"nonce": None}, 400),
            ({"nonce": "0-0-" + "0" * 64}, 400),
            ({"detail": " "}, 422),
            ({"email": "nobody"}, 422),
            ({"score": "9"}, 422),
            ({"detail": "x" * 10_001}, 422),
        )
        for form, status in cases:
            with self.subTest(form=str(form)[:60]):
                response = self._post(contact_name="Li Lei", **form)
                self.assertEqual(response.status_code, status)
                self.assertIn('role="alert"', response.text)
                self.assertIn('value="Li Lei"', response.text)
        self.assertFalse(self._received())
        again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text))
        self.assertEqual(self._post(nonce=again["nonce"]).status_code, 200)

    def test_nonce_is_of_this_company_and_for_a_day(self):
        other = self.env["res.company"].create({"name": "Other company"})
        self.assertEqual(self._post(nonce=other._aftersale_make_form_nonce(opened=1)).status_code, 400)
        times = f"{1:x}-{1:x}"
        old = self.company._aftersale_sign_form(1, 1)
        self.assertTrue(old.startswith(times))
        self.assertEqual(self._post(nonce=old).status_code, 400)

    def test_limit_of_each_address(self):
        self.company.aftersale_form_hourly = 2
        for number in range(2):
            self.assertEqual(self._post(detail=f"Number {number}").status_code, 200)
        response = self._post(detail="Number 3")
        self.assertEqual(response.status_code, 429)
        self.assertIn("Number 3", response.text, "No word is lost.")
        self.assertEqual(len(self._received()), 2)
        self._received().sender_key = "somebody else"
        self.assertEqual(self._post(detail="Number 3").status_code, 200)

    def test_switched_off_or_unknown_it_is_not_there(self):
        self.assertEqual(self.url_open("/aftersale/feedback/999999").status_code, 404)
        self.company.aftersale_form = False
        self.assertEqual(self.url_open(self.path).status_code, 404)
        self.assertEqual(self._post().status_code, 404)

    def test_flood(self):
        with patch.object(page.AftersalePage, "_is_flood", lambda self: True):
            self.assertEqual(self.url_open(self.path).status_code, 429)
            self.assertEqual(self._post().status_code, 429)

    def test_colleague_is_recognised(self):
        new_test_user(self.env, "asf_form", groups="base.group_user", password="asf_form_pw")
        self.authenticate("asf_form", "asf_form_pw")
        self._post(score="5")
        self.assertIn("logged in", self._received().suspicious_reason)


@tagged("post_install", "-at_install")
class TestPortal(FormCase):
    """What a logged-in customer sees and writes: their own, and nothing of our side."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = new_test_user(cls.env, "asf_customer", groups="base.group_portal", password="asf_customer_pw")
        cls.other = new_test_user(
            cls.env, "asf_other_customer", groups="base.group_portal", password="asf_other_customer_pw"
        )
        cls.order = cls._order(cls.customer.partner_id)
        cls.foreign = cls._order(cls.other.partner_id)

    def _say(self, user, **values):
        return self.Feedback.create(
            {
                "partner_id": user.partner_id.id,
                "source": "customer",
                "score": 2,
                "detail": f"Words of {user.login}",
                "note": "Internal remark",
                "is_complaint": True,
                **values,
            }
        )

    def _send(self, **form):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.url_open("/my/feedback/new").text)[1]
        return self.url_open("/my/feedback/new", data={"csrf_token": token, "detail": "The lid leaks", **form})

    def test_own_feedback_and_issues_only(self):
        mine, theirs = self._say(self.customer), self._say(self.other)
        mine.issue_ids.write({"user_id": self.agent.id, "root_cause": "Bad seal", "solution": "New lid"})
        self.authenticate("asf_customer", "asf_customer_pw")
        text = self.url_open("/my/feedback").text
        for shown in (mine.detail, mine.issue_ids.name, mine.name):
            self.assertIn(shown, text)
        for hidden in (theirs.detail, theirs.issue_ids.name, "Internal remark", "Bad seal", "New lid", self.agent.name):
            self.assertNotIn(hidden, text)
        mine.issue_ids.state = "processing"
        mine.issue_ids.state = "done"
        text = self.url_open("/my/feedback").text
        self.assertIn("New lid", text, "What was done is told once it is done.")
        self.assertNotIn("Bad seal", text)

    def test_corrected_and_doubted_answers(self):
        doubted = self._say(self.customer, evidence="suspicious", suspicious_reason="Looks odd")
        first = self._say(self.customer, detail="First words")
        self.Feedback.create(
            {"correction_of_id": first.id, "correction_reason": "Misheard", "detail": "Second words", "score": 3}
        )
        self.authenticate("asf_customer", "asf_customer_pw")
        text = self.url_open("/my/feedback").text
        self.assertIn(doubted.detail, text)
        self.assertIn("Second words", text)
        for hidden in ("Looks odd", "First words", "Misheard"):
            self.assertNotIn(hidden, text)

    def test_writing(self):
        self.authenticate("asf_customer", "asf_customer_pw")
        self.assertIn(self.order.name, self.url_open("/my/feedback/new").text)
        self.assertNotIn(self.foreign.name, self.url_open("/my/feedback/new").text)
        response = self._send(kind="complaint", score="2", line=str(self.order.order_line.id))
        self.assertEqual(response.status_code, 200)
        self.assertIn("/my/feedback?sent=1", response.url)
        self.env.invalidate_all()
        feedback = self.Feedback.search([("inbound_source", "=", "portal")])
        self.assertEqual((feedback.partner_id, feedback.source), (self.customer.partner_id, "customer"))
        self.assertEqual((feedback.order_id, feedback.product_ids), (self.order, self.product))
        self.assertEqual((feedback.issue_ids.kind, feedback.issue_ids.partner_id), ("complaint", feedback.partner_id))
        self.assertIn(feedback.issue_ids.name, response.text)
        self._send(kind="complaint")
        self.assertEqual(
            len(self.Feedback.search([("inbound_source", "=", "portal")])), 1, "The same again is no news."
        )

    def test_nothing_foreign_gets_in(self):
        self.authenticate("asf_customer", "asf_customer_pw")
        for line in (str(self.foreign.order_line.id), "999999999", "x", "-1"):
            self._send(line=line, detail=f"About {line}", score="77", kind="nonsense")
        self.env.invalidate_all()
        feedback = self.Feedback.search([("inbound_source", "=", "portal")])
        self.assertEqual((len(feedback), sum(feedback.mapped("score"))), (4, 0))
        self.assertFalse(feedback.order_id or feedback.product_ids)
        self.assertEqual(self._send(detail=" ").status_code, 422)

    def test_home_and_login(self):
        self.assertIn("/web/login", self.url_open("/my/feedback").url)
        self._say(self.customer)
        self.authenticate("asf_customer", "asf_customer_pw")
        self.assertIn("/my/feedback", self.url_open("/my").text)
        counters = self.make_jsonrpc_request("/my/counters", {"counters": ["aftersale_count"]})
        self.assertEqual(counters["aftersale_count"], 2, "The answer and its issue")
