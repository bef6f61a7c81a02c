import re
from datetime import timedelta
from html import unescape

from freezegun import freeze_time

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..controllers import aftersale_followup as page
from .capture_common import CaptureCase


class PageCase(CaptureCase, HttpCase):
    def setUp(self):
        super().setUp()
        page._calls.clear()
        self.path = f"/aftersale/{self.followup.access_token}"

    def _get(self, path=None, **options):
        return self.url_open(path or self.path, **options)

    def _nonce(self, response):
        return re.search(r'name="nonce" value="([^"]+)"', response.text)[1]

    def _post(self, form, path=None, nonce=None, slow=True, **options):
        """Send ``form`` as a person would: after opening the page, and not at once."""
        if nonce is None:
            nonce = self.followup._make_nonce(opened=fields.Datetime.now().timestamp() - 60 if slow else None)
        return self.url_open(path or self.path, data={"nonce": nonce, **form}, **options)

    def _snapshot(self):
        self.env.invalidate_all()
        counts = [
            self.env[model].search_count([])
            for model in (
                "aftersale.feedback",
                "aftersale.attempt",
                "aftersale.optout",
                "survey.user_input",
                "mail.activity",
            )
        ]
        return self.followup.state, self.followup.write_date, counts


@tagged("post_install", "-at_install")
class TestPageShow(PageCase):
    """Opening a link shows the right page and never writes: scanners and previews open links, too."""

    def test_opening_writes_nothing(self):
        before = self._snapshot()
        for path in (self.path, f"{self.path}?score=1", f"{self.path}/optout", f"{self.path}?lang=zh_CN"):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path, method=method):
                    self.assertEqual(self._get(path, method=method).status_code, 200)
        self.assertEqual(self._snapshot(), before)

    def test_page_is_light_and_leaves_no_trace(self):
        response = self._get()
        self.assertLess(len(response.content), 30_000)
        self.assertFalse(response.cookies)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        self.assertEqual(response.headers["X-Frame-Options"], "DENY")
        for path in re.findall(r'(?:href|src)="(/aftersale_followup/[^"]+)"', response.text):
            self.assertEqual(self._get(path).status_code, 200)

    def test_page_can_be_read_by_a_screen_reader(self):
        text = self._get().text
        self.assertIn('<html lang="en-US">', text)
        questions = self.survey._aftersale_form()["questions"]
        for question in questions:
            block = re.search(rf'<fieldset class="q" id="q{question["id"]}".*?</legend>', text, re.S)
            self.assertTrue(block, question["title"])
            self.assertIn(question["title"], block[0])
        for label in ("Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"):
            self.assertIn(f"<span>{label}</span>", text)
        # Every field has a label: inside one, or named by its id.
        for field in re.findall(r'<(?:input|textarea)[^>]*id="(\w+)"', text):
            self.assertIn(f'for="{field}"', text)

    def test_notice_stands_above_the_questions(self):
        text = self._get().text
        self.assertLess(text.index("Answering is voluntary"), text.index("<fieldset"))
        self.plan_new.notice = "We ask because of [product].\n\nDetails."
        text = self._get().text
        self.assertIn("We ask because of Kettle.", text)
        self.assertNotIn("Answering is voluntary", text)

    def test_star_of_the_invitation_is_preselected_only(self):
        checked = re.findall(r'value="(\d)"[^>]*checked', self._get(f"{self.path}?score=4").text)
        self.assertEqual(checked, ["4"])
        for score in ("0", "6", "abc", "", "4&score=5", "%00", "9" * 5000):
            with self.subTest(score=score[:10]):
                response = self._get(f"{self.path}?score={score}")
                self.assertEqual(response.status_code, 200)
                if score != "4&score=5":
                    self.assertNotIn("checked", response.text)

    def test_page_speaks_the_language_of_the_follow_up_and_others(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.ref("aftersale_followup.survey_new_suggestion").with_context(
            lang="zh_CN"
        ).title = "您希望我们改进什么？"
        self.followup.lang = "zh_CN"
        text = self._get().text
        self.assertIn('<html lang="zh-CN">', text)
        self.assertIn("您希望我们改进什么？", text)
        text = self._get(f"{self.path}?lang=en_US").text
        self.assertIn("What should we do better next?", text)
        self.assertIn('<html lang="zh-CN">', self._get(f"{self.path}?lang=../etc").text, "Unknown: the follow-up's")

    def test_unknown_links_are_404(self):
        for token in ("x" * 22, "x", "x" * 500, "%00" * 22, "%ED%A0%80" * 22, "' OR 1=1 --", "é" * 22):
            with self.subTest(token=token[:10]):
                self.assertEqual(self._get(f"/aftersale/{token}").status_code, 404)
                self.assertEqual(self._post({}, path=f"/aftersale/{token}", nonce="x").status_code, 404)
                self.assertEqual(self._post({}, path=f"/aftersale/{token}/optout", nonce="x").status_code, 404)

    def test_closed_links_are_410_and_do_not_take_answers(self):
        expired = self._followup(date_expiry=fields.Datetime.now() - timedelta(hours=1))
        closed = [
            self._followup(state=state) for state in ("planned", "expired", "cancelled", "refused", "unreachable")
        ]
        for followup in [expired, *closed]:
            with self.subTest(state=followup.state):
                path = f"/aftersale/{followup.access_token}"
                page = self._get(path)
                self.assertEqual(page.status_code, 410)
                self.assertRegex(page.text, r"<title>(This link is closed|Not open yet) – ")
                response = self._post(self._form(5), path=path, nonce=followup._make_nonce())
                self.assertEqual(response.status_code, 410)
                self.assertFalse(followup.feedback_ids)

    def test_plan_without_questionnaire_is_a_closed_link(self):
        self.plan_new.write({"active": False, "survey_id": False})
        self.assertEqual(self._get().status_code, 410)
        self.assertEqual(self._post(self._form(5)).status_code, 410)

    def test_too_many_calls_of_one_address_are_429(self):
        self.env["ir.config_parameter"].set_param("aftersale_followup.page_rate", "5")  # below 60 is never applied
        with freeze_time(fields.Datetime.now(), tick=False):
            codes = [self._get("/aftersale/x").status_code for _number in range(61)]
        self.assertEqual(codes, [404] * 60 + [429])

    def test_nonsense_as_the_limit_of_calls_is_the_usual_limit(self):
        for nonsense in ("²", "1²", "-1", "many", "9" * 5000):
            with self.subTest(limit=nonsense[:9]):
                self.env["ir.config_parameter"].set_param("aftersale_followup.page_rate", nonsense)
                self.assertEqual(self._get().status_code, 200)


@tagged("post_install", "-at_install")
class TestPageSubmit(PageCase):
    """Sending: one answer, once, whatever is sent; nothing typed is lost, and never a server error."""

    def test_answer_is_recorded_and_thanked_for_directly(self):
        response = self._post(self._whole_form(5), allow_redirects=False)
        self.assertEqual(response.status_code, 200)
        self.assertIn("Thank you", response.text)
        feedback = self.followup.feedback_ids
        self.assertEqual((feedback.score, feedback.source, feedback.evidence), (5, "customer", "recorded"))
        self.assertEqual(self.followup.state, "done")
        self.assertEqual(self._get().status_code, 200)
        self.assertIn("Thank you", self._get().text)

    def test_low_score_promises_the_supervisor(self):
        self.company.aftersale_contact_days = 3
        text = re.sub(r"\s+", " ", self._post(self._form(2, detail="坏了")).text)
        self.assertIn("A supervisor will contact you within 3 working days", text)
        self.assertEqual(self.followup.feedback_ids.detail, "坏了")

    def test_answer_at_once_is_suspicious(self):
        self._post(self._whole_form(5), slow=False)
        self.assertEqual(self.followup.feedback_ids.evidence, "suspicious")

    def test_wrong_scores_are_refused_and_explained(self):
        number = self._question("satisfaction")["id"]
        for score in ("0", "6", "abc", "", None):
            with self.subTest(score=score):
                response = self._post(self._form(score, detail="It came <b>late</b>"))
                self.assertEqual(response.status_code, 422)
                self.assertIn('role="alert"', response.text)
                self.assertIn(f'id="eq{number}"', response.text, "The message stands beside its question")
                self.assertIn("It came &lt;b&gt;late&lt;/b&gt;</textarea>", response.text, "What was typed stays")
        self.assertFalse(self.followup.feedback_ids)

    def test_corrected_answer_counts_from_the_first_opening(self):
        response = self._post(self._form(None, detail="Good"), nonce=self.followup._make_nonce(opened=1))
        self.assertGreater(self.followup._check_nonce(self._nonce(response)), 1000)
        self._post(self._form(5, detail="Good"), nonce=self._nonce(response))
        self.assertEqual(self.followup.feedback_ids.evidence, "recorded")

    def test_without_a_valid_nonce_nothing_is_recorded_and_nothing_lost(self):
        other = self._followup()
        with freeze_time(fields.Datetime.now() - timedelta(days=2)):
            old = self.followup._make_nonce()
        for nonce in ("", "x", "0-0-" + "0" * 64, other._make_nonce(), old):
            with self.subTest(nonce=nonce[:8]):
                response = self._post(self._form(4, detail="My own words"), nonce=nonce)
                self.assertEqual(response.status_code, 400)
                self.assertIn("My own words", response.text)
                self.assertRegex(response.text, r'value="4"[^>]*checked')
                self.assertFalse(self.followup.feedback_ids)
        self.assertEqual(self._post(self._form(4), nonce=self._nonce(response)).status_code, 200)
        self.assertEqual(self.followup.feedback_ids.score, 4)

    def test_replay_changes_nothing(self):
        nonce = self.followup._make_nonce(opened=1)
        first = self._post(self._whole_form(2), nonce=nonce)
        before = self._snapshot()
        second = self._post(self._whole_form(2), nonce=nonce)
        self.assertEqual((second.status_code, second.text), (200, first.text))
        self.assertEqual(self._snapshot(), before)

    def test_second_different_answer_is_contested(self):
        self._post(self._form(5))
        before = self.followup.feedback_ids.read()
        response = self._post(self._form(1, detail="Changed <i>my</i> mind"))
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(self.followup.feedback_ids.read(), before)
        attempt = self.followup.attempt_ids.filtered(lambda a: a.outcome == "contested")
        self.assertEqual(len(attempt), 1)
        self.assertIn("Changed <i>my</i> mind", attempt.note)

    def test_megabyte_of_text_is_explained_and_comes_back(self):
        text = "测" * 350_000
        response = self._post(self._form(5, detail=text))
        self.assertEqual(response.status_code, 422)
        self.assertIn(text, response.text)
        self.assertFalse(self.followup.feedback_ids)
        self.assertEqual(self._post({"x": "a" * (page.MAX_BODY + 1)}).status_code, 413)

    def test_markup_stays_text(self):
        evil = "</textarea><script>alert(1)</script>{{ 7*7 }}<t t-esc='1'/>"
        response = self._post(self._form(None, detail=evil))
        self.assertNotIn("<script>alert", response.text)
        self.assertIn(evil, unescape(response.text))
        self._post(self._form(5, detail=evil))
        self.assertEqual(self.followup.feedback_ids.detail, evil)

    def test_strange_bodies_never_end_in_a_server_error(self):
        nonce = self.followup._make_nonce(opened=1)
        number = self._question("detail")["id"]
        bodies = (
            (b"", None),
            (b"\xff\xfe\x00%%%&&==", "application/x-www-form-urlencoded"),
            (b'{"a": "\\ud800"}', "application/json"),
            (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
            (b"no boundary", "multipart/form-data"),
            (f"nonce={nonce}&self=1&token=2&q{number}=%00%ED%A0%80".encode(), "application/x-www-form-urlencoded"),
            (f"nonce={nonce}&nonce=x&q=1&q{number}_1=a&lang=%00".encode(), "application/x-www-form-urlencoded"),
        )
        for body, kind in bodies:
            for path in (self.path, f"{self.path}?self=1&score[]=1"):
                with self.subTest(body=body[:20], path=path):
                    headers = {"Content-Type": kind} if kind else {}
                    response = self.opener.post(self.base_url() + path, data=body, headers=headers)
                    self.assertIn(response.status_code, (400, 413, 422))
        self.assertFalse(self.followup.feedback_ids)
        self.assertEqual(self.opener.put(self.base_url() + self.path).status_code, 405)

    def test_control_characters_are_left_out(self):
        self._post(self._form(5, detail="a\x00b\x1bc"))
        self.assertEqual(self.followup.feedback_ids.detail, "abc")

    def test_call_back_is_asked_for_on_the_same_page(self):
        self._post(self._form(5) | {"call_back": "1", "call_back_note": "after six"})
        self.assertIn("after six", self.followup.feedback_ids.note)
        self.assertTrue(self.partner.activity_ids.filtered(lambda a: "after six" in (a.note or "")))


@tagged("post_install", "-at_install")
class TestPageOptout(PageCase):
    """Opting out needs a click on a button, works for old links, too, and is heard at once."""

    def test_button_ends_it_at_the_chosen_level(self):
        self.assertIn("Stop asking me", self._get(f"{self.path}/optout").text)
        response = self._post({"level": "scenario"}, path=f"{self.path}/optout")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.followup.state, "refused")
        optout = self.env["aftersale.optout"].search([("key", "=", self.followup.email_key)])
        self.assertEqual((optout.scenario, optout.source), ("new_customer", "link"))
        self.assertEqual(self._get().status_code, 410)

    def test_one_click_of_the_mail_program_is_enough(self):
        response = self.url_open(f"{self.path}/optout", data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(response.status_code, 200)
        optout = self.env["aftersale.optout"].search([("key", "=", self.followup.email_key)])
        self.assertEqual((optout.scenario, optout.followup_id.id, optout.source), (False, False, "mail"))

    def test_the_link_of_other_messages_opts_out_and_does_nothing_else(self):
        path = f"/aftersale/{self.followup._get_optout_token()}"
        page = self._get(f"{path}/optout").text
        self.assertIn("Stop asking me", page)
        self.assertIn(f'action="{path}/optout"', page)
        self.assertNotIn(self.followup.access_token, page)
        self.assertEqual(self._get(path).status_code, 404)
        self.assertEqual(self._post(self._form(5), path=path).status_code, 404)
        wrong = [
            f"{path[:-1]}{'a' if path[-1] != 'a' else 'b'}",
            path.replace("/o", "/of"),
            "/aftersale/o7fffffff-" + "x" * 22,
        ]
        for forged in wrong:
            with self.subTest(path=forged):
                self.assertEqual(self._get(f"{forged}/optout").status_code, 404)
        answer = self._post({"level": "all"}, path=f"{path}/optout", nonce="x")
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn(self.followup.access_token, answer.text)
        self.assertEqual(self.followup.state, "refused")

    def test_link_of_an_answered_request_still_opts_out(self):
        self._post(self._form(5))
        self._post({"level": "all"}, path=f"{self.path}/optout")
        self.assertEqual(self.followup.state, "done")
        self.assertTrue(self.env["aftersale.optout"].search([("key", "=", self.followup.email_key)]))
