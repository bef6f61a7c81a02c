from datetime import date, datetime
from unittest.mock import patch

from lxml import etree

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .analysis_common import AnalysisCase

JANUARY = datetime(2026, 1, 10)
DECEMBER = datetime(2025, 12, 10)


@tagged("post_install", "-at_install")
class TestSplits(AnalysisCase):
    """Figures by channel, agent, product, customer type and team; what they add up to is computed elsewhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"company_id": cls.company.id, "company_ids": [Command.set(cls.company.ids)]}
        cls.ann, cls.bo = (
            new_test_user(cls.env, f"outline_{name.lower()}", "aftersale_followup.group_agent", name=name, **values)
            for name in ("Ann", "Bo")
        )
        colour = cls.env["product.attribute"].create(
            {"name": "Colour", "value_ids": [Command.create({"name": "Red"}), Command.create({"name": "Blue"})]}
        )
        line = {"attribute_id": colour.id, "value_ids": [Command.set(colour.value_ids.ids)]}
        template = cls.env["product.template"].create({"name": "Lamp", "attribute_line_ids": [Command.create(line)]})
        cls.lamp, cls.lamp_2 = template.product_variant_ids
        cls.kettle = cls.env["product.product"].create({"name": "Kettle"})

    def test_agents_and_channels(self):
        self._followup(1, "done", ["sent"], user_id=self.bo.id)
        self._followup(2, "ready", ["sent"], user_id=self.ann.id)
        self._followup(3, "done", ["reached"], channel="phone", user_id=self.ann.id)
        self._followup(4, "ready", ["reached"], channel="phone", user_id=self.ann.id)
        self._followup(5, "skipped", skip_reason="contact_cap", user_id=self.ann.id)
        self._feedback(JANUARY, 4, user_id=self.ann.id)
        self._feedback(JANUARY, 5, user_id=self.ann.id)
        figures = self._january()
        ann, bo = figures["agents"]
        self.assertEqual((ann["name"], bo["name"]), ("Ann", "Bo"), "by name: nobody is ranked")
        counts = ("due", "contacted", "reached", "answered")
        self.assertEqual([ann[key] for key in counts], [4, 3, 2, 1])
        self.assertEqual([bo[key] for key in counts], [1, 1, 1, 1])
        self.assertEqual((ann["satisfaction"]["value"], ann["satisfaction"]["n"]), (4.5, 2))
        self.assertAlmostEqual(ann["response"]["value"], 1 / 3)
        self.assertEqual(ann["channels"], {"email": 1, "phone": 2})
        self.assertIsNone(bo["satisfaction"])
        phone = figures["response_rate"]["channels"]["phone"]
        self.assertEqual([phone[key] for key in counts], [2, 2, 2, 1])
        self.assertEqual(sum(agent["contacted"] for agent in figures["agents"]), figures["funnel"]["contacted"])

    def test_products_count_once_whatever_their_variants(self):
        both = [Command.set((self.lamp | self.lamp_2).ids)]
        for score in (5, 2):
            self._feedback(JANUARY, score, self.tag_late, product_ids=both)
        self._feedback(JANUARY, 3, self.tag_late, product_ids=[Command.set((self.kettle | self.lamp).ids)])
        self._feedback(JANUARY, 0, self.tag_late, product_ids=[Command.set(self.kettle.ids)])
        self._feedback(DECEMBER, 1, product_ids=[Command.set(self.kettle.ids)])
        figures = self._january()
        lamp, kettle = figures["products"]
        self.assertEqual((lamp["name"]["en_US"], lamp["n"]), ("Lamp", 3))
        self.assertAlmostEqual(lamp["value"], 10 / 3)
        self.assertEqual((kettle["value"], kettle["n"], kettle["previous"]), (3, 1, 1))
        hit = [(row["name"]["en_US"], row["n"]) for row in figures["top_problems"][0]["products"]]
        self.assertEqual(hit, [("Lamp", 3), ("Kettle", 2)])

    def test_names_are_kept_in_english_where_it_is_switched_off(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self._feedback(JANUARY, 3, self.tag_late)
        installed = [("zh_CN", "Chinese")]
        with patch.object(type(self.env["res.lang"]), "get_installed", return_value=installed):
            [problem] = self._january()["top_problems"]
        self.assertEqual(problem["name"]["en_US"], "Late goods")

    def test_customer_types_and_teams(self):
        team = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        self._feedback(JANUARY, 5, customer_type="existing", team_id=team.id)
        self._feedback(JANUARY, 2, customer_type="new")
        self._feedback(DECEMBER, 3, customer_type="new")
        figures = self._january()
        self.assertEqual(
            [(row["type"], row["value"], row["previous"]) for row in figures["customer_types"]],
            [("new", 2, 3), ("existing", 5, None)],
        )
        self.assertEqual([(row["name"]["en_US"], row["value"]) for row in figures["teams"]], [("North", 5)])
        self.assertNotIn("teams", self._january(team=team))

    def test_stability_and_loyalty_of_existing_customers(self):
        for stability, loyalty in (("better", 5), ("same", 4), ("worse", 3), ("unknown", 0), (False, 0)):
            self._feedback(JANUARY, 5, stability=stability, loyalty=loyalty, customer_type="existing")
        self._feedback(JANUARY, 5, stability="worse", loyalty=1, customer_type="new")
        figures = self._january()
        self.assertAlmostEqual(figures["stability"]["value"], 2 / 3)
        self.assertEqual(figures["stability"]["n"], 3, "who cannot say does not count")
        self.assertEqual((figures["loyalty"]["value"], figures["loyalty"]["n"]), (4, 3))

    def test_verification_results(self):
        for number, (resolved, score) in enumerate([("fully", 5), ("partly", 3), ("came_back", 4), ("fully", 2)]):
            issue = self._issue(JANUARY)
            followup = self._followup(number, "ready", issue_id=issue.id, scenario="resolution_check")
            self._feedback(JANUARY, score, followup_id=followup.id, scenario="resolution_check", resolved=resolved)
        figures = self._january()
        self.assertEqual(figures["verification"], {"verified": 4, "failed": 3, "partly": 1, "no": 0, "came_back": 1})
        self.assertEqual((figures["reopened"]["value"], figures["reopened"]["light"]), (0.75, "red"))


@tagged("post_install", "-at_install")
class TestOutline(AnalysisCase):
    def _analysis(self, **values):
        period = {"period": "month", "date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31)}
        return self.env["aftersale.analysis"].create({**period, "company_id": self.company.id, **values})

    def test_parts_stand_in_their_order(self):
        self._scores(1, [5, 4])
        self._followup(1, "done", ["sent"], date_planned=date(2026, 1, 12))
        analysis = self._analysis(summary="Fine")
        analysis.action_preview()
        html = self.env["ir.actions.report"]._render_qweb_html("aftersale_followup.report_analysis", analysis.ids)[0]
        titles = ["".join(node.itertext()).strip() for node in etree.HTML(html.decode()).iter("h2")]
        self.assertEqual(
            titles,
            [
                "Headline",
                "Top 3 problems",
                "Typical suggestions",
                "High-priority list",
                "Improvement measures",
                "Loop",
                "Execution",
                "Scores",
                "Method and definitions",
                "Summary",
            ],
        )

    def test_effects_and_how_each_figure_is_counted(self):
        self.company.aftersale_high_value = 100
        customers = self.env["res.partner"].create([{"name": name} for name in ("Kept", "Lost", "Small")])
        days = {"Kept": ("2024-06-01", "2025-06-01"), "Lost": ("2024-06-01",), "Small": ("2025-06-01",)}
        for customer in customers:
            for day in days[customer.name]:
                order = self.env["sale.order"].create({"partner_id": customer.id, "company_id": self.company.id})
                amount = 10 if customer.name == "Small" else 300
                self._set(order, state="sale", date_order=f"{day} 08:00:00", amount_untaxed=amount, currency_rate=1)
        self._scores(1, [5])
        self._set_target("lifetime_value", 300)
        analysis = self._analysis()
        analysis.action_preview()
        page = self.env["report.aftersale_followup.report_analysis"]._get_page(analysis)
        self.assertFalse(page["name"], "a draft has no number yet, in whatever language")
        [(_title, shares), (title, worth)] = page["effects"]
        self.assertEqual([(row["key"], row["value"]) for row in shares], [("retention", "50%"), ("churn", "50%")])
        self.assertEqual(title, "Value of customers")
        self.assertEqual([row["n"] for row in worth], [3, 1, 2, 3])
        self.assertIn("303.33", worth[0]["value"])
        self.assertEqual((worth[-1]["label"], worth[-1]["interval"]), ("Median", "–"))
        self.assertIn("300.00", worth[-1]["value"])
        lights = [row["light"] for row in worth]
        self.assertEqual(lights, ["green", None, None, None], "the target is that of the mean of all")
        html = etree.HTML(analysis.figures_html)
        told = dict(page["definitions"])
        self.assertLessEqual({"Average satisfaction", "Customers kept", "Revenue per customer"}, told.keys())
        self.assertNotIn("Coverage", told, "Only what is shown is explained")
        for label, definition in told.items():
            self.assertIn(
                f"{label}: {definition}", [" ".join("".join(li.itertext()).split()) for li in html.iter("li")]
            )
        titles = [node.get("title") for node in html.iter("td") if (node.text or "").strip() == "Customers kept"]
        self.assertEqual(titles, [told["Customers kept"]])

    def test_every_figure_is_defined(self):
        definitions = self.figures._get_definitions()
        self._scores(1, [5])
        figures = self._january()
        shown = {key for key, figure in figures.items() if isinstance(figure, dict) and "withheld" in figure}
        self.assertLessEqual(shown, definitions.keys())
        report = self.env["report.aftersale_followup.report_analysis"]
        for key, (label, definition) in definitions.items():
            self.assertTrue(label and definition.endswith("."), key)
            self.assertEqual(report._get_defined_row({}, key)["value"], "–")

    def test_page_of_an_empty_period(self):
        analysis = self._analysis()
        analysis.action_preview()
        self.assertIn("No score was given.", analysis.figures_html)
        self.assertIn("No suggestion was chosen.", analysis.figures_html)

    def test_figures_stored_before_a_part_existed_are_still_shown(self):
        analysis = self._analysis()
        analysis.sudo().figures = {
            "feedback": 0,
            "funnel": {"due": 0, "skipped": {}, **dict.fromkeys(("contacted", "reached", "answered"), 0)},
        }
        self.assertIn("Execution", analysis.figures_html)

    # ------------------------------------------------------------
    # recipients
    # ------------------------------------------------------------

    def _user(self, login, group="base.group_user"):
        return new_test_user(
            self.env,
            login,
            group,
            email=f"{login}@analysis.example",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def _department(self, head):
        employee = self.env["hr.employee"].create(
            {"name": head.name, "user_id": head.id, "company_id": self.company.id}
        )
        return self.env["hr.department"].create(
            {"name": head.name, "manager_id": employee.id, "company_id": self.company.id}
        )

    def test_recipients_are_those_whose_work_it_is_about(self):
        leader, other_leader = self._user("outline_leader"), self._user("outline_other_leader")
        heads = {name: self._user(f"outline_{name}") for name in ("measure", "helping", "problem", "done", "idle")}
        departments = {name: self._department(head) for name, head in heads.items()}
        team, other_team = self.env["crm.team"].create(
            [{"name": user.name, "user_id": user.id, "company_id": self.company.id} for user in (leader, other_leader)]
        )
        self._followup(1, "planned", team_id=team.id)
        self._followup(2, "planned", team_id=other_team.id, date_planned=date(2026, 3, 1))
        common = {"company_id": self.company.id, "user_id": self.env.user.id, "date_deadline": date(2026, 2, 1)}
        self.env["aftersale.action"].create(
            [
                {
                    "name": "Open",
                    "department_id": departments["measure"].id,
                    "department_ids": [Command.set(departments["helping"].ids)],
                    **common,
                },
                {
                    "name": "Done",
                    "department_id": departments["done"].id,
                    "state": "done",
                    "date_done": JANUARY,
                    **common,
                },
            ]
        )
        self.tag_late.department_id = departments["problem"]
        self._feedback(JANUARY, 3, self.tag_late)
        analysis = self._analysis()
        analysis.action_preview()
        parts = {heads["measure"], heads["helping"], heads["problem"]}
        asked = leader | other_leader
        for head in heads.values():
            asked |= head
        self.assertEqual(analysis._default_recipients() & asked.partner_id, leader.partner_id, "All of it.")
        found = analysis._default_heads() & asked.partner_id
        self.assertEqual(set(found), {user.partner_id for user in parts}, "Their part.")
        of_team = self._analysis(team_id=other_team.id)
        self.assertIn(other_leader.partner_id, of_team._default_recipients())
        self.assertNotIn(leader.partner_id, of_team._default_recipients())

    def test_leader_of_another_company_gets_nothing(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "outline_stranger",
            email="stranger@analysis.example",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        team = self.env["crm.team"].create({"name": "Shared", "user_id": stranger.id})
        self._followup(1, "planned", team_id=team.id)
        self.assertNotIn(stranger.partner_id, self._analysis()._default_recipients())
