from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.aftersale_followup.tests.capture_common import CaptureCase
from odoo.addons.aftersale_followup_crm.hooks import uninstall_hook


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestLead(CaptureCase):
    """An answer that shows interest leads to one opportunity, of the salesperson, and reports tell what came of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._user("asf_seller", "sales_team.group_sale_salesman")
        cls.partner.user_id = cls.seller

    def _said(self, **values):
        return self.env["aftersale.feedback"].create({"partner_id": self.partner.id, "score": 5, **values})

    def test_who_asks_to_be_contacted_becomes_an_opportunity(self):
        lead = self._said(opportunity="yes", plan_id=self.plan_new.id).lead_ids
        self.assertEqual(lead.user_id, self.seller)
        self.assertEqual((lead.partner_id, lead.type), (self.partner, "opportunity"))
        self.assertEqual(lead.aftersale_plan_id, self.plan_new)
        self.assertEqual(lead.source_id, self.env.ref("aftersale_followup_crm.utm_source_followup"))
        self.assertFalse(self.partner.activity_ids, "The opportunity is the salesperson's to-do.")

    def test_opportunity_stands_in_the_customer_s_timeline(self):
        lead = self._said(opportunity="yes", plan_id=self.plan_new.id).lead_ids
        timeline = self.env["aftersale.timeline"].with_user(self.seller)
        domain = self.partner.action_aftersale_timeline()["domain"]
        row = timeline.search(domain).filtered(lambda row: row.kind == "opportunity")
        self.assertEqual((row.name, row.action_open()["res_id"]), (lead.name, lead.id))
        self.assertNotIn("opportunity", timeline.with_user(self.agent_2).search(domain).mapped("kind"))

    def test_later_and_no_are_no_opportunity(self):
        self.assertFalse((self._said(opportunity="later") | self._said(opportunity="no") | self._said()).lead_ids)

    def test_an_answer_leads_to_one_opportunity(self):
        feedback = self._said(opportunity="yes")
        with self.assertRaisesRegex(UserError, "already"):
            feedback.action_create_lead()
        correction = self._said(opportunity="yes", correction_of_id=feedback.id, correction_reason="Typing error")
        with self.assertRaisesRegex(UserError, "already"):
            correction.action_create_lead()
        self.assertEqual(len(self.env["crm.lead"].search([("partner_id", "=", self.partner.id)])), 1)

    def test_merging_opportunities_brings_no_second_one(self):
        leads = self._said(opportunity="yes").lead_ids | self._said(opportunity="yes").lead_ids
        feedback = leads.aftersale_feedback_id
        kept = leads.merge_opportunity()
        self.assertTrue(kept.is_from_aftersale)
        for one in feedback:
            with self.subTest(one=one), self.assertRaisesRegex(UserError, "already"):
                one.action_create_lead()

    def test_one_click_without_any_right_on_the_crm(self):
        feedback = self._said(user_id=self.agent.id, source="staff")
        action = feedback.with_user(self.agent).action_create_lead()
        self.assertEqual(feedback.lead_ids.user_id, self.seller)
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(self.seller.name, action["params"]["message"])

    def test_who_may_see_the_opportunity_gets_it_opened(self):
        feedback = self._said()
        action = feedback.with_user(self._user("asf_boss", "sales_team.group_sale_manager")).action_create_lead()
        self.assertEqual(action["res_id"], feedback.lead_ids.id)

    def test_only_who_reads_the_answer_makes_an_opportunity_of_it(self):
        feedback = self._said(user_id=self.agent.id, team_id=self.team.id)
        with self.assertRaises(AccessError):
            feedback.with_user(self.agent_2).action_create_lead()

    def test_nobody_is_sold_to_without_a_name(self):
        with self.assertRaisesRegex(UserError, "nobody to sell to"):
            self._said(partner_id=False).action_create_lead()

    def test_anonymised_answer_is_not_named_any_more(self):
        feedback = self._said(opportunity="yes", plan_id=self.plan_new.id)
        lead = feedback.lead_ids
        feedback._anonymise()
        self.assertFalse(lead.aftersale_feedback_id or lead.referred)
        self.assertEqual(lead.aftersale_plan_id, self.plan_new)

    def test_failing_crm_keeps_no_answer_from_being_recorded(self):
        self.patch(self.registry["crm.lead"], "create", lambda *args: 1 / 0)
        with self.assertLogs("odoo.addons.aftersale_followup.models.beside", "WARNING"):
            feedback = self._said(opportunity="yes")
        self.assertEqual(feedback.score, 5)

    def test_conversion_and_revenue(self):
        leads = self.env["crm.lead"]
        for _number in range(5):
            leads |= self._said(opportunity="yes").lead_ids
        order = self._order(opportunity_id=leads[0].id)
        self._order(opportunity_id=leads[1].id, confirm=False)
        self.env["crm.lead"].create({"name": "Not ours", "company_id": self.company.id})
        today = self.env.cr.now().date()
        figure = self.env["aftersale.figures"]._get(self.company, today, today)["conversion"]
        self.assertEqual((figure["n"], figure["won"], figure["value"]), (5, 1, 0.2))
        self.assertAlmostEqual(figure["revenue"], order.amount_untaxed)
        analysis = self.env["aftersale.analysis"].new({"company_id": self.company.id})
        self.env["aftersale.figure.target"].create({"figure": "conversion", "target": 12.5})
        figure = self.env["aftersale.figures"]._get(self.company, today, today)["conversion"]
        report = self.env["report.aftersale_followup.report_analysis"]
        self.assertEqual([number for _label, number in report._get_sales(analysis, figure)[:2]], [5, 1])
        [row] = report._get_rates({"conversion": figure}, ("conversion",))
        self.assertEqual((row["value"], row["target"], row["light_label"]), ("20%", "≥ 12.5%", "reached"))

    def test_targets_of_the_conversion_go_with_the_add_on(self):
        targets = self.env["aftersale.figure.target"]
        targets.create({"figure": "conversion", "target": 10})
        kept = targets.search_count([("figure", "!=", "conversion")])
        uninstall_hook(self.env)
        self.assertEqual(targets.search_count([("figure", "!=", False)]), kept)

    def test_answer_of_the_questionnaire_is_read(self):
        survey = self.env.ref("aftersale_followup.survey_relation")
        question = survey.question_ids.filtered(lambda q: q.aftersale_role == "opportunity")
        yes = question.suggested_answer_ids.filtered(lambda a: a.aftersale_value == "yes")
        values = self.env["aftersale.followup"]._prepare_feedback(survey._aftersale_form(), {question.id: yes.id})
        self.assertEqual(values["opportunity"], "yes")

    def test_products_are_named(self):
        lead = self._said(opportunity="yes", product_ids=[Command.set(self.product.ids)]).lead_ids
        self.assertIn("Kettle", lead.description)
