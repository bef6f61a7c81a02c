from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import email_normalize

from odoo.addons.phone_validation.tools.phone_validation import phone_format

from .aftersale_contact_data import MASKING_HELP
from .aftersale_plan import SCENARIOS
from .erased_key import PREFIX, find_hidden, hide_key
from .link_token import find_by_token, get_pattern, make_token
from .masking import mask_email, mask_phone

# All that a user changes of an opt-out: it is withdrawn, with the reason.
WITHDRAWAL = {"active", "withdrawn_reason"}
OPTOUT_TOKEN = get_pattern("o")


class AftersaleOptout(models.Model):
    """What a customer said once: nobody edits or deletes it; a supervisor may withdraw it and writes down why."""

    _name = "aftersale.optout"
    _description = "Opt-out from Follow-ups"
    _inherit = ["aftersale.export.mixin"]
    _order = "date desc"
    _rec_name = "address"

    key = fields.Char(
        required=True,
        index=True,
        groups="base.group_system",
        help="Normalised e-mail address or phone number, so that it outlives the contact.",
    )
    address = fields.Char(
        "Address or Number",
        compute="_compute_address",
        inverse="_inverse_address",
        search="_search_address",
        compute_sudo=True,
        help=MASKING_HELP,
    )
    is_contact_masked = fields.Boolean(compute="_compute_address", compute_sudo=True)
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
    # Who may see it; it counts for everybody.
    company_id = fields.Many2one("res.company", index=True, default=lambda self: self.env.company, ondelete="set null")
    team_id = fields.Many2one("crm.team", index="btree_not_null", ondelete="set null")
    active = fields.Boolean(default=True)
    withdrawn_reason = fields.Text("Withdrawn Because", help="Who said when and how that follow-ups are welcome again.")
    withdrawn_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    withdrawn_date = fields.Datetime("Withdrawn On", readonly=True)

    _withdrawn_with_reason = models.Constraint(
        "CHECK(active OR COALESCE(withdrawn_reason, '') <> '')", "Write why the opt-out is withdrawn: it is kept."
    )

    @api.depends("key", "company_id.aftersale_masking")
    def _compute_address(self):
        for optout in self:
            key = optout.key or ""
            optout.is_contact_masked = optout.company_id.aftersale_masking
            if key.startswith(("partner:", PREFIX)):
                # No address: a reference to the contact, or what an erasure left.
                optout.address, optout.is_contact_masked = "***", False
            elif optout.is_contact_masked:
                optout.address = mask_email(key) if "@" in key else mask_phone(key)
            else:
                optout.address = key

    def _inverse_address(self):
        for optout in self:
            optout.key = optout.address

    def _search_address(self, operator, value):
        """Find whole addresses and numbers only: searching for parts would be a way around the masking."""
        if operator not in ("in", "=", "ilike", "=ilike"):
            return NotImplemented
        keys = []
        for text in [value] if isinstance(value, str) else value:
            try:
                keys.append(self._normalise({"key": text}))
            except ValidationError:
                continue
        # sudo: the address in full is nobody's to read
        return fields.Domain("id", "in", self.sudo().with_context(active_test=False)._search([("key", "in", keys)]))

    @api.model_create_multi
    def create(self, vals_list):
        """Normalise what was told; users enter no withdrawn ones."""
        Optout = self
        if not self.env.su:
            self.check_access("create")
            withdrawn = {"active", *(name for name in self._fields if name.startswith("withdrawn_"))}
            vals_list = [{name: vals[name] for name in vals.keys() - withdrawn} for vals in vals_list]
            Optout = self.sudo()  # the address is entered by who may not read it in full
        values = [
            {**{name: vals[name] for name in vals if name != "address"}, "key": self._normalise(vals)}
            for vals in vals_list
        ]
        optouts = super(AftersaleOptout, Optout).create(values).with_env(self.env)
        optouts.check_access("create")
        return optouts

    def write(self, vals):
        """Let users withdraw opt-outs, and nothing else; note who did and when."""
        if not self.env.su:
            self._check_withdrawal(vals)
        if "key" in vals:
            vals = {**vals, "key": self._normalise(vals)}
        if not vals.get("active", True):
            vals = {**vals, "withdrawn_by_id": self.env.uid, "withdrawn_date": fields.Datetime.now()}
        return super().write(vals)

    def _check_withdrawal(self, vals):
        """Raise what a user may not do with ``vals``: change what was said, or withdraw it without a reason."""
        if vals.keys() - WITHDRAWAL:
            raise AccessError(
                self.env._("An opt-out stays as the customer gave it. Withdraw it with a reason, and enter a new one.")
            )
        if not all(optout.active for optout in self):
            raise UserError(self.env._("This opt-out is withdrawn already. Enter a new one."))
        reasons = [vals.get("withdrawn_reason", optout.withdrawn_reason) for optout in self]
        if not vals.get("active", True) and not all((reason or "").strip() for reason in reasons):
            raise ValidationError(self.env._("Write why the opt-out is withdrawn: it is kept."))

    def action_withdraw(self):
        """Withdraw the opt-out: the customer may be contacted again."""
        self.write({"active": False})

    def _get_contact(self):
        return "" if self.key.startswith(("partner:", PREFIX)) else self.key

    @api.model
    def _normalise(self, vals):
        """Return the key of ``vals`` in the one form that contacts are compared by; refuse what has none."""
        key = (vals.get("key") or vals.get("address") or "").strip()
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
        domain = (
            fields.Domain("followup_id", "=", False)
            & fields.Domain("active", "=", True)
            & (
                fields.Domain("key", "in", [*keys, *hidden, *hidden_customers])
                | fields.Domain("partner_id", "in", partners.ids)
            )
        )
        blocked = defaultdict(set)
        # sudo: each counts, also those of other teams and companies
        for optout in self.sudo().search(domain):
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
                {"key": hide_key(self.env, key), "scenario": scenario, "company_id": False, **how}
                for key in sorted(filter(None, keys))
                for scenario, how in scopes.items()
            ]
        kept = self.sudo().search([("key", "in", [vals["key"] for vals in values])])
        there = {(optout.key, optout.scenario) for optout in kept}
        self.sudo().create([vals for vals in values if (vals["key"], vals["scenario"]) not in there])
        known.unlink()


