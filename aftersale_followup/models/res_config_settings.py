from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    group_aftersale_all_teams = fields.Boolean(
        "Supervisors See All Teams",
        group="aftersale_followup.group_supervisor",
        implied_group="aftersale_followup.group_all_teams",
    )
    aftersale_team_id = fields.Many2one(related="company_id.aftersale_team_id", readonly=False)
    aftersale_phone = fields.Char(related="company_id.aftersale_phone", readonly=False)
    # planning
    aftersale_new_months = fields.Integer(related="company_id.aftersale_new_months", readonly=False)
    aftersale_transit_days = fields.Integer(related="company_id.aftersale_transit_days", readonly=False)
    aftersale_hour_from = fields.Float(related="company_id.aftersale_hour_from", readonly=False)
    aftersale_hour_to = fields.Float(related="company_id.aftersale_hour_to", readonly=False)
    aftersale_cap_days = fields.Integer(related="company_id.aftersale_cap_days", readonly=False)
    aftersale_cap_same_days = fields.Integer(related="company_id.aftersale_cap_same_days", readonly=False)
    aftersale_cap_periodic_days = fields.Integer(related="company_id.aftersale_cap_periodic_days", readonly=False)
    aftersale_cap_year = fields.Integer(related="company_id.aftersale_cap_year", readonly=False)
    aftersale_attempt_max = fields.Integer(related="company_id.aftersale_attempt_max", readonly=False)
    # feedback
    aftersale_low_score = fields.Integer(related="company_id.aftersale_low_score", readonly=False)
    aftersale_recurring_count = fields.Integer(related="company_id.aftersale_recurring_count", readonly=False)
    aftersale_recurring_days = fields.Integer(related="company_id.aftersale_recurring_days", readonly=False)
    aftersale_repeat_months = fields.Integer(related="company_id.aftersale_repeat_months", readonly=False)
    aftersale_seconds_per_question = fields.Float(related="company_id.aftersale_seconds_per_question", readonly=False)
    aftersale_masking = fields.Boolean(related="company_id.aftersale_masking", readonly=False)
    # issues
    aftersale_issue_policy = fields.Selection(
        related="company_id.aftersale_issue_policy", readonly=False, required=True
    )
    aftersale_contact_days = fields.Integer(related="company_id.aftersale_contact_days", readonly=False)
    aftersale_contact_days_safety = fields.Integer(related="company_id.aftersale_contact_days_safety", readonly=False)
    aftersale_resolution_days = fields.Integer(related="company_id.aftersale_resolution_days", readonly=False)
    aftersale_resolution_days_normal = fields.Integer(
        related="company_id.aftersale_resolution_days_normal", readonly=False
    )
    aftersale_verification_days = fields.Integer(related="company_id.aftersale_verification_days", readonly=False)
    # improvement
    aftersale_effect_days = fields.Integer(related="company_id.aftersale_effect_days", readonly=False)
    # figures
    aftersale_weak_n = fields.Integer(related="company_id.aftersale_weak_n", readonly=False)
    aftersale_min_n = fields.Integer(related="company_id.aftersale_min_n", readonly=False)
    aftersale_report_recipient_ids = fields.Many2many(
        related="company_id.aftersale_report_recipient_ids", readonly=False
    )
