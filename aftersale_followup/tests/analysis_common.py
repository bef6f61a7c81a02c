from datetime import date, datetime

from odoo.fields import Command
from odoo.tests import TransactionCase


class AnalysisCase(TransactionCase):
    """A company in Shanghai whose feedback the tests know one by one. Nothing here relies on demo data."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Analysis Test Company"})
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids, "tracking_disable": True})
        cls.company = cls.company.with_env(cls.env)
        cls.company.resource_calendar_id.tz = "Asia/Shanghai"
        cls.company.aftersale_min_n = 1
        cls.company.email = "office@analysis.example"
        cls.category = cls.env["aftersale.category"].create({"name": "Test area", "code": "analysis_test"})
        cls.tag_late = cls._make_tag("Late goods", "analysis_late")
        cls.tag_fault = cls._make_tag("Faults", "analysis_fault")
        cls.tag_price = cls._make_tag("Prices", "analysis_price")
        cls.tag_manual = cls._make_tag("Manuals", "analysis_manual")
        cls.tag_praise = cls._make_tag("Kind words", "analysis_praise", is_problem=False)
        cls.plan = cls.env.ref("aftersale_followup.plan_new")
        cls.customer = cls.env["res.partner"].create({"name": "Zhang Wei", "email": "zhang@customer.example"})
        cls.figures = cls.env["aftersale.figures"]

    @classmethod
    def _make_tag(cls, name, code, **values):
        return cls.env["aftersale.tag"].create({"name": name, "code": code, "category_id": cls.category.id, **values})

    def _feedback(self, date, score=0, tags=None, **values):
        """Feedback without a customer, so that it opens no issue, at a moment in UTC."""
        return self.env["aftersale.feedback"].create(
            {
                "date": date,
                "score": score,
                "company_id": self.company.id,
                "tag_ids": [Command.set(tags.ids if tags else [])],
                **values,
            }
        )

    @classmethod
    def _set_target(cls, figure, target):
        """Make ``target`` what the company wants the figure to be, in the unit users enter; None for no target."""
        targets = cls.env["aftersale.figure.target"]
        targets.search([("company_id", "=", cls.company.id), ("figure", "=", figure)]).unlink()
        if target is not None:
            targets.create({"company_id": cls.company.id, "figure": figure, "target": target})

    def _scores(self, month, scores, **values):
        for score in scores:
            self._feedback(datetime(2026, month, 15, 4), score, **values)

    def _backdate_feedback(self):
        """As if it had been stored the moment it was given: what comes after the cutoff is in no figure."""
        self.env["aftersale.feedback"].flush_model()
        self.env.cr.execute("UPDATE aftersale_feedback SET create_date = date WHERE company_id = %s", [self.company.id])
        self.env["aftersale.feedback"].invalidate_model(["create_date"])

    def _january(self, **kwargs):
        return self._month(1, **kwargs)

    def _month(self, month, **kwargs):
        last = {1: 31, 2: 28, 3: 31}[month]
        return self.figures._get(
            self.company, datetime(2026, month, 1).date(), datetime(2026, month, last).date(), **kwargs
        )

    def _followup(self, number, state, outcomes=(), channel="email", **values):
        return (
            self.env["aftersale.followup"]
            .sudo()
            .create(
                {
                    "origin": f"analysis:{number}",
                    "plan_id": self.plan.id,
                    "scenario": self.plan.scenario,
                    "contact_class": self.plan.contact_class,
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "channel_id": self.env.ref(f"aftersale_followup.channel_{channel}").id,
                    "date_planned": date(2026, 1, 31),
                    "date_deadline": date(2026, 2, 6),
                    "state": state,
                    "attempt_ids": [
                        Command.create({"outcome": outcome, "date": datetime(2026, 1, 31)}) for outcome in outcomes
                    ],
                    **values,
                }
            )
        )

    def _issue(self, created, **values):
        issue = self.env["aftersale.issue"].create(
            {
                "title": "Broken",
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "user_id": self.env.user.id,
                "root_cause": "Loose screw",
                "solution": "Tightened",
                **values,
            }
        )
        self._set(issue, create_date=created)
        return issue

    def _set(self, record, **columns):
        """Store dates and states as they would be after weeks of work, without living through them."""
        record.flush_recordset()
        for column, value in columns.items():
            self.env.cr.execute(f'UPDATE "{record._table}" SET "{column}" = %s WHERE id = %s', [value, record.id])
        record.invalidate_recordset()