class AftersaleFollowup(models.Model):
    """Opting out: by a link that is good for nothing else, or told to an agent."""

    _inherit = "aftersale.followup"

    def _get_optout_link(self):
        """Return the address where the customer can say that follow-ups are not wanted.

        It stands in messages that agents and departments read, too: whoever holds it can answer nothing.
        """
        self.ensure_one()
        return self._get_address(self._get_optout_token(), "/optout")

    def _get_optout_token(self):
        """Return the token of the opt-out link: it follows from the personal one, not the other way round."""
        return make_token(self, "o", "aftersale_followup.optout", self.sudo().access_token)

    @api.model
    def _find_by_optout_token(self, token):
        """Return ``(follow-up in sudo, code)`` as `_find_by_token` does; personal links opt out, too."""
        if not isinstance(token, str) or not OPTOUT_TOKEN.fullmatch(token):
            return self._find_by_token(token)
        # sudo: the token is the customer's only right
        followup = find_by_token(self.sudo(), OPTOUT_TOKEN, token, lambda f: f._get_optout_token())
        return followup, followup._get_link_code() if followup else "unknown"

    def _opt_out(self, level, source="link", channel=None, note=None):
        """Note that the customer does not want ``request`` (this one), ``scenario`` (this kind) or ``all`` of it.

        What is still open ends at once; an address opted out twice stays one entry.
        """
        self.ensure_one()
        followup = self.sudo()
        scope = {
            "followup_id": followup.id if level == "request" else False,
            "scenario": followup.scenario if level == "scenario" else False,
        }
        seen_by = {"company_id": followup.company_id.id, "team_id": followup.team_id.id}
        keys = {key for key in (followup.email_key, followup.phone_key) if key} or {f"partner:{followup.partner_id.id}"}
        Optout = followup.env["aftersale.optout"]
        known = Optout.search(
            [("key", "in", list(keys))] + [(name, "=", value) for name, value in scope.items()]
        ).mapped("key")
        Optout.create(
            [
                {"key": key, "partner_id": followup.partner_id.id, "source": source, **scope, **seen_by}
                for key in sorted(keys.difference(known))
            ]
        )
        if followup.state == "ready":
            online = followup.env["aftersale.channel"]._by_code("online")
            followup._log_attempt("refused", channel=channel or online, note=note)
        elif followup.state == "planned":
            followup._skip("opt_out")
        return True
