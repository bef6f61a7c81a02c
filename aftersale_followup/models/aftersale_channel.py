from odoo import api, fields, models
from odoo.tools import ormcache


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
            return bool(partner.email_normalized) and not partner.is_blacklisted
        if self.code == "phone":
            wanted = not partner.phone_sanitized_blacklisted and len(partner._aftersale_quiet_weekdays()) < 7
            return bool(partner.phone_sanitized or partner.phone) and (wanted or warns)
        if self.code == "sms":
            return bool(partner.phone_sanitized) and not partner.phone_sanitized_blacklisted
        if self.code == "online":
            return self.env["aftersale.channel"]._by_code("email")._is_possible(partner)
        if self.code == "paper":
            return partner.aftersale_offline or partner.aftersale_channel_id == self
        # Chat and visits are arranged with the customer: only who asked for them gets them.
        return self.code in ("im", "visit") and partner.aftersale_channel_id == self

    def _has_message(self, plan):
        """Return whether ``plan`` has the message that this channel sends; channels of people need none."""
        self.ensure_one()
        if not self.is_automatic:
            return True
        return bool(plan.sms_template_id if self.code == "sms" else plan.mail_template_id)

    @api.model
    @ormcache("code")
    def _get_id_by_code(self, code):
        return self.sudo().search([("code", "=", code)], limit=1).id

    def _by_code(self, code):
        """Return the channel with ``code`` (empty when it was deleted), from the cache: every contact asks for one."""
        return self.sudo().browse(self._get_id_by_code(code))
