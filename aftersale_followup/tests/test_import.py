from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .import_common import ImportCase, write_xlsx


@tagged("post_install", "-at_install")
class TestImport(ImportCase):
    def test_a_bad_line_holds_up_no_good_one(self):
        wizard = self._import(self._rows())
        wizard.action_import()
        self.assertEqual(self._states(wizard), [(2, "done"), (3, "error"), (4, "error"), (5, "done")])
        self.assertEqual((wizard.done_count, wizard.known_count, wizard.error_count), (2, 0, 2))
        self.assertEqual(self.followups.mapped("state"), ["done", "ready", "done"])
        self.assertEqual([f.feedback_id.score for f in self.followups], [4, 0, 5])
        self.assertIn("FU/999999", wizard.line_ids[1].message)
        self.assertIn("delighted", wizard.line_ids[2].message)
        self.assertNotIn("Please answer", wizard.line_ids[2].message, "It was answered; one mistake is told once.")
        self.assertFalse(self.followups[1].attempt_ids)

    def test_a_failure_of_the_system_is_that_of_its_line(self):
        def fail(followup, *args, **options):
            if followup == self.followups[0]:
                raise ZeroDivisionError
            return original(followup, *args, **options)

        original = self.registry["aftersale.followup"]._record_answers
        self.patch(self.registry["aftersale.followup"], "_record_answers", fail)
        wizard = self._import(self._rows())
        with mute_logger("odoo.addons.aftersale_followup.wizard.aftersale_import_run"):
            wizard.action_import()
        self.assertEqual(self._states(wizard)[0], (2, "error"))
        self.assertEqual(self._states(wizard)[3], (5, "done"))
        self.assertFalse(self.followups[0].attempt_ids)

    def test_a_trial_says_the_same_and_records_nothing(self):
        counts = {
            name: self.env[name].search_count([]) for name in ("aftersale.feedback", "aftersale.issue", "mail.mail")
        }
        rows = [*self._rows(), [self.followups[1].name, "1", "It is broken and smokes"]]
        wizard = self._import(rows)
        wizard.action_try()
        tried = self._states(wizard)
        self.assertTrue(wizard.is_trial)
        self.assertEqual({name: self.env[name].search_count([]) for name in counts}, counts)
        self.assertEqual(set(self.followups.mapped("state")), {"ready"})
        self.assertFalse(self.followups.attempt_ids)
        wizard.action_import()
        self.assertEqual(self._states(wizard), tried)
        self.assertFalse(wizard.is_trial)
        self.assertTrue(self.followups[1].feedback_id.issue_ids)

    def test_the_same_table_twice_doubles_nothing(self):
        rows = self._rows() + [["", "3", "By hand"], ["", "3", "By hand"]]
        for _n in range(2):
            wizard = self._import(rows)
            wizard.action_import()
        self.assertEqual(
            [state for _number, state in self._states(wizard)], ["known", "error", "error"] + ["known"] * 3
        )
        # Two equal lines of one table are two customers.
        self.assertEqual(self.env["aftersale.feedback"].search_count([("detail", "=", "By hand")]), 2)

    def test_other_answers_to_what_is_answered_are_refused(self):
        self._import(self._rows()).action_import()
        wizard = self._import([self.headings, [self.followups[0].name, "1", "Changed my mind"]])
        wizard.action_import()
        self.assertEqual(wizard.line_ids.state, "error")
        self.assertIn("already answered", wizard.line_ids.message)
        self.assertEqual(self.followups[0].feedback_ids.mapped("score"), [4])

    def test_every_kind_of_answer_is_read(self):
        dimension = self._question("dimension")
        headings = [
            *self.headings,
            self.titles["category"],
            self.titles["nps"],
            *(f"{dimension['title']} [{row['label']}]" for row in dimension["rows"]),
            "Date of the answer",
            "Who answered",
            "Remark",
            "Wishes to be called back",
        ]
        category = self._question("category")
        names = [choice["label"] for choice in category["choices"]]
        self.followups[0].date_sent = fields.Datetime.now() - timedelta(days=4)
        day = self.company._aftersale_today() - timedelta(days=2)
        line = [self.followups[0].name, 4, "Fine", f"{names[1]}; {names[3].upper()}", 9, "5", "4 ", "", day.isoformat()]
        wizard = self._import(None, content=write_xlsx([headings, [*line, "Mr Li", "Nice", "Mornings"]]))
        wizard.action_import()
        self.assertEqual(wizard.line_ids.mapped("message"), [False])
        feedback = self.followups[0].feedback_id
        self.assertEqual((feedback.score, feedback.nps, feedback.contact_name), (4, "9", "Mr Li"))
        self.assertEqual(len(feedback.tag_ids), 2)
        self.assertEqual(feedback.dimension_ids.mapped("score"), [5, 4])
        self.assertEqual(self.company._aftersale_date(feedback.date), day)
        self.assertIn("Mornings", feedback.note)
        self.assertEqual(self.followups[0].attempt_ids.mapped("note"), ["Nice"])

    def test_an_agents_follow_up_is_out_of_reach_of_another_team(self):
        other = self.env["crm.team"].create({"name": "Elsewhere", "company_id": self.company.id})
        self.followups[0].write({"team_id": other.id, "user_id": self.agent_2.id})
        wizard = self._import(self._rows())
        wizard.action_import()
        self.assertEqual(self._states(wizard)[0], (2, "error"))
        self.assertFalse(self.followups[0].feedback_ids)

    def test_agents_do_not_import(self):
        with self.assertRaises(AccessError):
            self._import(self._rows(), user=self.agent)

    def test_answers_of_another_questionnaire_are_refused(self):
        followup = self._followup(plan=self.plan_verify, scenario="resolution_check")
        wizard = self._import([self.headings, [followup.name, "4", ""]])
        wizard.action_import()
        self.assertIn("is asked with the questionnaire", wizard.line_ids.message)

    def test_online_answers_of_another_tool_claim_no_consent(self):
        self._import(self._rows(), channel="online").action_import()
        self.assertFalse(self.followups[0].consent)
        self.assertEqual(self.followups[0].feedback_id.channel_id.code, "online")


