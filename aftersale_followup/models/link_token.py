"""Links good for one record and one purpose: nothing is stored, and only the database's secret makes them."""

import base64
import re

from odoo.tools import consteq, hmac

PROOF = r"([A-Za-z0-9_-]{22})"
# Ids are below 2³¹.
NUMBER = r"([0-7]?[0-9a-f]{1,7})"
# Any personal link of ours, as it may stand in a mail that a customer answers.
LINK_IN_TEXT = re.compile(r"(/aftersale/(?:issue/)?|/a/)[A-Za-z0-9_-]{22,}(?:/optout)?")


def get_pattern(prefix):
    """Return the pattern of tokens that begin with the letter ``prefix``."""
    return re.compile(f"{prefix}{NUMBER}-{PROOF}")


def make_token(record, prefix, purpose, *secrets):
    """Return the id of ``record`` with 128 bits that prove it; short, since text messages carry it.

    The token holds as long as ``secrets`` stay what they are.
    """
    digest = hmac(record.env(su=True), purpose, (record.id, *secrets))
    proof = base64.urlsafe_b64encode(bytes.fromhex(digest)[:16]).decode().rstrip("=")
    return f"{prefix}{record.id:x}-{proof}"


def find_by_token(model, pattern, token, get_token):
    """Return the record of ``model`` whose ``get_token`` is ``token``; empty when there is none."""
    match = pattern.fullmatch(token) if isinstance(token, str) else None
    record = model.browse(int(match[1], 16)).exists() if match else model.browse()
    return record if record and consteq(get_token(record), token) else model.browse()
