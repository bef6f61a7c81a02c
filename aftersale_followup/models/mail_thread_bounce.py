import re

from odoo import api, models
from odoo.tools.mail import decode_message_header, email_normalize

TEMPORARY = re.compile(r"^\s*4\.")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_parse_extract_bounce(self, email_message, message_dict):
        """Find out whose mail about a follow-up came back from servers that leave out the Final-Recipient."""
        bounce = super()._message_parse_extract_bounce(email_message, message_dict)
        if not bounce["is_bounce"] or bounce["bounced_email"]:
            return bounce
        message, references = bounce["bounced_message"], bounce["bounced_msg_ids"]
        if not message:
            message, references = self._get_bounced_message_data(email_message, message_dict)
        if message.model == "aftersale.followup":
            address = self._aftersale_read_recipient(email_message, message)
            # sudo: the gateway has no rights of its own
            partner = self.env["res.partner"].sudo().search([("email_normalized", "=", address)]) if address else None
            bounce.update(bounced_message=message, bounced_msg_ids=references, bounced_email=address)
            bounce["bounced_partner"] = partner or bounce["bounced_partner"]
        return bounce

    @api.model
    def _aftersale_read_recipient(self, email_message, message):
        """Return the normalised address that a bounce of our ``message`` names; False if it is none.

        Where a report says that the delivery failed, but not to whom, it is the customer: our mails have one recipient.
        """
        report = self._aftersale_get_report(email_message)
        named = (decode_message_header(report, "Original-Recipient") or "").rpartition(";")[2] if report else ""
        named = named or decode_message_header(email_message, "X-Failed-Recipients")
        if not named and report and report["Action"]:
            return self.env["aftersale.followup"].sudo().browse(message.res_id).email_key
        return email_normalize(named or "", strict=False)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Pass on what the mail server reports (RFC 3464), which `_message_receive_bounce` is not told."""
        report = self._aftersale_read_report(email_message)
        return super(MailThread, self.with_context(aftersale_report=report))._routing_handle_bounce(
            email_message, message_dict
        )

    @api.model
    def _aftersale_read_report(self, email_message):
        """Return {"temporary": whether the server goes on trying, "text": its words} of a delivery report."""
        report = self._aftersale_get_report(email_message)
        if not report:
            return {}
        action, status, words = (
            (decode_message_header(report, name) or "").strip() for name in ("Action", "Status", "Diagnostic-Code")
        )
        temporary = action.lower() in ("delayed", "relayed", "delivered", "expanded") or (
            action.lower() != "failed" and bool(TEMPORARY.match(status))
        )
        return {"temporary": temporary, "text": " ".join(filter(None, (status, words)))[:500]}

    @api.model
    def _aftersale_get_report(self, email_message):
        """Return what a delivery report says about its first recipient, as a message of headers; None without one."""
        part = next((p for p in email_message.walk() if p.get_content_type() == "message/delivery-status"), None)
        fields = part.get_payload() if part else []
        return fields[1] if isinstance(fields, list) and len(fields) > 1 else None
