import base64
import io
from datetime import timedelta

import qrcode
from PIL import Image

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .capture_common import CaptureCase

REPORT = "aftersale_followup.action_report_paper_form"


@tagged("post_install", "-at_install")
class TestPaperEntry(CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paper = cls.env.ref("aftersale_followup.channel_paper")
        cls.satisfaction = cls._question("satisfaction")["id"]
        cls.detail = cls._question("detail")["id"]

    def _save(self, followup=None, user=None, score=4, **values):
        record = (followup or self.followup).with_user(user or self.agent)
        return record.paper_save({"answers": {str(self.satisfaction): score, str(self.detail): "Fine."}, **values})

    def test_a_form_is_found_by_its_number_however_it_is_typed(self):
        number = self.followup.id
        for code in (self.followup.name, f"fu/{number}", f"FU-{number:06d}", str(number), f"  {self.followup.name} "):
            with self.subTest(code=code):
                self.assertEqual(self.followup.with_user(self.agent).paper_open(code)["id"], number)

    def test_a_form_is_found_by_the_code_scanned_from_it(self):
        link = f"https://example.com/aftersale/{self.followup.access_token}?score=4"
        found = self.env["aftersale.followup"].with_user(self.agent).paper_open(link)
        self.assertEqual(found["id"], self.followup.id)
        self.assertEqual(len(found["questions"]), 6)

    def test_a_form_of_somebody_else_is_not_found(self):
        """Nor does the refusal tell that it exists."""
        foreign = self._followup(user_id=self.agent_2.id, team_id=False)
        Followup = self.env["aftersale.followup"].with_user(self.agent)
        for code in (foreign.name, foreign.access_token, "FU/999999", "nonsense", "", None):
            with self.subTest(code=code), self.assertRaisesRegex(UserError, "No follow-up of yours"):
                Followup.paper_open(code)
        with self.assertRaises(AccessError):
            foreign.with_user(self.agent).paper_save({"answers": {str(self.satisfaction): 4}})
        self.assertFalse(foreign.feedback_ids)

    def test_an_employee_types_nothing_in(self):
        employee = self._user("asf_paper_employee", "base.group_user")
        with self.assertRaisesRegex(UserError, "No follow-up of yours"):
            self.env["aftersale.followup"].with_user(employee).paper_open(self.followup.name)
        with self.assertRaises(AccessError):
            self._save(user=employee)

    def test_answers_become_feedback_of_the_day_on_the_form(self):
        self.followup.date_sent = fields.Datetime.now() - timedelta(days=5)
        day = self.company._aftersale_today() - timedelta(days=2)
        result = self._save(date=fields.Date.to_string(day), channel="paper", contact_name="Mrs Wang", note="In pencil")
        self.assertEqual(list(result), ["message"])
        feedback = self.followup.feedback_id
        self.assertEqual((feedback.score, feedback.detail, feedback.contact_name), (4, "Fine.", "Mrs Wang"))
        self.assertEqual(self.company._aftersale_date(feedback.date), day)
        self.assertEqual((feedback.source, feedback.user_id, feedback.channel_id), ("staff", self.agent, self.paper))
        self.assertEqual(self.followup.state, "done")
        attempt = self.followup.attempt_ids
        self.assertEqual((attempt.outcome, attempt.channel_id, attempt.note), ("reached", self.paper, "In pencil"))
        self.assertEqual(self.company._aftersale_date(attempt.date), day)
        # What stands on the form was read, as on the page; nobody asked.
        self.assertEqual(self.followup.consent, "notice")

    def test_a_visit_asks_for_consent_in_person(self):
        self._save(channel="visit")
        self.assertEqual(self.followup.consent, "asked")
        self.assertEqual(self.followup.feedback_id.channel_id, self.env.ref("aftersale_followup.channel_visit"))

    def test_a_form_is_not_dated_before_the_contact_nor_in_the_future(self):
        today = self.company._aftersale_today()
        self.followup.date_sent = fields.Datetime.now() - timedelta(days=3)
        for day in (today - timedelta(days=10), today + timedelta(days=1)):
            with self.subTest(day=day), self.assertRaisesRegex(UserError, "dated between"):
                self._save(date=fields.Date.to_string(day))
        with self.assertRaisesRegex(UserError, "is no date"):
            self._save(date="yesterday")
        self.assertEqual(self.followup.state, "ready")

    def test_a_second_form_is_refused_with_who_entered_the_first(self):
        self._save()
        with self.assertRaisesRegex(UserError, "already answered: entered on .* by asf_agent_one .*Paper"):
            self.followup.with_user(self.supervisor).paper_open(self.followup.name)
        with self.assertRaisesRegex(UserError, "already answered"):
            self._save(user=self.supervisor, score=1)
        self.assertEqual(self.followup.feedback_ids.mapped("score"), [4])

    def test_a_form_is_refused_when_the_customer_answered_online(self):
        answers = self._read(self._form(5))
        self.followup._record_answers(answers, "customer")
        with self.assertRaisesRegex(UserError, "by the customer"):
            self.followup.with_user(self.agent).paper_open(self.followup.name)

    def test_what_is_not_contacted_yet_is_refused_with_its_state(self):
        planned = self._planned()
        with self.assertRaisesRegex(UserError, "Planned"):
            self.env["aftersale.followup"].with_user(self.agent).paper_open(planned.name)

    def test_missing_answers_are_named_and_nothing_is_recorded(self):
        result = self.followup.with_user(self.agent).paper_save({"answers": {str(self.detail): "Fine."}})
        self.assertEqual(list(result["errors"]), [str(self.satisfaction)])
        self.assertFalse(self.followup.feedback_ids)
        self.assertFalse(self.followup.attempt_ids)

    def test_ticked_boxes_are_heeded(self):
        self._save(call_back="After six, 138 0000 1234", opt_out=True)
        activity = self.env["mail.activity"].search(
            [("res_id", "=", self.partner.id), ("res_model", "=", "res.partner")]
        )
        self.assertIn("After six", activity.note)
        optouts = self.env["aftersale.optout"].search([("partner_id", "=", self.partner.id)])
        self.assertIn(self.partner.email_normalized, optouts.mapped("key"))
        self.assertEqual(self.followup.state, "done")

    def test_forms_of_expired_follow_ups_still_count(self):
        self.followup._set_state("expired")
        self._save()
        self.assertEqual(self.followup.state, "done")


@tagged("post_install", "-at_install")
class TestPaperForm(CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.chinese = cls._followup(lang="zh_CN")

    def _html(self, followups, user=None):
        html, _kind = (
            self.env["ir.actions.report"].with_user(user or self.agent)._render_qweb_html(REPORT, followups.ids)
        )
        return html.decode()

    def test_each_form_speaks_the_customers_language(self):
        question = self.env["survey.question"].browse(self._question("satisfaction")["id"])
        question.with_context(lang="zh_CN").title = "您打几分？"
        html = self._html(self.followup | self.chinese)
        self.assertIn("您打几分？", html)
        self.assertIn(question.with_context(lang="en_US").title, html)
        self.assertEqual(html.count('class="ap_number"'), 2)
        self.assertEqual(html.count('class="article'), 1)  # some engines print no more than one document

    def test_all_kinds_of_questions_are_printed_with_the_words_of_the_page(self):
        html = self._html(self.followup)
        form = self.survey._aftersale_form()
        for question in form["questions"]:
            words = [question["title"], *(choice["label"] for choice in question["choices"])]
            words += [row["label"] for row in question["rows"]]
            if len(question["points"]) < 6:
                words += [point["label"] for point in question["points"]]
            for word in words:
                self.assertIn(word.replace("'", "&#39;").replace("&", "&amp;"), html)
        for word in (self.partner.name, self.product.name, self.followup.name, "Please call me back"):
            self.assertIn(word, html)

    def test_conditions_are_told_on_paper(self):
        followup = self._followup(plan=self.plan_verify, scenario="resolution_check")
        self.assertIn("Only if you chose", self._html(followup))

    def test_the_code_is_the_personal_link(self):
        """Decoded by drawing it again: the same dots come from this text only."""
        html = self._html(self.followup)
        picture = html.split("data:image/png;base64,")[1].split('"')[0]
        image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("1")
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
        code.add_data(f"{self.followup.get_base_url()}/aftersale/{self.followup.access_token}")
        matrix = code.get_matrix()
        size = image.width // len(matrix)
        dots = [
            [not image.getpixel((x * size + size // 2, y * size + size // 2)) for x in range(len(matrix))]
            for y in range(len(matrix))
        ]
        self.assertEqual(dots, matrix)

    def test_a_closed_link_is_not_printed(self):
        self.followup.date_expiry = fields.Datetime.now() - timedelta(days=1)
        self.assertNotIn("data:image/png", self._html(self.followup))

    def test_the_form_of_a_colleague_is_not_printed(self):
        """It holds the personal link."""
        foreign = self._followup(user_id=self.agent_2.id, team_id=False)
        with self.assertRaises(AccessError):
            self._html(foreign)

    def test_forms_are_printed_for_what_can_be_answered(self):
        planned = self._planned()
        self.assertNotIn(planned.name, self._html(self.followup | planned))
        with self.assertRaisesRegex(UserError, "open for contact"):
            self._html(planned)
        with self.assertRaisesRegex(UserError, "open for contact"):
            planned.with_user(self.agent).action_print_paper()

    def test_printing_notes_that_the_form_of_who_gets_paper_went_out(self):
        by_paper = self._followup(channel_id=self.env.ref("aftersale_followup.channel_paper").id)
        both = (by_paper | self.followup).with_user(self.agent)
        action = both.action_print_paper()
        self.assertEqual(action["report_name"], "aftersale_followup.report_paper_form")
        both.action_print_paper()
        self.assertEqual(by_paper.attempt_ids.mapped("outcome"), ["sent"])
        self.assertTrue(by_paper.date_sent)
        self.assertFalse(self.followup.attempt_ids)

    def test_a_print_is_noted_in_the_access_log(self):
        before = self.env["aftersale.access.log"].search_count([("purpose", "=", "print")])
        self._html(self.followup)
        self.assertEqual(self.env["aftersale.access.log"].search_count([("purpose", "=", "print")]), before + 1)

    def test_texts_of_customers_are_no_markup(self):
        self.partner.name = "<b>Bold</b> & Co"
        self.assertIn("&lt;b&gt;Bold&lt;/b&gt; &amp; Co", self._html(self.followup))

    def test_templates_of_others_do_not_get_the_link(self):
        """The picture is made for the form, not for whoever writes a template."""
        self.assertFalse(hasattr(type(self.followup), "_get_qr"))
        self.assertIn("/preview", self.followup._get_link())


@tagged("post_install", "-at_install")
class TestDeliverySlip(HttpCase, CaptureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.aftersale_slip_qr = True
        cls.storekeeper = cls._user("asf_stock", "stock.group_stock_user")
        new = cls.env["res.partner"].create({"name": "Li Na", "email": "li.na@example.com"})
        cls.picking = cls._deliver(cls._order(partner=new))
        cls.planned = cls.env["aftersale.followup"].search([("picking_id", "=", cls.picking.id)], limit=1)

    def _slip(self):
        reports = self.env["ir.actions.report"].with_user(self.storekeeper)
        return reports._render_qweb_html("stock.action_report_delivery", self.picking.ids)[0].decode()

    def test_the_slip_carries_the_link_where_the_company_wants_it(self):
        self.assertTrue(self.planned)
        slip = self._slip()
        self.assertIn('src="data:image/png;base64', slip.split('name="aftersale_slip"')[1])
        self.company.aftersale_slip_qr = False
        self.assertNotIn('name="aftersale_slip"', self._slip())

    def test_nobody_is_invited_who_will_not_be_asked(self):
        self.planned._skip("opt_out")
        self.assertNotIn('name="aftersale_slip"', self._slip())

    def test_nobody_else_gets_the_customers_link(self):
        self.picking.partner_id = self.env["res.partner"].create({"name": "Somebody else"})
        self.assertNotIn('name="aftersale_slip"', self._slip())

    def test_a_merged_follow_up_leads_to_the_one_that_is_asked(self):
        survivor = self._followup(partner=self.picking.partner_id)
        self.planned._skip("merged")
        self.planned.merged_into_id = survivor
        codes = self.picking._aftersale_get_slip_codes()
        self.assertIsNone(codes[self.picking.id]["opens"])

    def test_before_its_day_the_link_says_when_it_opens(self):
        day = self.company._aftersale_today() + timedelta(days=4)
        self.planned.date_planned = day
        self.assertEqual(self.picking._aftersale_get_slip_codes()[self.picking.id]["opens"], day)
        page = self.url_open(f"/aftersale/{self.planned.access_token}")
        self.assertEqual(page.status_code, 410)
        self.assertIn("Not open yet", page.text)
        self.assertIn(day.strftime("%m/%d/%Y"), page.text)
        self.planned._set_state("cancelled", cancel_cause="order")
        page = self.url_open(f"/aftersale/{self.planned.access_token}")
        self.assertEqual(page.status_code, 410)
        self.assertNotIn("Not open yet", page.text)


@tagged("post_install", "-at_install")
class TestVisit(CaptureCase):
    def _visit(self, start, user=None):
        Visit = self.env["aftersale.visit"].with_user(user or self.agent)
        return Visit.create({"followup_id": self.followup.id, "start": start, "note": "Bring <seals>"}).action_plan()

    def test_the_follow_up_waits_for_the_visit(self):
        start = fields.Datetime.now().replace(microsecond=0) + timedelta(days=20)
        self._visit(start)
        self.assertEqual(self.followup.channel_id, self.env.ref("aftersale_followup.channel_visit"))
        self.assertEqual(self.followup.date_call, start)
        self.assertGreater(self.followup.date_expiry, start)
        activity = self.partner.activity_ids
        self.assertEqual((activity.user_id, activity.activity_category), (self.agent, "meeting"))
        self.assertEqual(activity.date_deadline, self.company._aftersale_date(start))
        self.assertIn("&lt;seals&gt;", activity.note)
        # Odoo's calendar, where it is installed: the visit is there, and the customer gets no invitation by mail.
        event = activity.calendar_event_id
        self.assertEqual((event.start, event.duration), (start, 1.0))
        self.assertEqual(event.partner_ids, self.agent.partner_id)

    def test_a_visit_lies_ahead(self):
        with self.assertRaisesRegex(UserError, "That hour is over"):
            self._visit(fields.Datetime.now() - timedelta(hours=1))

    def test_only_who_may_work_on_it_plans_a_visit(self):
        self.followup.write({"user_id": self.agent_2.id, "team_id": False})
        with self.assertRaises(AccessError):
            self._visit(fields.Datetime.now() + timedelta(days=1))
        self.assertFalse(self.partner.activity_ids)
