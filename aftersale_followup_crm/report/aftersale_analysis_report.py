from odoo import models
from odoo.tools import formatLang


class AftersaleAnalysisReport(models.AbstractModel):
    _inherit = "report.aftersale_followup.report_analysis"

    def _get_page(self, analysis):
        page = super()._get_page(analysis)
        figures = analysis.figures or {}
        page["sales"] = self._get_sales(analysis, figures.get("conversion"))
        page["sales_rates"] = self._get_rates(figures, ("conversion",))
        return page

    def _get_sales(self, analysis, figure):
        """Return headings and numbers of the opportunities that follow-ups led to; empty where there were none."""
        if not figure:
            return []
        currency = analysis.company_id.currency_id
        return [
            (self.env._("Opportunities"), figure["n"]),
            (self.env._("Won"), figure["won"]),
            (self.env._("Untaxed Revenue"), formatLang(self.env, figure["revenue"], currency_obj=currency)),
        ]
