from odoo import fields, models
from odoo.exceptions import UserError

from .aftersale_followup_message import LINK


class AftersaleFollowup(models.Model):
    """WeCom, DingTalk, WeChat: the agent copies text and link, sends them there, and says so."""

    _inherit = "aftersale.followup"

    channel_code = fields.Char(related="channel_id.code")

    def get_message_text(self):
        """Return the plan's short message with the customer's personal link, for the agent to paste into a chat.

        In the customer's language; who copied it is noted. Raises UserError where there is nothing to send.
        """
        self.ensure_one()
        followup = self._check_by_hand()
        template = followup.plan_id.sms_template_id
        if not template:
            raise UserError(
                self.env._("Plan “%s” has no text for messages. Choose an SMS template.", followup.plan_id.name)
            )
        sending = followup.with_context(aftersale_link=LINK, aftersale_short=True)
        text = template.sudo().with_env(sending.env)._render_field("body", followup.ids, compute_lang=True)
        self.env["aftersale.access.log"]._note("link", followup.with_env(self.env))
        return text[followup.id]

    def action_mark_sent(self):
        """Note that the message went out by hand; the follow-up comes back when it is time to remind the customer."""
        self.ensure_one()
        followup = self._check_by_hand()
        channel = self.env["aftersale.channel"]._by_code("im")
        reminded = "sent" in followup.attempt_ids.filtered(lambda a: a.channel_id == channel).mapped("outcome")
        if reminded:
            followup.reminder_sent += 1
        else:
            followup._log_attempt("sent", channel=channel)
        moment = followup._next_reminder() or followup.date_expiry
        followup.write({"channel_id": channel.id, "date_call": moment, "date_next": moment})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Noted as sent."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _check_by_hand(self):
        """Return the follow-up in sudo, after checking that the user may contact this customer by hand now."""
        self.check_access("write")
        followup = self.sudo()
        if followup.state != "ready" or followup.channel_id.is_automatic:
            raise UserError(self.env._("%s is not waiting for a message by hand.", followup.name))
        if followup._with_optout():
            raise UserError(self.env._("The customer opted out: no message is sent."))
        return followup
