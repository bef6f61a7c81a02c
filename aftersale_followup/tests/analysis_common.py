from datetime import datetime

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

    def _scores(self, month, scores, **values):
        for score in scores:
            self._feedback(datetime(2026, month, 15, 4), score, **values)

    def _january(self, **kwargs):
        return self._month(1, **kwargs)

    def _month(self, month, **kwargs):
        last = {1: 31, 2: 28, 3: 31}[month]
        return self.figures._get(
            self.company, datetime(2026, month, 1).date(), datetime(2026, month, last).date(), **kwargs
        )
