from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import float_round, formatLang

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
            digest[f"{kpi}_value"] = values[digest.company_id or self.env.company]

    def _aftersale_read(self, kpi, company, start, end):
        date_from, date_to = (company._aftersale_date(fields.Datetime.to_datetime(moment)) for moment in (start, end))
        part = KPIS[kpi][0] if kpi in KPIS else "_get_loop"
        figures = self.env["aftersale.figures"]._get(company, date_from, date_to - timedelta(days=1), only={part})
        if kpi in COUNTS:
            return sum(figures["loop"][key] for key in COUNTS[kpi])
        _part, key, unit = KPIS[kpi]
        figure = figures.get(key)
        return figure["value"] * unit if figure and not figure["withheld"] else 0.0

    def _compute_kpis(self, company, user):
        """One decimal as everywhere, and a dash where there is nothing to tell."""
        kpis = super()._compute_kpis(company, user)
        for kpi in kpis:
            if kpi["kpi_name"] in KPIS:
                for column in ("kpi_col1", "kpi_col2", "kpi_col3"):
                    value = float(kpi[column]["value"])
                    text = formatLang(self.env, float_round(value, precision_digits=1), digits=1)
                    kpi[column] |= {"value": text if value else DASH}
        return kpis

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("aftersale_followup.menu_root").id
        overview, issues = (
            f"aftersale_followup.{name}?menu_id={menu}"
            for name in ("aftersale_overview_action", "aftersale_issue_action")
        )
        return {**actions, **dict.fromkeys(KPIS, overview), **dict.fromkeys(COUNTS, issues)}
