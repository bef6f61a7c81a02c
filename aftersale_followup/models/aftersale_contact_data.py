from odoo import api, fields, models

from .masking import mask_email, mask_phone

MASKING_HELP = (
    "Shown in full to who is in charge of the customer, masked to others where the settings say so. This limits casual "
    "exposure; it is no barrier against users who may read contacts."
)


class AftersaleFollowup(models.Model):
    _inherit = "aftersale.followup"

    contact_data = fields.Char(compute="_compute_contact_data", compute_sudo=True, help=MASKING_HELP)
    is_contact_masked = fields.Boolean(compute="_compute_contact_data", compute_sudo=True)

    @api.depends("partner_id.phone", "partner_id.email", "user_id", "company_id.aftersale_masking")
    @api.depends_context("uid")
    def _compute_contact_data(self):
        """In charge is the agent; whoever else calls sees the number in the call form."""
        for followup in self:
            masked = followup.company_id.aftersale_masking and followup.user_id != self.env.user
            followup.is_contact_masked = masked
            followup.contact_data = followup.partner_id._aftersale_contact_data(masked)


class AftersaleIssue(models.Model):
    _inherit = "aftersale.issue"

    # Departments work on issues without contact data: for them the field does not exist.
    contact_data = fields.Char(
        compute="_compute_contact_data",
        compute_sudo=True,
        groups="aftersale_followup.group_agent",
        help=MASKING_HELP,
    )
    is_contact_masked = fields.Boolean(
        compute="_compute_contact_data", compute_sudo=True, groups="aftersale_followup.group_agent"
    )

    @api.depends("partner_id.phone", "partner_id.email", "user_id", "company_id.aftersale_masking")
    @api.depends_context("uid")
    def _compute_contact_data(self):
        """In charge are the responsible agent and the supervisor, whose call is what the contact clock waits for."""
        supervisor = self.env.user.has_group("aftersale_followup.group_supervisor")
        for issue in self:
            masked = issue.company_id.aftersale_masking and not supervisor and issue.user_id != self.env.user
            issue.is_contact_masked = masked
            issue.contact_data = issue.partner_id._aftersale_contact_data(masked)

    def _message_get_suggested_recipients_batch(self, *args, **kwargs):
        """Only who may know the customer's address gets it offered when writing a message."""
        if self.env.user.has_group("aftersale_followup.group_agent"):
            return super()._message_get_suggested_recipients_batch(*args, **kwargs)
        return {issue.id: [] for issue in self}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _aftersale_contact_data(self, masked):
        """Return number and address in one line, ``masked`` or in full."""
        number, address = self.phone_sanitized or self.phone, self.email_normalized or self.email
        if masked:
            number, address = mask_phone(number), mask_email(address)
        return " · ".join(filter(None, (number, address)))
