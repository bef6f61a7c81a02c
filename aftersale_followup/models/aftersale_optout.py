from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from odoo.addons.phone_validation.tools.phone_validation import phone_format

from .aftersale_plan import SCENARIOS
from .erased_key import PREFIX, find_hidden, hide_key


class AftersaleOptout(models.Model):
    _name = "aftersale.optout"
    _description = "Opt-out from Follow-ups"
    _inherit = ["aftersale.export.mixin"]
    _order = "date desc"
    _rec_name = "key"

    key = fields.Char(
        required=True, index=True, help="Normalised e-mail address or phone number, so that it outlives the contact."
    )
    partner_id = fields.Many2one("res.partner", "Customer", index="btree_not_null", ondelete="set null")
    scenario = fields.Selection(
        SCENARIOS,
        help="Kind of follow-up the customer does not want; empty = none at all.",
    )
    followup_id = fields.Many2one(
        "aftersale.followup",
        "This Request Only",
        index="btree_not_null",
        ondelete="cascade",
        help="Set when the customer declined just one request.",
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection(
        [("link", "Link in a message"), ("staff", "Told to an agent"), ("mail", "Mail client")],
        required=True,
        default="staff",
    )
    active = fields.Boolean(default=True)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{**vals, "key": self._normalise(vals)} for vals in vals_list])

    def write(self, vals):
        if "key" in vals:
            vals = {**vals, "key": self._normalise(vals)}
        return super().write(vals)

    @api.model
    def _normalise(self, vals):
        """Return the key of ``vals`` in the one form that contacts are compared by; refuse what has none."""
        key = (vals.get("key") or "").strip()
        if key.startswith("partner:") or (key.startswith(PREFIX) and self.env.su):
            return key
        if "@" in key:
            normal = email_normalize(key)
        else:
            country = self.env["res.partner"].browse(vals.get("partner_id")).country_id or self.env.company.country_id
            normal = phone_format(key, country.code, country.phone_code, force_format="E164", raise_exception=False)
            # What cannot be read as a number comes back as it was.
            normal = normal if normal.startswith("+") else False
        if not normal:
            raise ValidationError(
                self.env._(
                    "“%s” is no e-mail address and no phone number. Write numbers with their country code, "
                    "such as +86 138 0000 1234.",
                    key,
                )
            )
        return normal

    def _get_blocked(self, keys, partners):
        """Return ``{key or partner id: {scenarios}}`` of the opt-outs of these addresses, numbers and partners.

        The scenario ``False`` stands for every follow-up. Refusals of a single request are not in it: they end that
        follow-up only.
        """
        hidden = find_hidden(self.env, keys)
        customers = {f"partner:{partner_id}": partner_id for partner_id in partners.ids}
        hidden_customers = {form: customers[text] for form, text in find_hidden(self.env, customers).items()}
        domain = fields.Domain("followup_id", "=", False) & (
            fields.Domain("key", "in", [*keys, *hidden, *hidden_customers])
            | fields.Domain("partner_id", "in", partners.ids)
        )
        blocked = defaultdict(set)
        for optout in self.search(domain):
            blocked[hidden.get(optout.key, optout.key)].add(optout.scenario)
            blocked[hidden_customers.get(optout.key, optout.partner_id.id)].add(optout.scenario)
        blocked.pop(False, None)
        return blocked

    def _hide(self, partners, never_ask=False):
        """Keep the opt-outs of ``partners`` in a form that names nobody, yet is found when they would be asked again.

        Withdrawn ones and refusals of a single request are over: they are deleted. ``never_ask`` adds that these
        customers are asked nothing at all any more.
        """
        known = self.sudo().with_context(active_test=False).search([("partner_id", "in", partners.ids)])
        values = []
        for partner in partners:
            own = known.filtered(lambda o, p=partner: o.partner_id == p and o.active and not o.followup_id)
            scopes = {optout.scenario: {"source": optout.source, "date": optout.date} for optout in own}
            if never_ask:
                scopes.setdefault(False, {"source": "staff"})
            keys = {partner.email_normalized, partner.phone_sanitized, f"partner:{partner.id}", *own.mapped("key")}
            values += [
                {"key": hide_key(self.env, key), "scenario": scenario, **how}
                for key in sorted(filter(None, keys))
                for scenario, how in scopes.items()
            ]
        kept = self.sudo().search([("key", "in", [vals["key"] for vals in values])])
        there = {(optout.key, optout.scenario) for optout in kept}
        self.sudo().create([vals for vals in values if (vals["key"], vals["scenario"]) not in there])
        known.unlink()
