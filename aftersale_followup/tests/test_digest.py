from datetime import datetime, time, timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .analysis_common import AnalysisCase

KPIS = ("satisfaction", "response", "opened", "open")


@tagged("post_install", "-at_install")
class TestDigest(AnalysisCase):
    """The digest mail tells supervisors the figures of the analyses, for the whole days before it is sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent, cls.supervisor = (
            new_test_user(
                cls.env,
                f"digest_{role}",
                f"base.group_user,aftersale_followup.group_{role}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role in ("agent", "supervisor")
        )
        cls.digest = cls.env["digest.digest"].create(
            {"name": "Digest", "company_id": cls.company.id, **{f"kpi_aftersale_{name}": True for name in KPIS}}
        )

    def _kpis(self, user=None):
        """{kpi: (last 24 hours, 7 days, 30 days)} as the mail has them."""
        kpis = self.digest._compute_kpis(self.company, user or self.supervisor)
        return {
            kpi["kpi_name"].removeprefix("kpi_aftersale_"): tuple(kpi[f"kpi_col{n}"]["value"] for n in (1, 2, 3))
            for kpi in kpis
            if kpi["kpi_name"].startswith("kpi_aftersale_")
        }

    def _noon(self, days):
        """Noon in the company so many days ago, in UTC."""
        return self.company._aftersale_moment(self.company._aftersale_today() - timedelta(days=days), 12)

    def test_scores_of_whole_days_of_the_company(self):
        today = self.company._aftersale_today()
        for days, score in ((1, 5), (3, 2), (20, 2), (0, 1)):
            self._feedback(self._noon(days), score)
        # the last second of the day before yesterday, in the company
        self._feedback(self.company._aftersale_moment(today - timedelta(days=1)) - timedelta(seconds=1), 3)
        found = self._kpis()["satisfaction"]
        self.assertEqual(found, ("5.0", "3.3", "3.0"), "Today is not over, and the last 24 hours are yesterday")

    def test_issues_and_response(self):
        self._issue(self._noon(1))
        self._issue(self._noon(5))
        done = self._issue(self._noon(5))
        self._set(done, waiver_reason="unreachable", waiver_note="Called three times", state="closed")
        for number, state in enumerate(("done", "ready", "ready")):
            planned = self.company._aftersale_today() - timedelta(days=1)
            self._followup(number, state, ["sent"], date_planned=planned, date_deadline=planned)
        kpis = self._kpis()
        self.assertEqual(kpis["opened"], (1, 3, 3))
        self.assertEqual(kpis["open"], (2, 2, 2))
        self.assertEqual(kpis["response"], ("33.3", "33.3", "33.3"))

    def test_what_is_withheld_or_missing_is_a_dash(self):
        self.assertEqual(self._kpis()["satisfaction"], ("–", "–", "–"))
        self.company.aftersale_min_n = 2
        self._feedback(self._noon(1), 5)
        self._feedback(self._noon(4), 5)
        self.assertEqual(self._kpis()["satisfaction"], ("–", "5.0", "5.0"))

    def test_nobody_answered_is_a_number(self):
        day = self.company._aftersale_today() - timedelta(days=1)
        self._followup(1, "ready", ["sent"], date_planned=day, date_deadline=day)
        self.assertEqual(self._kpis()["response"], ("0.0", "0.0", "0.0"))

    def test_agents_get_none_of_it(self):
        self.assertEqual(self._kpis(self.agent), {})

    def test_figures_of_another_company_are_left_out(self):
        self.digest.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertEqual(self._kpis(), {})

    def test_mail_shows_them(self):
        self._feedback(datetime.combine(self._noon(1), time(4)), 5)
        self.supervisor.email = "supervisor@analysis.example"
        self.digest._action_send_to_user(self.supervisor, tips_count=0)
        mail = self.env["mail.mail"].search([("email_to", "ilike", "supervisor@analysis.example")], limit=1)
        self.assertIn("Average Satisfaction", mail.body_html)
        self.assertIn("aftersale_overview_action", mail.body_html)
