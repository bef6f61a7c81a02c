import re

from odoo import api, models
from odoo.tools.mail import decode_message_header

TEMPORARY = re.compile(r"^\s*4\.")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

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
        part = next((p for p in email_message.walk() if p.get_content_type() == "message/delivery-status"), None)
        fields = part.get_payload() if part else []
        if not isinstance(fields, list) or len(fields) < 2:
            return {}
        action, status, words = (
            (decode_message_header(fields[1], name) or "").strip() for name in ("Action", "Status", "Diagnostic-Code")
        )
        temporary = action.lower() in ("delayed", "relayed", "delivered", "expanded") or (
            action.lower() != "failed" and bool(TEMPORARY.match(status))
        )
        return {"temporary": temporary, "text": " ".join(filter(None, (status, words)))[:500]}
