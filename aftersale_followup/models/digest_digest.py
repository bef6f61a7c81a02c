from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError

# KPI: the part of the figures that holds it, the figure, what makes one of the figure's units one of the KPI's
KPIS = {
    "kpi_aftersale_satisfaction": ("_get_feedback", "satisfaction", 1),
    "kpi_aftersale_response": ("_get_contacts", "response_rate", 100),
}
COUNTS = {
    "kpi_aftersale_opened": ("opened",),
    "kpi_aftersale_open": ("new", "processing", "done"),
}
DASH = "–"


# What supervisors read in Odoo's digest mails comes from where the analyses have it: whole days of the company's zone,
# those that are over. Each value has a method of its own, because Odoo throws away one value at a time.
class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_aftersale_satisfaction = fields.Boolean("After-Sales: Average Satisfaction")
    kpi_aftersale_satisfaction_value = fields.Float(compute="_compute_kpi_aftersale_satisfaction_value")
    kpi_aftersale_response = fields.Boolean("After-Sales: Response Rate (%)")
    kpi_aftersale_response_value = fields.Float(compute="_compute_kpi_aftersale_response_value")
    kpi_aftersale_opened = fields.Boolean("After-Sales: New Issues")
    kpi_aftersale_opened_value = fields.Integer(compute="_compute_kpi_aftersale_opened_value")
    kpi_aftersale_open = fields.Boolean("After-Sales: Issues Open Now")
    kpi_aftersale_open_value = fields.Integer(compute="_compute_kpi_aftersale_open_value")

    def _compute_kpi_aftersale_satisfaction_value(self):
        self._aftersale_fill("kpi_aftersale_satisfaction")

    def _compute_kpi_aftersale_response_value(self):
        self._aftersale_fill("kpi_aftersale_response")

    def _compute_kpi_aftersale_opened_value(self):
        self._aftersale_fill("kpi_aftersale_opened")

    def _compute_kpi_aftersale_open_value(self):
        self._aftersale_fill("kpi_aftersale_open")

    def _aftersale_fill(self, kpi):
        """Set the value of ``kpi``; 0 where there is nothing to tell, or too little to be told."""
        if not self.env.user.has_group("aftersale_followup.group_supervisor"):
            raise AccessError(self.env._("The figures of the company are for supervisors."))
        start, end, companies = self._get_kpi_compute_parameters()
        if companies - self.env.user.company_ids:
            raise AccessError(self.env._("These are the figures of a company that is not yours."))
        values = {company: self._aftersale_read(kpi, company, start, end) for company in companies}
        for digest in self:
            digest[f"{kpi}_value"] = values[digest.company_id or self.env.company] or 0.0

    def _aftersale_read(self, kpi, company, start, end):
        """Return the value of ``kpi``; None where there is nothing to tell, or too little to be told."""
        date_from, date_to = (company._aftersale_date(fields.Datetime.to_datetime(moment)) for moment in (start, end))
        part = KPIS[kpi][0] if kpi in KPIS else "_get_loop"
        figures = self.env["aftersale.figures"]._get(company, date_from, date_to - timedelta(days=1), only={part})
        if kpi in COUNTS:
            return sum(figures["loop"][key] for key in COUNTS[kpi])
        _part, key, unit = KPIS[kpi]
        figure = figures.get(key)
        return figure["value"] * unit if figure and not figure["withheld"] else None

    def _compute_kpis(self, company, user):
        """One decimal as everywhere, and a dash where there is nothing to tell."""
        kpis = super()._compute_kpis(company, user)
        page = self.env["report.aftersale_followup.report_analysis"]
        own, about = self.with_user(user).with_company(company), self.company_id or company
        for kpi in kpis:
            if kpi["kpi_name"] in KPIS:
                for number, (_label, (span, _before)) in enumerate(self._compute_timeframes(company), 1):
                    column = kpi[f"kpi_col{number}"]
                    # Odoo's values are numbers: whether 0 is one is asked again
                    value = float(column["value"])
                    if not value:
                        value = own._aftersale_read(kpi["kpi_name"], about, *map(fields.Datetime.to_string, span))
                    column["value"] = DASH if value is None else page._format_mean(value)
        return kpis

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("aftersale_followup.menu_root").id
        overview, issues = (
            f"aftersale_followup.{name}?menu_id={menu}"
            for name in ("aftersale_overview_action", "aftersale_issue_action")
        )
        return {**actions, **dict.fromkeys(KPIS, overview), **dict.fromkeys(COUNTS, issues)}
