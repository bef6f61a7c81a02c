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
        """Return whether ``partner`` can be reached through this channel now.

        The blacklists of Odoo stop e-mail and SMS, and calls, too; a person who "cannot answer online" is called,
        visited or gets the paper form.

        :param warns: a person warns of a hazard: neither the blacklist nor days without calls stop the call
        """
        self.ensure_one()
        if partner.aftersale_offline and self.code not in ("phone", "visit", "paper"):
            return False
        if self.code == "email":
            return partner._aftersale_has_deliverable_email() and not partner.is_blacklisted
        if self.code == "phone":
            wanted = not partner.phone_sanitized_blacklisted and len(partner._aftersale_quiet_weekdays()) < 7
            return bool(partner.phone_sanitized or partner.phone) and (wanted or warns)
        if self.code == "sms":
            number = partner.phone_sanitized
            return bool(number) and not partner.phone_sanitized_blacklisted and may_be_mobile(number)
        if self.code == "online":
            return any(self._by_code(code)._is_possible(partner) for code in CARRIERS)
        if self.code == "paper":
            return partner.aftersale_offline or partner.aftersale_channel_id == self
        # Chat and visits are arranged with the customer: only who asked for them gets them.
        return self.code in ("im", "visit") and partner.aftersale_channel_id == self

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
