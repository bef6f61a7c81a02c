from odoo import fields, models
from odoo.tools import SQL

from ..models.aftersale_feedback import PRIORITIES, SOURCES
from ..models.aftersale_feedback_suggest import SUGGESTED_BY
from ..models.aftersale_plan import CUSTOMER_TYPES, SCENARIOS


class AftersaleFeedbackReport(models.Model):
    """Valid feedback for pivot and graph, one row each: the same rows that the analyses count."""

    _name = "aftersale.feedback.report"
    _description = "Feedback Analysis"
    _inherit = ["aftersale.export.mixin"]
    _auto = False
    _rec_name = "date"
    _order = "date desc"

    date = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    plan_id = fields.Many2one("aftersale.plan", readonly=True)
    scenario = fields.Selection(SCENARIOS, readonly=True)
    customer_type = fields.Selection(CUSTOMER_TYPES, readonly=True)
    channel_id = fields.Many2one("aftersale.channel", readonly=True)
    user_id = fields.Many2one("res.users", "Agent", readonly=True)
    team_id = fields.Many2one("crm.team", readonly=True)
    category_id = fields.Many2one("aftersale.category", readonly=True)
    # the relations of the feedback itself: grouping by tag counts a feedback once for each of its tags
    tag_ids = fields.Many2many(
        "aftersale.tag",
        relation="aftersale_feedback_aftersale_tag_rel",
        column1="aftersale_feedback_id",
        column2="aftersale_tag_id",
        string="Classification",
        readonly=True,
    )
    product_ids = fields.Many2many(
        "product.product",
        relation="aftersale_feedback_product_product_rel",
        column1="aftersale_feedback_id",
        column2="product_product_id",
        string="Products",
        readonly=True,
    )
    product_line_id = fields.Many2one("product.category", readonly=True)
    priority = fields.Selection(PRIORITIES, readonly=True)
    source = fields.Selection(SOURCES, readonly=True)
    score = fields.Float("Average Satisfaction", aggregator="avg", digits=(16, 1), readonly=True)
    csat = fields.Float("Satisfied (CSAT, %)", aggregator="avg", digits=(16, 0), readonly=True)
    nps = fields.Float("Recommendation (NPS)", aggregator="avg", digits=(16, 0), readonly=True)
    suggested_tag_id = fields.Many2one("aftersale.tag", "First Suggestion", readonly=True)
    suggested_by = fields.Selection(SUGGESTED_BY, readonly=True)
    suggestion_share = fields.Float("First Suggestions Accepted (%)", aggregator="avg", digits=(16, 0), readonly=True)

    adopted_share = fields.Float("Suggestions Adopted (%)", aggregator="avg", digits=(16, 0), readonly=True)
    suggestion_days = fields.Float("Days to the Decision", aggregator="avg", digits=(16, 1), readonly=True)

    _depends = {
        "aftersale.feedback": [
            "date",
            "company_id",
            "partner_id",
            "plan_id",
            "scenario",
            "customer_type",
            "channel_id",
            "user_id",
            "team_id",
            "category_id",
            "tag_ids",
            "product_ids",
            "product_line_id",
            "priority",
            "source",
            "score",
            "nps",
            "is_valid",
            "suggested_tag_id",
            "suggested_by",
            "suggestion_state",
            "suggestion_date",
        ],
    }

    def action_open(self):
        """Open the feedback that a row counts; it has the same id."""
        self.ensure_one()
        feedback = self.env["aftersale.feedback"].browse(self.id)
        feedback.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": feedback._name,
            "res_id": feedback.id,
            "views": [(False, "form")],
        }

    @property
    def _table_query(self):
        # what was not asked is NULL, so that the averages leave it out
        return SQL(
            """
            SELECT id, date, company_id, partner_id, plan_id, scenario, customer_type, channel_id, user_id, team_id,
                   category_id, product_line_id, priority, source, suggested_tag_id, suggested_by,
                   NULLIF(score, 0)::float AS score,
                   CASE WHEN score >= 4 THEN 100.0 WHEN score > 0 THEN 0.0 END::float AS csat,
                   CASE WHEN nps IN ('9', '10') THEN 100.0 WHEN nps IN ('7', '8') THEN 0.0
                        WHEN nps IS NOT NULL THEN -100.0 END::float AS nps,
                   CASE WHEN suggested_tag_id IS NULL THEN NULL
                        WHEN EXISTS (SELECT FROM aftersale_feedback_aftersale_tag_rel
                                      WHERE aftersale_feedback_id = aftersale_feedback.id
                                        AND aftersale_tag_id = suggested_tag_id) THEN 100.0
                        ELSE 0.0 END::float AS suggestion_share,
                   CASE suggestion_state WHEN 'adopted' THEN 100.0 WHEN 'none' THEN NULL ELSE 0.0 END::float
                        AS adopted_share,
                   EXTRACT(EPOCH FROM suggestion_date - date) / 86400.0 AS suggestion_days
              FROM aftersale_feedback
             WHERE is_valid
            """
        )
