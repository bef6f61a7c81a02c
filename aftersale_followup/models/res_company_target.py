from odoo import api, fields, models

from ..report.figure_kinds import LESS_IS_BETTER

# What a new company begins with, in the units that targets are entered in.
DEFAULTS = {
    "satisfaction": 4.2,
    "followup_rate": 95,
    "response_rate": 30,
    "contact_in_time": 100,
    "closed_loop": 95,
    "reopened": 5,
    "measures_in_time": 90,
    "suggestion_adoption": 10,
}


# What the company wants its figures to be.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_target_tolerance = fields.Float("Just Missed (% of the target)", digits=(4, 1), default=5.0)

    _aftersale_target_tolerance = models.Constraint(
        "CHECK(aftersale_target_tolerance BETWEEN 0 AND 100)", "A target is just missed by 0 to 100 % of it."
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._aftersale_set_default_targets()
        return companies

    def _aftersale_set_default_targets(self):
        # sudo: who makes companies need not know of follow-ups
        self.env["aftersale.figure.target"].sudo().create(
            [
                {"company_id": company.id, "figure": figure, "target": target}
                for company in self
                for figure, target in DEFAULTS.items()
            ]
        )

    def _aftersale_targets(self):
        """{figure: (target in the unit of the figure, whether less is better)} of the figures that have one."""
        self.ensure_one()
        # sudo: they go with the figures, whoever may see these
        targets = self.env["aftersale.figure.target"].sudo().search([("company_id", "=", self.id)])
        return {target.figure: (target._get_value(), target.figure in LESS_IS_BETTER) for target in targets}
