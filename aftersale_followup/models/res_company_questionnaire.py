from odoo import fields, models


# How long a questionnaire may be before its editor is warned.
class ResCompany(models.Model):
    _inherit = "res.company"

    aftersale_questions_min = fields.Integer("Fewest Questions", default=5)
    aftersale_questions_max = fields.Integer("Most Questions", default=8)

    _aftersale_questions_order = models.Constraint(
        "CHECK(aftersale_questions_min >= 1 AND aftersale_questions_max >= aftersale_questions_min)",
        "A questionnaire has one question or more, and the most cannot be fewer than the fewest.",
    )
