from odoo import api, fields, models

from odoo.addons.mail.tools.alias_error import AliasError

from .mail_thread_inbound import is_automatic


class AftersaleMailbox(models.Model):
    """An address for complaints: what is written to it becomes feedback with an issue, of this company and team."""

    _name = "aftersale.mailbox"
    _description = "Complaint Address"
    _inherit = ["mail.alias.mixin", "aftersale.export.mixin"]
    _order = "company_id, team_id, id"
    _rec_name = "alias_email"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    team_id = fields.Many2one(
        "crm.team",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Whose complaints these are; empty = the company's after-sales team.",
    )

    @api.depends("alias_email", "alias_name")
    def _compute_display_name(self):
        for mailbox in self:
            mailbox.display_name = mailbox.alias_email or mailbox.alias_name or ""

    def write(self, vals):
        result = super().write(vals)
        if {"company_id", "team_id"} & vals.keys():
            for mailbox in self:
                mailbox.alias_id.sudo().write(mailbox._alias_get_creation_values())
        return result

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("aftersale.issue")
        values["alias_defaults"] = {"company_id": self.company_id.id, "team_id": self.team_id.id} if self else {}
        if not self:
            values["alias_bounced_content"] = self.env._(
                "This address is for customers, and did not take your message. If you work here, record what a "
                "customer told you with After-Sales ‣ Feedback ‣ Record Feedback."
            )
        return values

    def _alias_get_error(self, message, message_dict, alias):
        """Colleagues are told to record complaints themselves: a mail of theirs would make them the customer."""
        author = self.env["res.partner"].sudo().browse(message_dict.get("author_id") or [])
        if not is_automatic(message) and any(not user.share for user in author.user_ids):
            return AliasError("error_aftersale_staff", self.env._("a colleague wrote, not a customer"))
        return super()._alias_get_error(message, message_dict, alias)
