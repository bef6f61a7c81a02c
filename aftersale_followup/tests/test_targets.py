import json
from datetime import date, datetime

from lxml import etree
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from odoo.addons.aftersale_followup.report.aftersale_figures_target import traffic_light
from odoo.addons.aftersale_followup.report.figure_kinds import KIND_OF_FIGURE, LESS_IS_BETTER, TABLES

from .analysis_common import AnalysisCase


@tagged("post_install", "-at_install")
class TestTrafficLight(BaseCase):
    def test_light_of_what_shall_be_high(self):
        for value, light in ((4.3, "green"), (4.2, "green"), (4.19, "amber"), (3.99, "amber"), (3.98, "red")):
            self.assertEqual(traffic_light(value, 4.2, False, 0.05), light, value)

    def test_light_of_what_shall_be_low(self):
        for value, light in ((0.0, "green"), (0.05, "green"), (0.0525, "amber"), (0.06, "red")):
            self.assertEqual(traffic_light(value, 0.05, True, 0.05), light, value)

    def test_amber_of_a_balance_below_zero(self):
        for value, light in ((-20, "green"), (-21, "amber"), (-21.1, "red")):
            self.assertEqual(traffic_light(value, -20, False, 0.05), light, value)

    def test_without_tolerance_there_is_no_amber(self):
        self.assertEqual(traffic_light(0.949, 0.95, False, 0), "red")
        self.assertEqual(traffic_light(19 / 20, 95 / 100, False, 0), "green")


