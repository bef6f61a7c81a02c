from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .aftersale_feedback_sealed import DAYS, LEAST
from .aftersale_plan import ERROR_LIMIT

# What customers write; a rich text would be rendered.
WORDS = {
    "aftersale.feedback": ("detail", "suggestion", "note", "contact_name"),
    "aftersale.attempt": ("note",),
    "aftersale.issue": ("title",),
}


class AftersaleAudit(models.Model):
    """Checks of protection: anonymous stays anonymous, and words stay words."""

    _inherit = "aftersale.audit"

    def _check_anonymous(self):
        """Look for what leads from an answer without a name to a person: traces, a precise time, a rare product."""
        self.env.flush_all()
        company = self.company_id.id
        [(checked,)] = self.env.execute_query(
            SQL("SELECT COUNT(*) FROM aftersale_feedback WHERE is_anonymous AND company_id = %s", company)
        )
        named = self.env.execute_query(
            SQL(
                """SELECT id FROM aftersale_feedback
                    WHERE is_anonymous AND company_id = %s
                      AND (COALESCE(followup_id, partner_id, commercial_partner_id, order_id, user_id, team_id)
                           IS NOT NULL
                           OR COALESCE(contact_name, '') <> '' OR date::time <> TIME '12:00' OR create_uid <> %s)""",
                company,
                self.env.ref("base.user_root").id,
            )
        )
        field = self.env["aftersale.feedback"]._fields["product_ids"]
        rare = self.env.execute_query(
            SQL(
                """SELECT UNNEST(ids) FROM (
                     SELECT ARRAY_AGG(id) AS ids FROM (
                       SELECT f.id, f.plan_id, f.date, ARRAY_AGG(r.%(product)s ORDER BY r.%(product)s) AS products
                         FROM aftersale_feedback f LEFT JOIN %(relation)s r ON r.%(feedback)s = f.id
                        WHERE f.is_anonymous AND f.company_id = %(company)s
                     GROUP BY f.id) answers
                   GROUP BY plan_id, date, products HAVING COUNT(*) < %(least)s) groups""",
                relation=SQL.identifier(field.relation),
                product=SQL.identifier(field.column2),
                feedback=SQL.identifier(field.column1),
                company=company,
                least=LEAST,
            )
        )
        linked = self.env["aftersale.followup"].search(
            Domain("is_anonymous", "=", True)
            & Domain("company_id", "=", company)
            & (Domain("user_input_id", "!=", False) | Domain("feedback_ids", "!=", False))
        )
        bad = self.env["aftersale.feedback"].browse(sorted({number for (number,) in (*named, *rare)}))
        return (checked, bad) if bad else (checked, linked)

    def _find_overdue(self):
        Sealed = self.env["aftersale.feedback.sealed"]
        limit = fields.Date.subtract(fields.Date.today(), days=DAYS + 1)
        return Sealed.search([("company_id", "=", self.company_id.id), ("day", "<", limit)])

    def _check_sealed(self):
        waiting = self.env["aftersale.feedback.sealed"].search_count([("company_id", "=", self.company_id.id)])
        # how many, and nothing else about them
        overdue = self._find_overdue().filtered(lambda sealed: sealed.error_count < ERROR_LIMIT)
        return waiting, [self.env._("an anonymous answer")] * len(overdue)

    def _repair_sealed(self):
        self.env.ref("aftersale_followup.ir_cron_release")._trigger()
        self.env["aftersale.feedback.sealed"]._drop_expired()

    def _check_texts(self):
        """Rich texts where customers write, models that export as they like, and views that print without escaping."""
        rich = [
            f"{model}.{name}"
            for model, names in WORDS.items()
            for name in names
            if self.env[model]._fields[name].type not in ("char", "text")
        ]
        own = [
            self.env[name]
            for name in self.env.registry
            if name.startswith("aftersale.") and self.env[name]._auto and not self.env[name]._transient
        ]
        mixin = self.env.registry["aftersale.export.mixin"]
        loose = [model._name for model in own if not isinstance(model, mixin)]
        views = self.env["ir.ui.view"].search(
            Domain("arch_db", "ilike", "t-raw") & Domain("key", "=like", r"aftersale\_followup%")
        )
        return len(own) + sum(map(len, WORDS.values())), [*rich, *loose, *views.mapped("name")]
