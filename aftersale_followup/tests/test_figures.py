from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from odoo.addons.aftersale_followup.report.aftersale_figures import period_before
from odoo.addons.aftersale_followup.report.interval import mean_interval, nps_interval, wilson_interval
from odoo.addons.aftersale_followup.report.trend_chart import chart_lines, chart_points, trend_chart

from .analysis_common import AnalysisCase


@tagged("post_install", "-at_install")
class TestFiguresHelpers(BaseCase):
    def test_wilson_interval_matches_published_values(self):
        low, high = wilson_interval(3, 5)
        self.assertAlmostEqual(low, 0.2307, places=4)
        self.assertAlmostEqual(high, 0.8824, places=4)
        low, high = wilson_interval(0, 10)
        self.assertEqual(low, 0)
        self.assertAlmostEqual(high, 0.2775, places=4)
        self.assertAlmostEqual(wilson_interval(10, 10)[1], 1)

    def test_wilson_interval_of_what_is_no_share_is_empty(self):
        self.assertEqual(wilson_interval(3, 2), (None, None))
        self.assertEqual(wilson_interval(0, 0), (None, None))

    def test_nps_interval_uses_the_three_point_variance(self):
        # 2 promoters, 2 detractors of 5: variance 0.8, standard error 0.4
        low, high = nps_interval(2, 2, 5)
        self.assertAlmostEqual(high, 78.39856, places=4)
        self.assertAlmostEqual(low, -78.39856, places=4)
        self.assertEqual(nps_interval(4, 0, 4), (100, 100))

    def test_mean_interval_needs_two_values_and_stays_on_the_scale(self):
        self.assertEqual(mean_interval(4, 16, 1, 1, 5), (None, None))
        # 5, 4, 3: mean 4, standard deviation 1
        low, high = mean_interval(12, 50, 3, 1, 5)
        self.assertAlmostEqual(low, 4 - 1.959964 / 3**0.5, places=6)
        self.assertEqual(high, 5)

    def test_period_before_keeps_months_whole(self):
        self.assertEqual(period_before(date(2026, 3, 1), date(2026, 3, 31)), (date(2026, 2, 1), date(2026, 2, 28)))
        self.assertEqual(period_before(date(2026, 1, 1), date(2026, 3, 31)), (date(2025, 10, 1), date(2025, 12, 31)))
        self.assertEqual(period_before(date(2026, 1, 5), date(2026, 1, 11)), (date(2025, 12, 29), date(2026, 1, 4)))

    def test_chart_interrupts_the_line_and_escapes_its_texts(self):
        points = chart_points([5, None, 3, 1], 1, 5)
        self.assertIsNone(points[1])
        self.assertLess(points[0][1], points[2][1])
        self.assertEqual(chart_lines(points), [points[2:]])
        svg = trend_chart([4.0, 4.2], ["4.0", "4.2"], ["<b>", "Feb"], "Trend")
        self.assertIn("&lt;b&gt;", svg)
        self.assertNotIn("<b>", svg)


