from datetime import datetime, time
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.aftersale_followup.report.aftersale_overview import TILES

from .analysis_common import AnalysisCase

JANUARY = {"period": "month", "day": "2026-01-20"}


@tagged("post_install", "-at_install")
class TestOverview(AnalysisCase, HttpCase):
    """The manager's overview shows the figures of the engine, to who may read an analysis of the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent, cls.supervisor, cls.manager = (
            new_test_user(
                cls.env,
                f"overview_{role}",
                f"aftersale_followup.group_{role}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role in ("agent", "supervisor", "manager")
        )
        cls.own, cls.other = cls.env["crm.team"].create(
            [
                {"name": "Own", "company_id": cls.company.id, "user_id": cls.supervisor.id},
                {"name": "Other", "company_id": cls.company.id, "user_id": cls.manager.id},
            ]
        )

    def _overview(self, user=None, **options):
        overview = self.env["aftersale.overview"].with_user(user or self.manager)
        return overview.with_company(self.company).get_overview({**JANUARY, **options})

    def _tile(self, key, **options):
        return next(tile for tile in self._overview(**options)["tiles"] if tile["key"] == key)

    # -- who may see what --------------------------------------------------------

    def test_agents_are_refused(self):
        for method, arguments in (("get_overview", [JANUARY]), ("get_records", [JANUARY, "csat"])):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.env["aftersale.overview"].with_user(self.agent), method)(*arguments)

    def test_supervisors_see_the_company_and_the_teams_they_lead(self):
        """As the record rules of the analyses have it, and as far as the setting widens them."""

        def teams(user):
            chosen = {team_id for team_id, _name in self._overview(user)["choices"]["team"]}
            return self.env["crm.team"].browse(chosen) & (self.own | self.other)

        self.assertEqual(teams(self.supervisor), self.own)
        self._overview(self.supervisor, team=self.own.id)
        with self.assertRaises(AccessError):
            self._overview(self.supervisor, team=self.other.id)
        self.assertEqual(teams(self.manager), self.own | self.other)
        self.company.aftersale_all_teams = True
        self._overview(self.supervisor, team=self.other.id)

    def test_teams_of_other_companies_are_refused(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["crm.team"].create({"name": "Foreign", "company_id": elsewhere.id})
        with self.assertRaises(AccessError):
            self._overview(team=foreign.id)

    def test_what_is_gone_does_not_become_the_whole_company(self):
        self._scores(1, [4, 5])
        plan = self.plan.copy()
        gone = {"team": self.other.id, "plan": plan.id}
        self.other.unlink()
        plan.unlink()
        for name, value in gone.items():
            for method, arguments in (("get_overview", []), ("get_records", ["csat"])):
                overview = self.env["aftersale.overview"].with_user(self.manager)
                with self.subTest(name=name, method=method), self.assertRaisesRegex(UserError, "no longer exists"):
                    getattr(overview, method)({**JANUARY, name: value}, *arguments)

    def test_a_change_of_nothing_has_no_sign(self):
        page = self.env["report.aftersale_followup.report_analysis"]
        for value in (-0.04, 0.0, 0.04):
            self.assertEqual((page._format_mean(value, sign=True), page._format_score(value)), ("0.0", "0"))
        change = page.env["aftersale.overview"]._get_change(
            page, "csat", {"withheld": False, "previous_withheld": False, "value": 0.5, "previous": 0.5001}
        )
        self.assertEqual(change, {"change": "0 points", "direction": "same"})

    # -- periods ------------------------------------------------------------------

    def test_periods_are_whole_and_step_by_step(self):
        for period, first, before, after in (
            ("week", "2026-01-19", "2026-01-12", "2026-01-26"),
            ("month", "2026-01-01", "2025-12-01", "2026-02-01"),
            ("quarter", "2026-01-01", "2025-10-01", "2026-04-01"),
            ("year", "2026-01-01", "2025-01-01", "2027-01-01"),
        ):
            page = self._overview(period=period, day="2026-01-20")
            with self.subTest(period=period):
                self.assertEqual((page["day"], page["previous"]), (first, before))
                # nothing is ahead of today
                today = self.company._aftersale_today().isoformat()
                self.assertEqual(page["next"], after if after <= today else False)
        self.assertEqual(self._overview(period="year", day="2026-01-20")["label"], "2026")

    def test_bad_period_and_day_are_told(self):
        for options in ({"period": "decade"}, {"day": "soon"}, {"day": "9999-12-31"}, {"day": "1812-01-01"}):
            with self.subTest(options=options), self.assertRaisesRegex(UserError, "from 2000 on"):
                self._overview(**options)

    def test_empty_period_says_so(self):
        self.assertTrue(self._overview(day="2019-05-05")["is_empty"])
        self._scores(1, [5])
        self.assertFalse(self._overview()["is_empty"])

    # -- what the tiles say -------------------------------------------------------

    def test_tile_tells_value_n_interval_change_target_and_trend(self):
        self._set_target("satisfaction", 4.5)
        december = datetime(2025, 12, 15, 4)
        for score in (3, 4):
            self._feedback(december, score)
        self._scores(1, [4, 4, 4, 5])
        tile = self._tile("satisfaction")
        self.assertEqual((tile["value"], tile["n"], tile["change"]), ("4.3", 4, "+0.8"))
        self.assertEqual(tile["direction"], "better")
        self.assertEqual((tile["light"], tile["target"]), ("red", "≥ 4.5"))
        self.assertTrue(tile["weak"] and tile["interval"] and tile["definition"])
        self.assertEqual([point["value"] for point in tile["points"]][-2:], [3.5, 4.25])
        self.assertEqual(len(tile["points"]), 12)
        self.assertEqual(self._tile("csat")["change"], "+50 points")

    def test_every_figure_with_a_target_is_shown(self):
        overview = self.env["aftersale.overview"]
        further = overview._get_part_of_figure()
        choices = [figure for figure, _label in self.env["aftersale.figure.target"]._select_figures()]
        self.assertEqual(sorted([*TILES, *further]), sorted(choices))
        self.assertFalse(set(further.values()) - {part.__name__ for part in self.figures._get_parts()})

        self._scores(1, [4, 5], nps="10")
        self.assertEqual([tile["key"] for tile in self._overview()["tiles"]], [*TILES])
        for figure in further:
            self._set_target(figure, 1)
        tiles = {tile["key"]: tile for tile in self._overview()["tiles"]}
        self.assertEqual(list(tiles)[: len(TILES)], [*TILES])
        self.assertEqual(sorted(tiles), sorted(choices))
        self.assertEqual((tiles["recommendation"]["value"], tiles["recommendation"]["light"]), ("100%", "green"))
        self.assertEqual([tiles[key]["is_open"] for key in ("csat", "recommendation")], [True, False])
        with patch.object(type(self.figures), "_get_parts", lambda engine: [engine._get_bonds]):
            self._scores(1, [0], customer_type="existing", stability="same")
            self.assertFalse(self._overview()["is_empty"], "a tile besides the usual ones has something to show")

    def test_change_is_told_in_the_unit_of_the_figure(self):
        page = self.env["report.aftersale_followup.report_analysis"]
        figure = {"value": 3.0, "previous": 2.0, "change": 1.0, "withheld": False, "previous_withheld": False}
        for key, text, direction in (
            ("loyalty", "+1.0", "better"),
            ("suggestion_lead_time", "+1.0", "worse"),
            ("nps", "+1", "better"),
            ("coverage", "+100 points", "better"),
            ("recovery_cost", f"+{page._get_formatter('recovery_cost', self.company.currency_id)(1)}", "worse"),
        ):
            with self.subTest(key=key):
                found = self.env["aftersale.overview"]._get_change(page, key, figure)
                self.assertEqual(found, {"change": text, "direction": direction})

    def test_more_is_better_but_of_complaints_and_reopened_issues(self):
        overview, page = self.env["aftersale.overview"], self.env["report.aftersale_followup.report_analysis"]
        figure = {"value": 0.3, "previous": 0.1, "withheld": False, "previous_withheld": False}
        for key, direction in (("csat", "better"), ("reopened", "worse"), ("complaint_rate", "worse")):
            found = overview._get_change(page, key, figure)
            self.assertEqual(found, {"change": "+20 points", "direction": direction}, key)
        same = overview._get_change(page, "csat", {**figure, "previous": 0.299})
        self.assertEqual(same["direction"], "same")
        hidden = overview._get_change(page, "csat", {**figure, "previous_withheld": True})
        self.assertEqual(hidden["change"], "", "The change would tell what the period before withholds")

    def test_withheld_values_never_leave_the_server(self):
        self.company.aftersale_min_n = 5
        self._scores(1, [4, 4, 5], tag_ids=[Command.set(self.tag_late.ids)])
        page = self._overview()
        for tile in page["tiles"]:
            with self.subTest(key=tile["key"]):
                self.assertFalse(tile["interval"] or tile["change"] or tile["light"])
                self.assertTrue(all(point["value"] is None for point in tile["points"]))
        self.assertEqual(self._tile("satisfaction")["value"], "too few answers (3)")
        self.assertEqual([(row["value"], row["share"]) for row in page["problems"]], [(None, "–")])

    def test_filters_that_do_not_apply_leave_a_dash(self):
        self._scores(1, [5])
        self._issue(datetime(2026, 1, 10), kind="complaint")
        tiles = {tile["key"]: tile for tile in self._overview(plan=self.plan.id)["tiles"]}
        self.assertEqual((tiles["closed_loop"]["value"], tiles["closed_loop"]["n"]), ("–", 0))

    def test_row_of_the_pivot_leads_to_its_feedback(self):
        self._scores(1, [4, 2], team_id=self.own.id)
        found = self.env["aftersale.feedback"].search([("company_id", "=", self.company.id), ("score", "=", 2)])
        report = self.env["aftersale.feedback.report"]
        self.assertIn("action_open", report.get_view(view_type="list")["arch"])
        row = report.with_user(self.supervisor).search([("score", "=", 2), ("company_id", "=", self.company.id)])
        action = row.action_open()
        self.assertEqual((action["res_model"], action["res_id"]), ("aftersale.feedback", found.id))
        with self.assertRaises(AccessError):
            row.with_user(self.agent).action_open()

    # -- in the browser -----------------------------------------------------------

    def test_page_leads_to_records_and_back(self):
        """Explained, filtered, stepped through, one click from the records; nothing to show, and an error, say so."""
        today = self.company._aftersale_today()
        yesterday = datetime.combine(today.replace(day=1), time(4))
        for score in (5, 5, 1):
            self._feedback(yesterday, score, self.tag_late, team_id=self.own.id)
        self._feedback(yesterday, 3)
        self.start_tour("/odoo/aftersale-overview", "aftersale_followup_overview", login=self.manager.login)
