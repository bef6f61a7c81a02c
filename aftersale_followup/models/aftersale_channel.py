from odoo import api, fields, models
from odoo.tools import ormcache

from .res_partner_delivery import may_be_mobile

# What brings the link to the online questionnaire, best first.
CARRIERS = ("email", "sms")


class AftersaleChannel(models.Model):
    _name = "aftersale.channel"
    _description = "Follow-up Channel"
    _inherit = ["aftersale.export.mixin", "aftersale.configuration.mixin"]
    _order = "sequence, id"
    _cached_fields = frozenset({"code"})

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Technical code: phone, email, sms, online, im, visit, paper, inbound.")
    sequence = fields.Integer(default=10, help="When a customer has no preference, lower numbers are tried first.")
    is_automatic = fields.Boolean(
        "Sent Automatically", help="The system sends the invitation itself; the other channels are an agent's to-do."
    )

    _code_unique = models.UniqueIndex("(code)", "Two channels cannot share one code.")

    def _is_possible(self, partner, warns=False):
        """Return whether ``partner`` can be reached through this channel now (``warns``: see `_get_obstacle`)."""
        return not self._get_obstacle(partner, warns)

    def _get_obstacle(self, partner, warns=False):
        """Return why ``partner`` cannot be reached through this channel now (a code), or None.

        The blacklists of Odoo stop e-mail and SMS, and calls, too; a person who "cannot answer online" is called,
        visited or gets the paper form.

        :param warns: a person warns of a hazard: neither the blacklist nor days without calls stop the call
        """
        self.ensure_one()
        if partner.aftersale_offline and self.code not in ("phone", "visit", "paper"):
            return "unasked"
        if self.code == "email":
            return self._get_mail_obstacle(partner)
        if self.code == "sms":
            return self._get_sms_obstacle(partner)
        if self.code == "phone":
            return self._get_call_obstacle(partner, warns)
        if self.code == "online":
            return None if any(self._by_code(code)._is_possible(partner) for code in CARRIERS) else "no_carrier"
        # Chat and visits are arranged with the customer: only who asked for them gets them.
        wants = self.code in ("im", "visit", "paper") and partner.aftersale_channel_id == self
        return None if wants or (self.code == "paper" and partner.aftersale_offline) else "unasked"

    def _get_mail_obstacle(self, partner):
        if not partner._aftersale_has_deliverable_email():
            return "bounced" if partner.email_normalized else "no_email"
        return "mail_blacklisted" if partner.is_blacklisted else None

    def _get_sms_obstacle(self, partner):
        if not (partner.phone_sanitized or partner.phone):
            return "no_number"
        if not partner.phone_sanitized or not may_be_mobile(partner.phone_sanitized):
            return "no_mobile"
        return "number_blacklisted" if partner.phone_sanitized_blacklisted else None

    def _get_call_obstacle(self, partner, warns):
        if not (partner.phone_sanitized or partner.phone):
            return "no_number"
        if warns:
            return None
        if partner.phone_sanitized_blacklisted:
            return "number_blacklisted"
        return "no_day" if len(partner._aftersale_quiet_weekdays()) == 7 else None

    @api.model
    def _describe_obstacle(self, code):
        """Return ``code`` in words; None where a channel is not one for this customer at all, and none is missed."""
        return {
            "no_email": self.env._("The customer has no e-mail address."),
            "bounced": self.env._("Mails to the customer's address came back."),
            "mail_blacklisted": self.env._("The e-mail address is on the blacklist."),
            "no_number": self.env._("The customer has no phone number."),
            "no_mobile": self.env._("The customer's number is no mobile number."),
            "number_blacklisted": self.env._("The phone number is on the blacklist."),
            "no_day": self.env._("The customer wants no calls on any day."),
            "no_text": self.env._("The plan has no text for this channel."),
            "no_carrier": self.env._("The link reaches the customer neither by e-mail nor by text message."),
        }.get(code)

    def _has_message(self, plan):
        """Return whether ``plan`` has the message that this channel sends; channels of people need none."""
        self.ensure_one()
        if not self.is_automatic:
            return True
        if self.code == "online":
            return bool(plan.mail_template_id or plan.sms_template_id)
        return bool(plan.sms_template_id if self.code == "sms" else plan.mail_template_id)

    def _get_carrier(self, plan, partner):
        """Return the channel by which ``plan`` brings the message of this one to ``partner``; empty if by none.

        The link to the online questionnaire goes by mail, else by SMS; all others carry their own.
        """
        self.ensure_one()
        if self.code != "online":
            return self
        carriers = map(self._by_code, CARRIERS)
        return next((c for c in carriers if c._has_message(plan) and c._is_possible(partner)), self.browse())

    @api.model
    @ormcache("code")
    def _get_id_by_code(self, code):
        return self.sudo().search([("code", "=", code)], limit=1).id

    def _by_code(self, code):
        """Return the channel with ``code`` (empty when it was deleted), from the cache: every contact asks for one."""
        return self.sudo().browse(self._get_id_by_code(code))
