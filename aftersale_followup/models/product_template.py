from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .product_figures import product_figures, set_product_scores
from .score_trend import TRENDS


class ProductTemplate(models.Model):
    _inherit = "product.template"

    aftersale_note = fields.Text(
        "Note for Callers", translate=True, help="What agents should know when they speak with a customer about it."
    )
    aftersale_feedback_count = fields.Integer("Feedback", compute="_compute_aftersale_feedback")
    aftersale_score = fields.Float("Average Score", compute="_compute_aftersale_feedback", digits=(2, 1))
    aftersale_score_count = fields.Integer("Scores", compute="_compute_aftersale_feedback")
    aftersale_is_score_shown = fields.Boolean("Enough Scores", compute="_compute_aftersale_feedback")
    aftersale_score_trend = fields.Selection(TRENDS, "Trend of the Score", compute="_compute_aftersale_feedback")
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")
    aftersale_issue_count = fields.Integer("After-sales Issue Count", compute="_compute_aftersale_issue_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_feedback(self):
        """Count the valid feedback about a product and average its scores, as far as the user may read it."""
        set_product_scores(self)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_followup_count(self):
        figures = product_figures(self, "aftersale.followup", Domain.TRUE, SQL("COUNT(*)"))
        for product in self:
            [product.aftersale_followup_count] = figures.get(product.id, [0])

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_issue_count(self):
        counts = {}
        if self.ids and self.env["aftersale.issue"].has_access("read"):
            groups = self.env["aftersale.issue"]._read_group(
                [("product_id.product_tmpl_id", "in", self.ids)], ["product_id"], ["__count"]
            )
            for product, count in groups:
                template = product.sudo().product_tmpl_id.id
                counts[template] = counts.get(template, 0) + count
        for product in self:
            product.aftersale_issue_count = counts.get(product.id, 0)

    def action_aftersale_followups(self):
        """Open the follow-ups about this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=[("product_ids.product_tmpl_id", "=", self.id)], context={"create": False})
        return action

    def action_aftersale_issues(self):
        """Open the issues about this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_issue_action")
        action.update(domain=[("product_id.product_tmpl_id", "=", self.id)], context={"create": False})
        return action

    def action_aftersale_feedback(self):
        """Open the feedback about this product."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_feedback_action")
        action["domain"] = [("product_ids.product_tmpl_id", "=", self.id), ("is_valid", "=", True)]
        return action