@tagged("post_install", "-at_install")
class TestFigures(AnalysisCase):
    def test_average_and_change_of_the_unrounded_means(self):
        self._scores(1, [4] * 7 + [3])  # 31 / 8 = 3.875
        self._scores(2, [5, 4, 4, 0])  # 13 / 3 = 4.333; 0 is no answer
        figure = self._month(2)["satisfaction"]
        self.assertAlmostEqual(figure["value"], 13 / 3)
        self.assertEqual(figure["n"], 3)
        self.assertAlmostEqual(figure["previous"], 3.875)
        # 4.3 and 3.9 are shown, yet the change is not 0.4
        self.assertEqual(figure["change"], 0.5)

    def test_csat_and_nps_by_hand(self):
        for score, nps in zip([5, 4, 4, 2, 1], ["10", "9", "8", "6", "0"], strict=True):
            self._feedback(datetime(2026, 1, 15), score, nps=nps)
        self._feedback(datetime(2026, 1, 15), 0)
        figures = self._january()
        self.assertEqual(figures["feedback"], 6)
        self.assertAlmostEqual(figures["csat"]["value"], 0.6)
        self.assertAlmostEqual(figures["csat"]["low"], 0.2307, places=4)
        self.assertEqual(figures["nps"]["value"], 0)
        self.assertEqual(figures["nps"]["n"], 5)
        self.assertAlmostEqual(figures["nps"]["high"], 78.39856, places=4)

    def test_month_ends_at_midnight_of_the_company(self):
        self._feedback(datetime(2026, 1, 31, 15, 59, 59), 1)  # 23:59:59 in Shanghai
        self._feedback(datetime(2026, 1, 31, 16, 0, 0), 3)  # 1 February there
        self._feedback(datetime(2026, 1, 31, 23, 30), 5)  # 1 February, 07:30
        self._feedback(datetime(2025, 12, 31, 16, 0), 2)  # 1 January
        self._feedback(datetime(2025, 12, 31, 15, 59, 59), 4)  # still December
        january, february = self._january()["satisfaction"], self._month(2)["satisfaction"]
        self.assertEqual((january["value"], january["n"], january["previous"]), (1.5, 2, 4))
        self.assertEqual((february["value"], february["n"], february["previous"]), (4, 2, 1.5))

    def test_suspicious_and_corrected_feedback_does_not_count(self):
        self._feedback(datetime(2026, 1, 10), 5)
        self._feedback(datetime(2026, 1, 10), 1, evidence="suspicious", suspicious_reason="Too fast")
        wrong = self._feedback(datetime(2026, 1, 10), 1)
        self._feedback(datetime(2026, 1, 10), 3, correction_of_id=wrong.id, correction_reason="Typing error")
        figure = self._january()["satisfaction"]
        self.assertEqual((figure["value"], figure["n"]), (4, 2))

    def test_other_company_and_other_team_do_not_count(self):
        team = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        self._scores(1, [5, 4], team_id=team.id)
        self._scores(1, [1])
        other = self.env["res.company"].create({"name": "Other"})
        self._feedback(datetime(2026, 1, 15), 2, company_id=other.id)
        self.assertEqual(self._january()["satisfaction"]["n"], 3)
        self.assertEqual(self._january(team=team)["satisfaction"]["value"], 4.5)

    def test_feedback_after_the_cutoff_does_not_count(self):
        self._scores(1, [5])
        self.env.flush_all()
        before = self.env.cr.now() - timedelta(seconds=1)
        self.assertNotIn("satisfaction", self._january(cutoff=before))

    def test_what_happened_after_the_cutoff_is_not_told(self):
        """Figures as of a moment stay what they were, though customers answer and issues are closed later."""
        followup = self._followup(1, "done", ["sent"], date_done=datetime(2026, 2, 10))
        self._set(followup, create_date=datetime(2026, 1, 20))
        self._set(followup.attempt_ids, create_date=datetime(2026, 1, 31))
        issue = self._issue(datetime(2026, 1, 5), priority="1")
        self._set(
            issue,
            contact_deadline=date(2026, 1, 30),
            date_contacted=datetime(2026, 2, 9),
            date_done=datetime(2026, 1, 20),
            date_closed=datetime(2026, 2, 10),
            confirmed_by_id=self._feedback(datetime(2026, 2, 10), 5).id,
            state="closed",
        )
        for day, told in ((8, False), (11, True)):
            figures = self._january(cutoff=datetime(2026, 2, day))
            point = figures["trends"]["response_rate"][-1]
            self.assertEqual((figures["response_rate"]["value"], point["value"]), (told, told), day)
            self.assertEqual(figures["closed_loop"]["value"], told, day)
            self.assertEqual((figures["loop"]["done"], figures["loop"]["resolved"]), (not told, 1), day)
        before = self._january(cutoff=datetime(2026, 1, 18))["loop"]
        self.assertEqual((before["processing"], before["resolved"]), (1, 0))
        self.assertNotIn("contact_in_time", self._january(cutoff=datetime(2026, 1, 29)), "There was still time")

    def test_what_is_decided_about_an_answer_after_the_cutoff_is_not_told(self):
        """An answer counts as of a moment if it did then, whatever supervisors decided of it since."""
        doubt = {"evidence": "suspicious", "suspicious_reason": "Too fast"}
        refused = self._feedback(datetime(2026, 1, 10), 1, **doubt)
        believed = self._feedback(datetime(2026, 1, 10), 2, **doubt)
        good, doubted, checked = (self._feedback(datetime(2026, 1, 10), score) for score in (3, 4, 5))
        self._backdate_feedback()

        def scores(day):
            figure = self._january(cutoff=datetime(2026, 2, day))["satisfaction"]
            return figure["n"], round(figure["value"] * figure["n"])

        self.assertEqual(scores(8), (3, 3 + 4 + 5))
        with freeze_time("2026-02-10"):
            refused.action_reject_evidence()
            believed.action_confirm_evidence()
            doubted.write(doubt)
            checked.evidence = "confirmed"
        self.assertTrue(refused.screened_date and not refused.evidence_date)
        self.assertFalse(good.evidence_date)
        self.assertEqual(scores(8), (3, 3 + 4 + 5))
        self.assertEqual(scores(11), (3, 2 + 3 + 5))

    def test_small_numbers_are_marked_and_empty_ones_absent(self):
        self.company.write({"aftersale_min_n": 3, "aftersale_weak_n": 4})
        self.assertNotIn("satisfaction", self._january())
        self._scores(1, [5, 5])
        figure = self._january()["satisfaction"]
        self.assertTrue(figure["weak"] and figure["withheld"])
        self._scores(1, [5])
        figure = self._january()["satisfaction"]
        self.assertTrue(figure["weak"] and not figure["withheld"])
        self._scores(1, [5])
        figure = self._january()["satisfaction"]
        self.assertFalse(figure["weak"] or figure["withheld"])

    def test_trend_has_twelve_periods_oldest_first(self):
        self._scores(1, [4, 5])
        self._scores(2, [3])
        trend = self._month(2)["trend"]
        self.assertEqual(len(trend), 12)
        self.assertEqual(trend[0]["date_from"], "2025-03-01")
        self.assertEqual([point["value"] for point in trend[-3:]], [None, 4.5, 3])

    def test_top_problems_with_share_and_movement(self):
        late, fault, price, manual = self.tag_late, self.tag_fault, self.tag_price, self.tag_manual
        for tags in (late, late | fault, late | fault, price | self.tag_praise, self.tag_praise):
            self._feedback(datetime(2026, 2, 10), 4, tags)
        for tags in (fault, fault, late, manual):
            self._feedback(datetime(2026, 1, 10), 4, tags)
        figures = self._month(2)
        self.assertEqual(figures["problem_feedback"], 4)
        rows = [(row["code"], row["n"], row["share"]) for row in figures["top_problems"]]
        # praise is no problem, neither as a row nor in the whole; the shares add up to more than one
        self.assertEqual(rows, [("analysis_late", 3, 0.75), ("analysis_fault", 2, 0.5), ("analysis_price", 1, 0.25)])
        first, second, third = figures["top_problems"]
        self.assertEqual((first["previous_rank"], first["previous_share"]), (2, 0.25))
        self.assertEqual((second["previous_rank"], second["previous_share"]), (1, 0.5))
        self.assertEqual((third["previous_rank"], third["previous_share"]), (None, 0))

    def test_areas_average_their_own_answers(self):
        areas = self.env["aftersale.dimension"].create(
            [{"name": "Speed", "code": "analysis_speed"}, {"name": "Tone", "code": "analysis_tone"}]
        )
        for scores in ((5, 2), (4, 3)):
            self._feedback(
                datetime(2026, 1, 10),
                4,
                dimension_ids=[
                    Command.create({"dimension_id": area.id, "score": score})
                    for area, score in zip(areas, scores, strict=True)
                ],
            )
        figures = {area["code"]: area["value"] for area in self._january()["areas"]}
        self.assertEqual(figures, {"analysis_speed": 4.5, "analysis_tone": 2.5})

    # ------------------------------------------------------------
    # contacts and issues
    # ------------------------------------------------------------

    def test_rates_and_funnel_of_the_followups_due(self):
        self._followup(1, "done", ["sent"])
        self._followup(2, "ready", ["sent"])
        self._followup(3, "done", ["no_answer", "reached"], channel="phone")
        called = self._followup(4, "ready", ["bounced"], channel="phone")
        called.attempt_ids.is_passed_over = True  # mail: nobody called yet
        self._followup(5, "skipped", skip_reason="contact_cap")
        self._followup(6, "cancelled")
        self._followup(7, "done", ["reached"], channel="inbound")
        self._followup(8, "ready", ["contested"])
        self._followup(9, "done", ["sent"], date_planned=date(2026, 2, 1))
        figures = self._january()
        # contacted 1, 2, 3; due 1, 2, 3, 4, 8: a rule forbade 5, nobody was to call 6, and 7 came to us
        self.assertEqual((figures["followup_rate"]["value"], figures["followup_rate"]["n"]), (0.6, 5))
        self.assertAlmostEqual(figures["response_rate"]["value"], 2 / 3)
        channels = figures["response_rate"]["channels"]
        self.assertEqual({code: figure["value"] for code, figure in channels.items()}, {"email": 0.5, "phone": 1})
        self.assertEqual(
            figures["funnel"], {"due": 6, "skipped": {"contact_cap": 1}, "contacted": 3, "reached": 2, "answered": 2}
        )

    def test_loop_counts_and_rates(self):
        day = datetime(2026, 1, 10)
        confirmed = self._issue(day, kind="complaint")
        answer = self._feedback(datetime(2025, 6, 1))
        self._set(confirmed, confirmed_by_id=answer.id, state="closed", date_done=day, date_closed=day)
        waived = self._issue(day, kind="complaint")
        waiver = {"waiver_reason": "unreachable", "waiver_note": "Called five times"}
        self._set(waived, **waiver, state="closed", date_done=day, date_closed=day)
        waiting = self._issue(day, kind="problem")
        self._set(waiting, state="done", date_done=day, verification_deadline=date(2026, 1, 17))
        self._set(self._issue(day, kind="complaint"), cancel_reason="Entered twice", state="cancelled")
        # 12 January in UTC is already the 13th in Shanghai
        late = self._issue(datetime(2025, 12, 10), kind="complaint", priority="1")
        self._set(late, contact_deadline=date(2026, 1, 12), date_contacted=datetime(2026, 1, 12, 16, 30))
        in_time = self._issue(datetime(2025, 12, 10), kind="complaint", priority="1")
        self._set(in_time, contact_deadline=date(2026, 1, 12), date_contacted=datetime(2026, 1, 12, 15, 30))
        figures = self._january()
        loop = figures["loop"]
        self.assertEqual(
            (loop["opened"], loop["resolved"], loop["closed"], loop["waived"], loop["done"]), (3, 3, 2, 1, 1)
        )
        self.assertAlmostEqual(figures["closed_loop"]["value"], 1 / 3)
        self.assertEqual((figures["contact_in_time"]["value"], figures["contact_in_time"]["n"]), (0.5, 2))
        listed = {row["name"]: row["in_time"] for row in figures["priority_issues"]}
        self.assertEqual(listed, {late.name: False, in_time.name: True})

    def test_complaint_rate_counts_orders_delivered_in_full(self):
        product = self.env["product.product"].create({"name": "Lamp", "type": "consu"})
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "order_line": [Command.create({"product_id": product.id, "product_uom_qty": quantity})],
                }
                for quantity in (1, 2, 3)
            ]
        )
        orders.action_confirm()
        for order, delivered in zip(orders, (1, 2, 1), strict=True):
            order.picking_ids.move_ids.quantity = delivered
            order.picking_ids.move_ids.picked = True
            order.picking_ids.with_context(skip_backorder=True)._action_done()
        self.assertEqual(len(orders[2].picking_ids), 2, "the third order waits for its backorder")
        for move in orders.order_line.move_ids.filtered(lambda move: move.state == "done"):
            self._set(move, date=datetime(2026, 1, 20))
        self._issue(datetime(2026, 1, 21), kind="complaint")
        self._issue(datetime(2026, 1, 21), kind="problem")
        figure = self._january()["complaint_rate"]
        self.assertEqual((figure["value"], figure["n"]), (0.5, 2))

    def test_what_lies_ahead_of_the_cutoff_is_not_due_yet(self):
        self._followup(1, "done", ["sent"], date_planned=date(2026, 1, 5), date_deadline=date(2026, 2, 1))
        self._followup(2, "ready", date_planned=date(2026, 1, 6), date_deadline=date(2026, 1, 8))
        self._followup(3, "ready", date_planned=date(2026, 1, 7), date_deadline=date(2026, 1, 31))
        self._followup(4, "planned", date_planned=date(2026, 1, 20), date_deadline=date(2026, 1, 25))
        self._followup(5, "skipped", skip_reason="contact_cap", date_planned=date(2026, 1, 21))
        early = self._followup(6, "done", ["sent"], date_planned=date(2026, 1, 22), date_deadline=date(2026, 1, 26))
        for followup in self.env["aftersale.followup"].search([("company_id", "=", self.company.id)]):
            self._set(followup, create_date=datetime(2026, 1, 1))
            for attempt in followup.attempt_ids:
                self._set(attempt, create_date=datetime(2026, 1, 9), date=datetime(2026, 1, 9))
        figures = self._january(cutoff=datetime(2026, 1, 10, 4))
        # due 1, 2, 3, and 6, which was contacted before its day; of 3 nobody knows yet whether it is in time
        self.assertEqual((figures["followup_rate"]["value"], figures["followup_rate"]["n"]), (2 / 4, 4))
        self.assertEqual((figures["in_time_rate"]["value"], figures["in_time_rate"]["n"]), (2 / 3, 3))
        self.assertEqual((figures["funnel"]["due"], figures["funnel"]["skipped"]), (4, {}))
        self.assertEqual(self._january()["followup_rate"]["n"], 5)
        scope = self.figures._make_scope(
            self.company, date(2026, 1, 1), date(2026, 1, 31), None, datetime(2026, 1, 10, 4)
        )
        model, domain = self.figures._get_records(scope, "followup_rate")
        self.assertEqual(len(self.env[model].search(domain)), 4)
        self.assertIn(early, self.env[model].search(domain))

    def test_clocks_that_wait_for_the_customer_are_not_overdue(self):
        today = self.company._aftersale_today()
        yesterday, later = today - timedelta(days=1), today + timedelta(days=9)
        issue = self._issue(self.env.cr.now(), priority="1")
        self._set(
            issue,
            state="processing",
            date_contacted=self.env.cr.now(),
            resolution_deadline=yesterday,
            promised_date=later,
            waiting_date=yesterday,
        )
        for waiting, overdue, next_date in ((yesterday, 0, None), (None, 1, yesterday.isoformat())):
            with self.subTest(waiting=waiting):
                self._set(issue, waiting_date=waiting)
                figures = self.figures._get(self.company, today.replace(day=1), today)
                [row] = figures["priority_issues"]
                self.assertEqual(figures["loop"]["overdue"], overdue)
                self.assertEqual((row["next_date"], row["late"]), (next_date, bool(overdue)))
                self.assertEqual(issue.is_overdue, bool(overdue), "as the board has it")

    def test_parts_of_a_total_do_not_tell_those_that_are_withheld(self):
        self.company.aftersale_min_n = 5
        team, small = self.env["crm.team"].create(
            [{"name": name, "company_id": self.company.id} for name in ("Big", "Small")]
        )
        for own, scores in ((team, [4] * 8), (small, [1] * 2)):
            self._scores(1, scores, team_id=own.id)
            self._scores(2, scores, team_id=own.id)
        figures = self._month(2)
        self.assertFalse(figures["satisfaction"]["withheld"])
        # ten less eight is two
        self.assertEqual([row["withheld"] for row in figures["teams"]], [True, True])
        self.assertEqual([row["previous_withheld"] for row in figures["teams"]], [True, True])
        self._scores(2, [1] * 3, team_id=small.id)
        self.assertEqual([row["withheld"] for row in self._month(2)["teams"]], [False, False])

    def test_number_of_queries_does_not_grow_with_the_rows(self):
        self._feedback(datetime(2026, 1, 10), 4, self.tag_late)
        self._january()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self._january()
        few = self.env.cr.sql_log_count - start
        for _number in range(30):
            self._feedback(datetime(2026, 1, 10), 4, self.tag_late)
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self._january()
        self.assertLessEqual(self.env.cr.sql_log_count - start, few)

    def test_pivot_agrees_with_the_figures(self):
        for score, nps in zip([5, 4, 2, 0], ["10", "8", "3", False], strict=True):
            self._feedback(datetime(2026, 1, 10), score, self.tag_late | self.tag_fault, nps=nps)
        self._feedback(datetime(2026, 1, 10), 1, evidence="suspicious", suspicious_reason="Too fast", nps="0")
        figures = self._january()
        Report = self.env["aftersale.feedback.report"]
        [(score, csat, nps, count)] = Report._read_group(
            [("company_id", "=", self.company.id)], [], ["score:avg", "csat:avg", "nps:avg", "__count"]
        )
        self.assertAlmostEqual(score, figures["satisfaction"]["value"])
        self.assertAlmostEqual(csat / 100, figures["csat"]["value"])
        self.assertAlmostEqual(nps, figures["nps"]["value"])
        self.assertEqual(count, figures["feedback"])
        by_tag = dict(Report._read_group([("company_id", "=", self.company.id)], ["tag_ids"], ["__count"]))
        self.assertEqual(by_tag, {self.tag_late: 4, self.tag_fault: 4})
