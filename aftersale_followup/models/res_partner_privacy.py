from odoo import models
from odoo.fields import Domain

PREFERENCES = ("aftersale_channel_id", "aftersale_offline", "aftersale_short_name")
QUIET_DAYS = tuple(f"aftersale_quiet_{day}" for day in range(7))


# All that this add-on holds about a customer, for a copy or for erasing it.
class ResPartner(models.Model):
    _inherit = "res.partner"

    def _aftersale_family(self):
        """Return these customers with everybody who works at those that are companies, archived ones too."""
        everybody = self.with_context(active_test=False)
        return everybody.search([("id", "child_of", self.ids)]) if self else self

    def _aftersale_records(self):
        """Return the (follow-ups, feedback, issues) of these customers in the selected companies, in sudo."""
        env = self.env(su=True)  # whoever answers for personal data need not see the records otherwise
        own = Domain("partner_id", "in", self.ids) & Domain("company_id", "in", self.env.companies.ids)
        models_of_ours = ("aftersale.followup", "aftersale.feedback", "aftersale.issue")
        return tuple(env[model].search(own) for model in models_of_ours)

    def _aftersale_target_lines(self):
        """Return the lines of these customers on target lists of the selected companies (in sudo)."""
        own = Domain("partner_id", "in", self.ids) & Domain("target_id.company_id", "in", self.env.companies.ids)
        return self.env["aftersale.target.line"].sudo().search(own)

    def _aftersale_is_elsewhere(self):
        """Return whether there are records of these customers in companies that are not selected."""
        others = Domain("partner_id", "in", self.ids) & Domain("company_id", "not in", self.env.companies.ids)
        return any(
            self.env[model].sudo().search_count(others, limit=1)
            for model in ("aftersale.followup", "aftersale.feedback", "aftersale.issue")
        )

    def _aftersale_optouts(self):
        """Return the opt-outs of these customers (in sudo), withdrawn ones too."""
        optouts = self.env["aftersale.optout"].sudo().with_context(active_test=False)
        return optouts.search([("partner_id", "in", self.ids)])

    def _aftersale_forget(self, never_ask):
        """Forget our preferences, to-dos and notes on these contacts; opt-outs stay without naming anybody."""
        self.env["aftersale.optout"]._hide(self, never_ask)
        # Forms that somebody has filled about them: Odoo would keep them for another hour or two.
        for model in ("aftersale.why", "aftersale.preview.line"):
            self.env[model].search([("partner_id", "in", self.ids)]).unlink()
        self.write(dict.fromkeys(PREFERENCES + QUIET_DAYS, False))
        ids = self.env["ir.model.data"].search(
            [("module", "=", "aftersale_followup"), ("model", "=", "mail.activity.type")]
        )
        types = self.env["mail.activity.type"].browse(ids.mapped("res_id"))
        here = Domain("res_id", "in", self.ids)
        self.env["mail.activity"].with_context(active_test=False).search(
            here & Domain("res_model", "=", self._name) & Domain("activity_type_id", "in", types.ids)
        ).unlink()
        # What was done of them, and what Odoo told those they were assigned to, each in the own language.
        names = {t.with_context(lang=code).name for t in types for code, _label in self.env["res.lang"].get_installed()}
        told = Domain("message_type", "=", "user_notification") & Domain.OR(
            Domain("subject", "ilike", name) for name in names
        )
        self.env["mail.message"].search(
            here & Domain("model", "=", self._name) & (Domain("mail_activity_type_id", "in", types.ids) | told)
        ).unlink()
