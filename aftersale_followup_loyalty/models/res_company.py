from odoo import api, fields, models
from odoo.exceptions import ValidationError


# How much is given, and how often to the same customer; what is given stands on the reward rules. For a loss: the
# program whose coupons are granted on issues.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_reward_budget = fields.Monetary("Monthly Reward Budget")
    aftersale_reward_days = fields.Integer("One Reward per Customer Every (days)", default=90)
    aftersale_compensation_program_id = fields.Many2one(
        "loyalty.program",
        "Coupons for Compensations",
        ondelete="restrict",
        domain="[('program_type', 'in', ('coupons', 'gift_card')), ('company_id', 'in', [id, False])]",
    )
    aftersale_compensation_days = fields.Integer("Compensation Coupons Valid For (days)", default=180)

    _aftersale_rewards = models.Constraint(
        "CHECK(COALESCE(aftersale_reward_budget, 0) >= 0 AND aftersale_reward_days > 0)",
        "The budget cannot be negative, and the time between two rewards is a day at least.",
    )
    _aftersale_compensation_days = models.Constraint(
        "CHECK(aftersale_compensation_days > 0)", "A coupon is valid for a day at least."
    )

    @api.constrains("aftersale_compensation_program_id")
    def _check_compensation_program(self):
        for company in self.filtered("aftersale_compensation_program_id"):
            program = company.aftersale_compensation_program_id
            if program.program_type not in ("coupons", "gift_card") or program.company_id not in (
                program.company_id.browse(),
                company,
            ):
                raise ValidationError(
                    self.env._(
                        "“%s” does not fit. Choose a program of the type Coupons or Gift Card, of this company or "
                        "of all.",
                        program.name,
                    )
                )
            if not program.reward_ids:
                raise ValidationError(
                    self.env._(
                        "“%s” has no reward: its coupons would buy nothing. Add one to the program.", program.name
                    )
                )
