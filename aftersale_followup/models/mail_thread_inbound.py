from markupsafe import Markup

from odoo import api, models

from .link_token import LINK_IN_TEXT


def is_automatic(message):
    """Return whether a program wrote the mail ``message`` (absence notes, newsletters): RFC 3834 and older habits."""
    submitted = (message.get("Auto-Submitted") or "no").split(";")[0].strip().lower()
    precedence = (message.get("Precedence") or "").strip().lower()
    return submitted != "no" or precedence in ("auto_reply", "bulk", "junk") or "X-Autoreply" in message


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_parse(self, message, save_original=False):
        """Take our personal links out of what customers write: they quote our mail, and staff read the answer."""
        parsed = super().message_parse(message, save_original=save_original)
        if body := parsed.get("body"):
            hidden = LINK_IN_TEXT.sub(r"\1quoted", body)
            parsed["body"] = Markup(hidden) if isinstance(body, Markup) else hidden
        return parsed

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        """Drop the way of programs' mails into issues: an absence note is no complaint and no reply to us."""
        routes = super().message_route(
            message, message_dict, model=model, thread_id=thread_id, custom_values=custom_values
        )
        if routes and is_automatic(message):
            routes = [route for route in routes if route[0] != "aftersale.issue"]
        return routes
