from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ProductTemplate(models.Model):
    _inherit = "product.template"

    aftersale_note = fields.Text(
        "Note for Callers", translate=True, help="What agents should know when they speak with a customer about it."
    )
    aftersale_feedback_count = fields.Integer("Feedback", compute="_compute_aftersale_feedback")
    aftersale_score = fields.Float("Average Score", compute="_compute_aftersale_feedback", digits=(2, 1))
    aftersale_followup_count = fields.Integer("Follow-up Count", compute="_compute_aftersale_followup_count")
    aftersale_issue_count = fields.Integer("After-sales Issue Count", compute="_compute_aftersale_issue_count")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_feedback(self):
        """Count the valid feedback about a product and average its scores, as far as the user may read it."""
        valid = Domain("is_valid", "=", True)
        figures = self._aftersale_figures("aftersale.feedback", valid, SQL("COUNT(*), AVG(NULLIF(f.score, 0))"))
        for product in self:
            product.aftersale_feedback_count, score = figures.get(product.id, (0, 0.0))
            product.aftersale_score = score or 0.0

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_aftersale_followup_count(self):
        figures = self._aftersale_figures("aftersale.followup", Domain.TRUE, SQL("COUNT(*)"))
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

    def _aftersale_figures(self, model, domain, aggregates):
        """Return {product id: values of ``aggregates``} over the records ``f`` of ``model`` that the user may read.

        In SQL, since what is about two variants of a product counts once, which a grouping by variant cannot do.
        """
        records = self.env[model]
        if not self.ids or not records.has_access("read"):
            return {}
        records.flush_model()
        relation = records._fields["product_ids"]
        rows = self.env.execute_query(
            SQL(
                """SELECT about.template, %(aggregates)s
                     FROM (SELECT DISTINCT p.product_tmpl_id AS template, r.%(record)s AS record
                             FROM %(relation)s r
                             JOIN product_product p ON p.id = r.%(product)s) AS about
                     JOIN %(table)s f ON f.id = about.record
                    WHERE about.template = ANY(%(templates)s) AND f.id IN %(allowed)s
                 GROUP BY about.template""",
                aggregates=aggregates,
                relation=SQL.identifier(relation.relation),
                record=SQL.identifier(relation.column1),
                product=SQL.identifier(relation.column2),
                table=SQL.identifier(records._table),
                templates=self.ids,
                allowed=records._search(domain & Domain("product_ids.product_tmpl_id", "in", self.ids)).subselect(),
            )
        )
        return {template: values for template, *values in rows}

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
