from datetime import datetime

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .analysis_common import AnalysisCase

JANUARY = {"period": "month", "day": "2026-01-20"}


@tagged("post_install", "-at_install")
class TestMyFigures(AnalysisCase):
    """Agents see their own figures and the team's mean; nothing that tells of one other agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agents = cls.env["res.users"].union(
            *(
                new_test_user(
                    cls.env,
                    f"my_figures_{number}",
                    "base.group_user,aftersale_followup.group_agent",
                    name=f"Agent {number}",
                    company_id=cls.company.id,
                    company_ids=[Command.set(cls.company.ids)],
                )
                for number in range(3)
            )
        )
        cls.me = cls.agents[0]
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Callers",
                "company_id": cls.company.id,
                "crm_team_member_ids": [Command.create({"user_id": user.id}) for user in cls.agents],
            }
        )

    def _said(self, user, *scores):
        for score in scores:
            self._feedback(datetime(2026, 1, 15, 4), score, user_id=user.id, team_id=self.team.id)

    def _page(self, user=None):
        overview = self.env["aftersale.overview"].with_user(user or self.me).with_company(self.company)
        return overview.get_my_figures(JANUARY)

    def _tiles(self, user=None):
        return {tile["key"]: tile for tile in self._page(user)["tiles"]}

    def test_own_work_is_counted(self):
        for number, (state, outcomes) in enumerate(
            [("done", ["reached"]), ("ready", ["no_answer"]), ("ready", ["reached"]), ("planned", [])]
        ):
            self._followup(number, state, outcomes, user_id=self.me.id, team_id=self.team.id)
        self._followup(9, "done", ["reached"], user_id=self.agents[1].id, team_id=self.team.id)
        for user in self.agents[:2]:
            self._issue(datetime(2026, 1, 10), user_id=user.id)
        tiles = self._tiles()
        self.assertEqual(
            [tiles[key]["value"] for key in ("contacted", "reached", "answered", "waiting", "response_rate")],
            ["3", "2", "1", "1", "33%"],
        )
        overview = self.env["aftersale.overview"].with_user(self.me).with_company(self.company)
        for key, count in (("contacted", 3), ("answered", 1), ("response_rate", 3), ("waiting", 1)):
            action = overview.get_my_records(JANUARY, key)
            found = self.env[action["res_model"]].with_user(self.me).search_count(action["domain"])
            self.assertEqual(found, count, key)

    def test_average_beside_the_mean_of_the_team(self):
        self._said(self.me, 5, 5)
        self._said(self.agents[1], 2, 2)
        self.assertEqual(self._tiles()["satisfaction"]["team"], "", "Of two, each would know the other's")
        self._said(self.agents[2], 4)
        tile = self._tiles()["satisfaction"]
        self.assertEqual((tile["value"], tile["n"]), ("5.0", 2))
        self.assertEqual(tile["team"], "Team: 3.6 (n = 5)")
        page = str(self._page())
        for other in self.agents[1:]:
            self.assertNotIn(other.name, page)

    def test_withheld_below_the_minimum(self):
        self.company.aftersale_min_n = 3
        self._said(self.me, 5, 5)
        for user in self.agents[1:]:
            self._said(user, 3)
        tile = self._tiles()["satisfaction"]
        self.assertEqual(tile["value"], "too few answers (2)")
        self.assertEqual(tile["team"], "", "who takes the own answers away knows the mean of two")
        self._said(self.agents[1], 3)
        self.assertEqual(self._tiles()["satisfaction"]["team"], "Team: 3.8 (n = 5)")
        self.company.aftersale_min_n = 6
        self.assertEqual(self._tiles()["satisfaction"]["team"], "")

    def test_nobody_else_s_figures(self):
        """There is no way to name another agent, and none for who is no agent."""
        self._said(self.agents[1], 1, 1, 1)
        overview = self.env["aftersale.overview"].with_user(self.me).with_company(self.company)
        page = overview.get_my_figures({**JANUARY, "user": self.agents[1].id})
        self.assertEqual(next(t for t in page["tiles"] if t["key"] == "satisfaction")["n"], 0)
        employee = new_test_user(self.env, "my_figures_employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["aftersale.overview"].with_user(employee).get_my_figures(JANUARY)

    def test_single_answers_may_be_hidden(self):
        self._said(self.me, 5)
        self.assertTrue(self._tiles()["satisfaction"]["is_open"])
        self.company.aftersale_hide_answers = True
        self.assertFalse(self._tiles()["satisfaction"]["is_open"])
        with self.assertRaises(AccessError):
            self.env["aftersale.overview"].with_user(self.me).get_my_records(JANUARY, "satisfaction")
