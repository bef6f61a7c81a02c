"""What stays of an erased customer: one-way forms of references that must still be recognised."""

import hmac
import secrets
from hashlib import sha256

PREFIX = "erased:"
# Our own secret, not Odoo's: that one changes when a database is copied, and opt-outs would be forgotten with it.
PARAMETER = "aftersale_followup.erased_key"


def hide_key(env, text):
    """Return the one-way form of ``text``: an address, a number, the origin of a follow-up.

    The same text always has the same form; who does not know the database's secret cannot find the text by trying.
    """
    parameters = env["ir.config_parameter"].sudo()  # the secret is nobody's to read
    secret = parameters.get_param(PARAMETER)
    if not secret:
        secret = secrets.token_hex(32)
        parameters.set_param(PARAMETER, secret)
    return _hide(secret, text)


def find_hidden(env, texts):
    """Return ``{one-way form: text}`` of ``texts``; empty as long as nothing was ever erased, which costs nothing."""
    secret = env["ir.config_parameter"].sudo().get_param(PARAMETER)
    return {_hide(secret, text): text for text in texts if text} if secret else {}


def _hide(secret, text):
    return PREFIX + hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
