from odoo import models
from odoo.exceptions import AccessError

QUIET = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True, "active_test": False}


class AftersalePersonalMixin(models.AbstractModel):
    """For every model that holds data of customers: it can be made anonymous, and who looks or prints is noted."""

    _name = "aftersale.personal.mixin"
    _description = "Personal Data of Customers"

    def action_show_contact(self):
        """Show the customer's number and address in full where they are masked, and note that the user asked."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("aftersale_followup.group_agent"):
            raise AccessError(self.env._("Contact data is for those who speak to the customer. Ask the agent to call."))
        self.env["aftersale.access.log"]._note("reveal", self)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.sudo().partner_id.display_name or self.display_name,
                "message": self.sudo()._get_contact() or self.env._("No contact data"),
                "sticky": True,
            },
        }

    def _get_contact(self):
        """Return the customer's number and address in full (in sudo)."""
        return self.partner_id._aftersale_contact_data(masked=False)

    def _anonymise(self):
        """Take the customer out of these records, for good: the one place for erasure and retention.

        What figures count stays: scores, choices, classification, states, days, products, who worked on it. What names
        the person, leads to the person or was written by the person goes. There is no way back.
        """
        records = self.sudo().with_context(**QUIET)
        records._forget_traces()
        for record in records:
            # Past the models' own guards, which keep answers and issues as they were: nothing else may empty them.
            models.BaseModel.write(record, record._get_anonymous_values())

    def _get_anonymous_values(self):
        """Return the values of one record without its customer."""
        raise NotImplementedError

    def _forget_traces(self):
        """Delete messages (they hold the personal link and words of the customer), to-dos, files and followers."""
        about = [("res_id", "in", self.ids)]
        by_name = [("res_model", "=", self._name), *about]
        messages = self.env["mail.message"].search([("model", "=", self._name), *about])
        # A text message may wait in the queue; mails go with their message.
        self.env["sms.sms"].search([("mail_message_id", "in", messages.ids)]).unlink()
        messages.unlink()
        self.env["mail.activity"].search(by_name).unlink()
        self.env["ir.attachment"].search([*by_name, ("res_field", "=", False)]).unlink()
        followers = self.env["mail.followers"].search(by_name)
        followers.filtered(lambda follower: all(user.share for user in follower.partner_id.user_ids)).unlink()
