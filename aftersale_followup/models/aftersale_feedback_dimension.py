from odoo import fields, models


class AftersaleFeedbackDimension(models.Model):
    _name = "aftersale.feedback.dimension"
    _description = "Score of one Area"
    _inherit = ["aftersale.export.mixin"]
    _rec_name = "dimension_id"

    feedback_id = fields.Many2one("aftersale.feedback", required=True, index=True, ondelete="cascade")
    dimension_id = fields.Many2one("aftersale.dimension", "Area", required=True, index=True, ondelete="restrict")
    score = fields.Integer(required=True, aggregator="avg")

    _score_range = models.Constraint("CHECK(score BETWEEN 1 AND 5)", "An area is scored from 1 to 5.")
    _dimension_once = models.UniqueIndex("(feedback_id, dimension_id)", "Each area is scored once per feedback.")