@tagged("post_install", "-at_install")
class TestImportInbound(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.headings = ["Number of the answer in the other tool", cls.titles["satisfaction"], cls.titles["detail"]]

    def _row(self, heading, value, score="4"):
        return [[*self.headings, heading], [f"R-{value}", score, "Fine", value]]

    def test_customers_are_known_by_number_address_phone_or_order(self):
        order = self._order()
        cases = {
            "E-mail": "Wang.Fang@Example.com",
            "Phone": "138 0000 1234",
            "Customer number": f"C{self.partner.id:06d}",
            "Order": order.name,
        }
        self.company.country_id = self.env.ref("base.cn")
        for heading, value in cases.items():
            with self.subTest(heading=heading):
                wizard = self._import(self._row(heading, value))
                wizard.action_import()
                feedback = wizard.line_ids.feedback_id
                self.assertEqual(feedback.partner_id, self.partner, wizard.line_ids.message)
                self.assertEqual((feedback.channel_id.code, feedback.source), ("inbound", "staff"))
                self.assertEqual(feedback.order_id, order if heading == "Order" else feedback.order_id.browse())

    def test_an_unknown_customer_keeps_what_was_given(self):
        wizard = self._import(self._row("E-mail", "new@example.com"), inbound_source="social")
        wizard.action_import()
        feedback = wizard.line_ids.feedback_id
        self.assertFalse(feedback.partner_id)
        self.assertEqual((feedback.sudo().email, feedback.inbound_source), ("new@example.com", "social"))

    def test_who_cannot_be_told_apart_is_asked_for(self):
        self.env["res.partner"].create({"name": "Namesake", "email": "wang.fang@example.com"})
        for heading, value, words in (
            ("E-mail", "wang.fang@example.com", "Several customers"),
            ("Customer number", "K-404", "no customer number"),
            ("Order", "S-404", "no order"),
        ):
            with self.subTest(heading=heading):
                wizard = self._import(self._row(heading, value))
                wizard.action_import()
                self.assertIn(words, wizard.line_ids.message)

    def test_a_low_score_opens_an_issue_as_everywhere(self):
        wizard = self._import(self._row("E-mail", "wang.fang@example.com", score="1"))
        wizard.action_import()
        self.assertTrue(wizard.line_ids.feedback_id.issue_ids)

    def test_answers_without_a_field_are_kept_in_words(self):
        survey = self.env.ref("aftersale_followup.survey_pilot")
        questions = survey._aftersale_form()["questions"]
        score = next(q for q in questions if q["role"] == "satisfaction")
        usage = next(q for q in questions if not q["role"])
        rows = [[score["title"], usage["title"]], ["4", usage["choices"][0]["label"]]]
        wizard = self._import(rows, survey_id=survey.id)
        wizard.action_import()
        self.assertIn(usage["choices"][0]["label"], wizard.line_ids.feedback_id.note)

    def test_interest_is_read_from_a_file_too(self):
        survey = self.env.ref("aftersale_followup.survey_relation")
        questions = survey._aftersale_form()["questions"]
        score = next(q for q in questions if q["role"] == "satisfaction")
        plan = next(q for q in questions if q["role"] == "opportunity")
        rows = [[score["title"], plan["title"]], ["4", plan["choices"][1]["label"]]]
        wizard = self._import(rows, survey_id=survey.id)
        wizard.action_import()
        self.assertEqual(wizard.line_ids.feedback_id.opportunity, "later")

    def test_a_wrong_date_is_reported(self):
        future = fields.Date.to_string(self.company._aftersale_today() + timedelta(days=3))
        for value, words in (("soon", "is no date"), (future, "dated between")):
            wizard = self._import(self._row("Date of the answer", value))
            wizard.action_import()
            self.assertIn(words, wizard.line_ids.message)
