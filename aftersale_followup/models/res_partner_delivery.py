import functools

import phonenumbers
from phonenumbers import PhoneNumberType

from odoo import fields, models

NO_MOBILE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.PAGER,
}


@functools.lru_cache(10_000)
def may_be_mobile(number):
    """Return whether text messages may reach the E.164 ``number``: all but those known to be something else."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) not in NO_MOBILE
    except phonenumbers.NumberParseException:
        return False


# Where messages to a customer arrive.
class ResPartner(models.Model):
    _inherit = "res.partner"

    # The address, not a mark: once it is corrected, mails go out again by themselves.
    aftersale_bounced_email = fields.Char(
        "Undeliverable Address", copy=False, readonly=True, help="Mails to this address came back; none is sent to it."
    )

    def _aftersale_has_deliverable_email(self):
        """Return whether there is an address, and mails to it did not come back."""
        return bool(self.email_normalized) and self.email_normalized != self.aftersale_bounced_email

    def _message_reset_bounce(self, email):
        """Whoever writes from an address has it."""
        result = super()._message_reset_bounce(email)
        self.filtered(lambda partner: partner.aftersale_bounced_email == email).aftersale_bounced_email = False
        return result
