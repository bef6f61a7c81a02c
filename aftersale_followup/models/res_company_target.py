from odoo import fields, models

# figure: the field with its target, how many of the field's units make one of the figure's, whether less is better
TARGETS = {
    "satisfaction": ("aftersale_target_satisfaction", 1, False),
    "csat": ("aftersale_target_csat", 100, False),
    "nps": ("aftersale_target_nps", 1, False),
    "followup_rate": ("aftersale_target_followup", 100, False),
    "response_rate": ("aftersale_target_response", 100, False),
    "complaint_rate": ("aftersale_target_complaint", 100, True),
    "contact_in_time": ("aftersale_target_contact", 100, False),
    "closed_loop": ("aftersale_target_closed_loop", 100, False),
    "reopened": ("aftersale_target_reopened", 100, True),
    "measures_in_time": ("aftersale_target_measures", 100, False),
    "suggestion_adoption": ("aftersale_target_adoption", 100, False),
}


# What the company wants its figures to be: a score, a balance (recommendation), all others percent; 0 = no target.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_target_satisfaction = fields.Float("Target: Average Satisfaction", digits=(3, 1), default=4.2)
    aftersale_target_csat = fields.Float("Target: Satisfied (%)", digits=(4, 1))
    aftersale_target_nps = fields.Float("Target: Recommendation", digits=(4, 1))
    aftersale_target_followup = fields.Float("Target: Follow-up Rate (%)", digits=(4, 1), default=95.0)
    aftersale_target_response = fields.Float("Target: Response Rate (%)", digits=(4, 1), default=30.0)
    aftersale_target_complaint = fields.Float("Target: Complaint Rate, at Most (%)", digits=(4, 1))
    aftersale_target_contact = fields.Float("Target: Contacted in Time (%)", digits=(4, 1), default=100.0)
    aftersale_target_closed_loop = fields.Float("Target: Closed Loop (%)", digits=(4, 1), default=95.0)
    aftersale_target_reopened = fields.Float("Target: Reopened, at Most (%)", digits=(4, 1), default=5.0)
    aftersale_target_measures = fields.Float("Target: Measures in Time (%)", digits=(4, 1), default=90.0)
    aftersale_target_adoption = fields.Float("Target: Suggestions Adopted (%)", digits=(4, 1), default=10.0)
    aftersale_target_tolerance = fields.Float("Just Missed (% of the target)", digits=(4, 1), default=5.0)

    _aftersale_target_satisfaction = models.Constraint(
        "CHECK(aftersale_target_satisfaction = 0 OR aftersale_target_satisfaction BETWEEN 1 AND 5)",
        "The target of the average satisfaction lies between 1 and 5; 0 means no target.",
    )
    _aftersale_target_percent = models.Constraint(
        "CHECK(LEAST(aftersale_target_csat, aftersale_target_followup, aftersale_target_response, "
        "aftersale_target_complaint, aftersale_target_contact, aftersale_target_closed_loop, "
        "aftersale_target_reopened, aftersale_target_measures, aftersale_target_adoption, "
        "aftersale_target_tolerance) >= 0 AND "
        "GREATEST(aftersale_target_csat, aftersale_target_followup, aftersale_target_response, "
        "aftersale_target_complaint, aftersale_target_contact, aftersale_target_closed_loop, "
        "aftersale_target_reopened, aftersale_target_measures, aftersale_target_adoption, "
        "aftersale_target_tolerance) <= 100)",
        "Targets in percent lie between 0 and 100; 0 means no target.",
    )
    _aftersale_target_nps = models.Constraint(
        "CHECK(aftersale_target_nps BETWEEN -100 AND 100)",
        "The target of the recommendation lies between -100 and 100; 0 means no target.",
    )

    def _aftersale_targets(self):
        """{figure: (target in the unit of the figure, whether less is better)} of the figures that have one."""
        self.ensure_one()
        return {figure: (self[name] / unit, at_most) for figure, (name, unit, at_most) in TARGETS.items() if self[name]}
