from odoo import fields, models


# How much is given, and how often to the same customer; what is given stands on the reward rules.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_reward_budget = fields.Monetary("Monthly Reward Budget")
    aftersale_reward_days = fields.Integer("One Reward per Customer Every (days)", default=90)

    _aftersale_rewards = models.Constraint(
        "CHECK(COALESCE(aftersale_reward_budget, 0) >= 0 AND aftersale_reward_days > 0)",
        "The budget cannot be negative, and the time between two rewards is a day at least.",
    )
