"""Personal links as QR codes, on what is handed to the customer.

Plain functions, not methods: templates, which anybody may write who writes mails, cannot call them (see `LINK`).
"""

import base64
import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M

PIXELS = 6  # of each dot: sharp in print
QUIET_ZONE = 4  # dots of white around the code, which readers need


def qr_picture(text):
    """Return ``text`` as a QR code: a picture that the page holds in itself (``data:`` address of a PNG).

    Odoo's own barcodes need a drawing library that not every installation has.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=PIXELS, border=QUIET_ZONE)
    code.add_data(text)
    buffer = io.BytesIO()
    code.make_image().save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def link_qr(followup):
    """Return the personal link of ``followup`` as a QR code; callers check that the user may hand it out."""
    from .aftersale_followup_message import LINK  # reports import this before the follow-ups are defined

    return qr_picture(followup.sudo().with_context(aftersale_link=LINK)._get_link())
