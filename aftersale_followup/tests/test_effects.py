from datetime import date, datetime, timedelta
from math import sqrt

from lxml import etree

from odoo.tests import new_test_user, tagged

from ..report.interval import Z, phi_coefficient, ratio_interval, standardised_difference
from .analysis_common import AnalysisCase

JANUARY = datetime(2026, 1, 15, 4)
# Of the analysis of January: the days of orders and contacts, and those in which customers may order again.
BEFORE, AFTER = datetime(2025, 10, 20, 4), datetime(2025, 12, 5, 4)
LOW = datetime(2025, 10, 10, 4)  # a low score whose 90 days are over


@tagged("post_install", "-at_install")
class TestEffects(AnalysisCase):
    """What follow-ups, measures and compensations bring, told as differences that are no more than they are."""

    def _order(self, partner, moment, amount=100):
        order = self.env["sale.order"].create({"partner_id": partner.id, "company_id": self.company.id})
        self._set(order, state="sale", date_order=moment, amount_untaxed=amount, currency_rate=1)

    def _customers(self, number, asked, again, moment=BEFORE):
        """Customers with an order; the first ``again`` of them order once more after the comparison starts."""
        for partner in self.env["res.partner"].create([{"name": "Customer"}] * number):
            self._order(partner, moment)
            if again > 0:
                self._order(partner, AFTER)
            again -= 1
            if asked:
                followup = self._followup(f"asked {partner.id}", "ready", partner_id=partner.id)
                self._attempt(followup, moment + timedelta(days=5))

    def _attempt(self, followup, moment):
        attempt = self.env["aftersale.attempt"].sudo().create({"followup_id": followup.id, "outcome": "sent"})
        self._set(attempt, date=moment, create_date=moment)

    # ------------------------------------------------------------
    # formulas
    # ------------------------------------------------------------

    def test_one_stratum_is_the_plain_difference(self):
        found = standardised_difference([(30, 50, 20, 50)])
        self.assertAlmostEqual(found["value"], 0.2)
        half = Z * sqrt(0.6 * 0.4 / 50 + 0.4 * 0.6 / 50)
        self.assertAlmostEqual(
            found["high"] - found["value"], half, msg="Sato's variance of equal groups is the plain one"
        )
        self.assertEqual((found["n"], found["n_others"]), (50, 50))

    def test_a_difference_between_strata_is_none_within_them(self):
        # Simpson's: regular customers are asked, and order again anyway
        found = standardised_difference([(72, 90, 8, 10), (2, 10, 18, 90)])
        self.assertAlmostEqual(found["value"], 0)
        self.assertLess(found["low"], 0)
        self.assertIsNone(standardised_difference([(5, 5, 4, 4)])["low"], "that all do it proves no certainty")
        self.assertEqual(standardised_difference([(5, 5, 0, 0), (0, 0, 3, 9)]), None, "nobody is comparable")

    def test_phi_and_cost_per_hit(self):
        self.assertEqual(phi_coefficient(5, 5, 0, 9), 1)
        self.assertEqual(phi_coefficient(0, 5, 9, 9), -1)
        self.assertAlmostEqual(phi_coefficient(4, 10, 8, 20), 0)
        self.assertIsNone(phi_coefficient(0, 5, 0, 9))
        # each hit costs the same, nothing else costs anything: no doubt about the cost of a hit
        self.assertEqual(ratio_interval(40, 400, 40, 4, 4), (10, 10))
        self.assertEqual(ratio_interval(40, 400, 40, 1, 1), (None, None))

    # ------------------------------------------------------------
    # customers asked, and comparable ones
    # ------------------------------------------------------------

    def test_customers_asked_are_compared_with_those_alike(self):
        self._customers(4, asked=True, again=3)
        self._customers(2, asked=False, again=1)
        # last order longer ago: another group, in which nobody was asked
        self._customers(3, asked=False, again=0, moment=datetime(2025, 8, 10, 4))
        figure = self._january()["repeat_purchase_effect"]
        self.assertEqual((figure["share"], figure["others"], figure["value"]), (0.75, 0.5, 0.25))
        self.assertEqual((figure["n"], figure["n_others"]), (4, 2), "who has nobody to compare with does not count")
        self.assertLess(figure["low"], 0)
        self.assertGreater(figure["high"], 0.25)

    def test_who_is_asked_later_was_not_asked(self):
        self._customers(2, asked=True, again=2)
        partner = self.env["res.partner"].create({"name": "Asked in December"})
        self._order(partner, BEFORE)
        followup = self._followup("later", "ready", partner_id=partner.id)
        self._attempt(followup, AFTER)
        figure = self._january()["repeat_purchase_effect"]
        self.assertEqual((figure["n"], figure["n_others"], figure["value"]), (2, 1, 1))

    def test_the_smaller_group_decides_what_is_shown(self):
        self.company.aftersale_min_n = 3
        self._customers(4, asked=True, again=3)
        self._customers(2, asked=False, again=1)
        figures = self._january()
        self.assertTrue(figures["repeat_purchase_effect"]["withheld"])
        self.assertNotIn("repeat_purchase_effect", self._january(plan=self.plan), "orders know no plan")
        analysis = self._analysis()
        analysis.action_preview()
        text = " ".join("".join(etree.HTML(analysis.figures_html).itertext()).split())
        self.assertIn("Ordered again: difference – 4 – 2 – –", text)
        self.assertIn("does not prove that asking is the cause", text, "the caveat stands beside the figure")

    def _analysis(self):
        return self.env["aftersale.analysis"].create(
            {"company_id": self.company.id, "date_from": date(2026, 1, 1), "date_to": date(2026, 1, 31)}
        )

    # ------------------------------------------------------------
    # recovery
    # ------------------------------------------------------------

    def test_scores_and_cost_of_recovery(self):
        customers = self.env["res.partner"].create([{"name": "Customer"}] * 4)
        for partner, low, following in zip(customers, (1, 2, 2, 1), (5, 4, 2, 0), strict=True):
            self._feedback(LOW, low, partner_id=partner.id)
            if following:
                self._feedback(LOW + timedelta(days=20), following, partner_id=partner.id)
        for partner, amount, days, state in (
            (customers[0], 30, 5, "granted"),
            (customers[2], 20, 5, "granted"),  # not recovered: the money is spent all the same
            (customers[1], 70, 95, "granted"),
            (customers[1], 70, 5, "requested"),
        ):
            issue = self._issue(LOW, partner_id=partner.id)
            moment = LOW + timedelta(days=days)
            self._set(issue, compensation=amount, compensation_state=state, compensation_date=moment)
        figures = self._january()
        self.assertEqual((figures["recovery"]["value"], figures["recovery"]["n"]), (0.5, 4))
        scores, cost = figures["recovery_scores"], figures["recovery_cost"]
        self.assertEqual((scores["n"], scores["value"]), (3, 2))
        self.assertAlmostEqual(scores["before"], 5 / 3)
        self.assertAlmostEqual(scores["after"], 11 / 3)
        self.assertEqual((cost["value"], cost["n"]), (25, 2))
        self.assertLess(cost["low"], 25)
        analysis = self._analysis()
        analysis.action_preview()
        text = " ".join("".join(etree.HTML(analysis.figures_html).itertext()).split())
        self.assertIn("Change to the next score 1.7 → 3.7 +2.0*", text)
        self.assertRegex(text, r"Compensation per customer recovered \S* ?25\.00\*")

    # ------------------------------------------------------------
    # problems and measures
    # ------------------------------------------------------------

    def test_problems_that_go_with_low_scores(self):
        for scores, tags in (([1, 2, 2, 5], self.tag_late), ([5, 4, 5, 1], self.tag_price), ([5, 5], self.tag_praise)):
            self._scores(1, scores, tags=tags)
        self._scores(1, [0], tags=self.tag_late)
        late, price = self._january()["problem_scores"]
        self.assertEqual((late["code"], late["n"], late["n_others"]), ("analysis_late", 4, 6))
        self.assertAlmostEqual(late["share"], 3 / 4)
        self.assertAlmostEqual(late["others"], 1 / 6)
        self.assertAlmostEqual(late["value"], 3 / 4 - 1 / 6)
        self.assertAlmostEqual(late["phi"], (3 * 5 - 1 * 1) / sqrt(4 * 6 * 4 * 6))
        self.assertLess(price["value"], 0)
        self.company.aftersale_min_n = 5
        self.assertTrue(self._january()["problem_scores"][0]["withheld"])

    def test_measures_by_their_effect(self):
        for effect, moment in (("proven", JANUARY), ("worse", JANUARY), ("proven", datetime(2025, 12, 9))):
            action = self.env["aftersale.action"].create(
                {"name": "Measure", "kind": "process", "company_id": self.company.id}
            )
            self._set(action, effect=effect, date_effect=moment, create_date=datetime(2025, 10, 1))
        figure = self._january()["measure_effects"]
        self.assertEqual([figure[key] for key in ("proven", "no_evidence", "worse", "n")], [1, 0, 1, 2])
        self.assertEqual((figure["value"], figure["previous"]), (0.5, 1))

    # ------------------------------------------------------------
    # staff
    # ------------------------------------------------------------

    def test_staff_as_of_the_service_by_name(self):
        sold, drove = (new_test_user(self.env, f"staff_{name}", name=name) for name in ("Zoe", "Max"))
        followup = self._followup(
            "staff", "ready", ["sent"], sales_user_id=sold.id, delivery_user_id=drove.id, user_id=False
        )
        self._feedback(JANUARY, 4, followup_id=followup.id)
        self._feedback(JANUARY, 1, user_id=sold.id)
        figures = self._january()
        [zoe], [max_] = figures["salespeople"], figures["deliverers"]
        self.assertEqual((zoe["name"], zoe["contacted"], zoe["answered"]), ("Zoe", 1, 1))
        self.assertEqual((zoe["satisfaction"]["value"], zoe["satisfaction"]["n"]), (4, 1), "who sold, not who asked")
        self.assertEqual((max_["name"], max_["satisfaction"]["value"]), ("Max", 4))
        [agent] = figures["agents"]
        self.assertEqual((agent["name"], agent["satisfaction"]["value"]), ("Zoe", 1))

    def test_channels_that_would_tell_few_answers_are_withheld(self):
        self.company.aftersale_min_n = 3
        ann = new_test_user(self.env, "staff_ann", name="Ann")
        phone, online, paper = (
            self.env.ref(f"aftersale_followup.channel_{code}") for code in ("phone", "online", "paper")
        )
        for channel, scores in ((phone, [5] * 6), (online, [4] * 3), (paper, [1, 1])):
            self._scores(1, scores, channel_id=channel.id, user_id=ann.id)
        [row] = self._january()["agents"]
        self.assertEqual(
            {figure["code"]: figure["n"] for figure in row["scores"]}, {"phone": 6, "online": 3, "paper": 2}
        )
        withheld = {figure["code"] for figure in row["scores"] if figure["withheld"]}
        self.assertEqual(withheld, {"paper", "online"}, "the average less phone and online would tell two answers")
        self._scores(1, [1], channel_id=paper.id, user_id=ann.id)
        [row] = self._january()["agents"]
        self.assertFalse([figure for figure in row["scores"] if figure["withheld"]])

    def test_the_page_names_staff_in_the_order_of_names(self):
        self.company.aftersale_min_n = 2
        for name, scores in (("Bo", [5, 5]), ("Ann", [1, 2]), ("Cy", [5]), ("Dee", [4])):
            user = new_test_user(self.env, f"staff_{name.lower()}", name=name)
            self._scores(1, scores, user_id=user.id)
        analysis = self._analysis()
        analysis.action_preview()
        page = self.env["report.aftersale_followup.report_analysis"]._get_page(analysis)
        [(title, _heading, rows)] = page["staff"]
        self.assertEqual(title, "By agent")
        self.assertEqual(
            [(row["name"], row["satisfaction"]["value"]) for row in rows],
            [("Ann", "1.5"), ("Bo", "5.0"), ("Cy", "–"), ("Dee", "–")],
        )