@tagged("post_install", "-at_install")
class TestTargets(AnalysisCase):
    def _analysis(self):
        values = {"period": "month", "date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31)}
        analysis = self.env["aftersale.analysis"].create({**values, "company_id": self.company.id})
        analysis.action_preview()
        return analysis

    def test_defaults(self):
        targets = {figure: round(target, 4) for figure, (target, _most) in self.company._aftersale_targets().items()}
        self.assertEqual(
            targets,
            {
                "satisfaction": 4.2,
                "followup_rate": 0.95,
                "response_rate": 0.3,
                "contact_in_time": 1.0,
                "closed_loop": 0.95,
                "reopened": 0.05,
                "measures_in_time": 0.9,
                "suggestion_adoption": 0.1,
            },
        )

    def test_every_figure_that_is_a_number_may_have_one(self):
        self._scores(1, [1, 4, 5], nps="9", suggestion="Later hours", suggestion_state="adopted")
        choices = dict(self.env["aftersale.figure.target"]._select_figures())
        figures = self._january()
        numbers = {key for key, figure in figures.items() if isinstance(figure, dict) and "withheld" in figure}
        self.assertFalse(numbers - choices.keys())
        for key in numbers:
            self._set_target(key, 1)
        judged = self._january()
        self.assertEqual({key for key in numbers if judged[key].get("light")}, numbers)
        self.assertGreaterEqual(numbers, {"satisfaction", "csat", "nps", "recommendation", "feedback_quality"})
        known = self.figures._get_definitions().keys()
        self.assertFalse((KIND_OF_FIGURE.keys() | LESS_IS_BETTER | TABLES) - known, "a figure that was renamed")

    def test_target_is_in_the_unit_users_enter(self):
        for figure, entered, value in (
            ("complaint_rate", 2.5, 0.025),
            ("nps", -20, -20),
            ("sales_growth", 110, 1.1),
            ("retention_effect", 3, 0.03),
            ("lifetime_value", 12000, 12000),
            ("suggestion_lead_time", 10, 10),
        ):
            self._set_target(figure, entered)
            self.assertEqual(
                self.company._aftersale_targets()[figure], (value, figure in LESS_IS_BETTER), "unit and direction"
            )
        target = self.env["aftersale.figure.target"].search([("figure", "=", "complaint_rate")])
        self.assertEqual(target.display_name, "Complaint rate at most 2.50 %")

    def test_nothing_at_all_can_be_the_target(self):
        self._set_target("csat", 0)
        self._scores(1, [1, 2])
        page = self.env["report.aftersale_followup.report_analysis"]
        row = page._get_defined_row(self._january(), "csat")
        self.assertEqual((row["target"], row["light"]), ("≥ 0%", "green"))

    def test_only_figures_that_are_one_number_have_one(self):
        for key in ("words", "funnel_weeks", "no_such_figure"):
            with self.subTest(key=key), self.assertRaises(ValidationError):
                self.env["aftersale.figure.target"].create({"figure": key, "target": 1})

    def test_one_target_a_figure(self):
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["aftersale.figure.target"].create({"figure": "satisfaction", "target": 4})

    def test_each_company_has_its_own(self):
        other = self.env["res.company"].create({"name": "Further company"})
        self.assertEqual(other._aftersale_targets().keys(), self.company._aftersale_targets().keys())
        self._set_target("satisfaction", 3.3)
        self.assertEqual(other._aftersale_targets()["satisfaction"][0], 4.2)

    def test_figures_carry_target_and_light(self):
        self._scores(1, [4, 4, 4], suggestion_state="new", suggestion="Later hours")
        self._feedback(datetime(2026, 1, 5), 5, suggestion="A video", suggestion_state="adopted")
        figures = self._january()
        self.assertEqual((figures["satisfaction"]["value"], figures["satisfaction"]["target"]), (4.25, 4.2))
        self.assertEqual(figures["satisfaction"]["light"], "green")
        self.assertEqual(figures["suggestion_adoption"]["light"], "green")
        self.assertNotIn("target", figures["csat"])
        self._set_target("satisfaction", 4.4)
        self._set_target("suggestion_adoption", 50)
        figures = self._january()
        self.assertEqual(figures["satisfaction"]["light"], "amber")
        self.assertEqual(
            (figures["suggestion_adoption"]["target"], figures["suggestion_adoption"]["light"]), (0.5, "red")
        )

    def test_no_target_no_light(self):
        self._scores(1, [1])
        self._set_target("satisfaction", None)
        figures = self._january()
        self.assertFalse({"target", "light"} & figures["satisfaction"].keys())
        self.assertNotIn("closed_loop", figures, "an absent figure is not judged")

    def test_withheld_figure_has_no_light(self):
        self.company.aftersale_min_n = 5
        self._scores(1, [1, 1])
        analysis = self._analysis()
        self.assertTrue(analysis.figures["satisfaction"]["withheld"])
        self.assertIsNone(analysis.figures["satisfaction"]["light"])
        tile = etree.HTML(str(analysis.figures_html)).find(".//table[@class='aa_tiles']//td")
        self.assertIn("too few answers", "".join(tile.itertext()))
        self.assertFalse(tile.findall(".//span[@data-light]"))
        self.assertNotIn("missed", "".join(tile.itertext()))

    def test_page_says_the_light_in_a_word(self):
        self._scores(1, [3, 3])
        page = etree.HTML(str(self._analysis().figures_html))
        tile = " ".join("".join(page.find(".//table[@class='aa_tiles']//td").itertext()).split())
        self.assertIn("target ≥ 4.2 missed", tile)
        self.assertTrue(page.xpath("//span[contains(@class, 'aa_red')][text()='missed']"))

    def test_issued_analysis_keeps_its_targets(self):
        self._scores(1, [4, 5])
        analysis = self._analysis()
        analysis.action_issue()
        self.assertEqual(analysis.state, "issued", analysis.error_message)
        before = json.dumps(analysis.figures, sort_keys=True)
        self._set_target("satisfaction", 5)
        self.company.write({"aftersale_target_tolerance": 1, "aftersale_weak_n": 77})
        analysis.invalidate_recordset()
        self.assertEqual(json.dumps(analysis.figures, sort_keys=True), before)
        page = " ".join("".join(etree.HTML(str(analysis.figures_html)).itertext()).split())
        self.assertIn("target ≥ 4.2 reached", page)
        self.assertIn("by no more than 5% of the target", page)
        self.assertNotIn("fewer than 77 answers", page)

    def test_impossible_targets_are_refused(self):
        for figure, target in (
            ("satisfaction", 0.5),
            ("satisfaction", 5.1),
            ("response_rate", 101),
            ("reopened", -1),
            ("nps", 101),
            ("recovery_cost", -1),
        ):
            with self.subTest(figure=figure, target=target), self.assertRaises(ValidationError):
                self._set_target(figure, target)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.company.aftersale_target_tolerance = 120
            self.company.flush_recordset()
