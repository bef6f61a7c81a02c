from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError

from .aftersale_contact_data import MASKING_HELP
from .aftersale_plan import CUSTOMER_TYPES


class AftersaleTargetLine(models.Model):
    """One customer of a target list, with what was known on the day of the draw: the columns of its export."""

    _name = "aftersale.target.line"
    _description = "Customer of a Target List"
    _inherit = ["aftersale.export.mixin"]
    _order = "target_id desc, id"
    _rec_name = "partner_id"

    target_id = fields.Many2one("aftersale.target", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="target_id.company_id")
    list_state = fields.Selection(related="target_id.state")
    is_chosen = fields.Boolean("Takes Part", default=True)
    partner_id = fields.Many2one("res.partner", "Contact", required=True, index=True, ondelete="cascade")
    customer_number = fields.Char("Customer No.", compute="_compute_customer", compute_sudo=True)
    customer_name = fields.Char("Customer", compute="_compute_customer", compute_sudo=True)
    contact_name = fields.Char("Contact Name", related="partner_id.name", related_sudo=True)
    contact_data = fields.Char(compute="_compute_contact_data", compute_sudo=True, help=MASKING_HELP)
    contact_state = fields.Selection(
        [("missing", "No contact data"), ("doubled", "Doubled")],
        "Mark",
        readonly=True,
        index="btree_not_null",
        help="Doubled: another customer of the list has the address or number. No contact data: no channel works.",
    )
    # as they were on the day of the draw
    customer_type = fields.Selection(CUSTOMER_TYPES, "Type of Customer", readonly=True)
    customer_value = fields.Selection([("high", "High-value"), ("other", "Other")], "Segment", readonly=True)
    order_id = fields.Many2one("sale.order", index="btree_not_null", ondelete="set null", readonly=True)
    product_ids = fields.Many2many("product.product", string="Asked About", readonly=True)
    lots = fields.Char("Lots/Serial Numbers", readonly=True)
    products = fields.Char("Products Bought", readonly=True)
    date_last_order = fields.Date("Last Order", readonly=True)
    complaint_count = fields.Integer("Complaints in 12 Months", readonly=True)
    date_last_contact = fields.Date("Last Contact", readonly=True)
    last_score = fields.Integer(readonly=True, aggregator="avg")
    # what planning does, or did, with the customer
    is_done = fields.Boolean("Planning Is Done", readonly=True)
    tries = fields.Integer("Failed Tries", readonly=True, export_string_translation=False)
    skip_reason = fields.Selection("_get_skip_reasons", "Not Contacted Because", readonly=True)
    date_planned = fields.Date("First Contact", readonly=True)
    contacts = fields.Integer(readonly=True)
    explanation = fields.Text("Why", readonly=True)

    @api.model
    def _get_skip_reasons(self):
        """Return the reasons of follow-ups, and those for who gets none."""
        reasons = self.env["aftersale.followup"]._fields["skip_reason"]._description_selection(self.env)
        own = [
            ("outside", self.env._("Not for this plan, or planned before")),
            ("failed", self.env._("Could not be planned")),
        ]
        return [*reasons, *own]

    @api.depends("partner_id.commercial_partner_id.ref", "partner_id.commercial_partner_id.name")
    def _compute_customer(self):
        for line in self:
            customer = line.partner_id.commercial_partner_id
            line.customer_number = customer._aftersale_number()
            line.customer_name = customer.aftersale_short_name or customer.name

    @api.depends("partner_id.phone", "partner_id.email", "target_id.company_id.aftersale_masking")
    def _compute_contact_data(self):
        for line in self:
            masked = line.target_id.company_id.aftersale_masking
            line.contact_data = line.partner_id._aftersale_contact_data(masked)

    def write(self, vals):
        """Users only take customers out and back in; all else tells what was, and follows from the draw."""
        if not self.env.su:
            if vals.keys() - {"is_chosen"}:
                raise AccessError(self.env._("What a target list tells follows from its buttons."))
            self.target_id._check_draft()
        changed = self.filtered(lambda line: "is_chosen" in vals and line.is_chosen != vals["is_chosen"])
        result = super().write(vals)
        if changed and not self.env.su:
            changed.sudo()._mark_related()
        return result

    def action_open_explanation(self):
        """Show in words which rules decide about this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_target_line_action")
        action.update(views=[(False, "form")], res_id=self.id, target="new", name=self.customer_name)
        return action

    # ------------------------------------------------------------
    # Contact data: missing or doubled
    # ------------------------------------------------------------

    def _get_keys(self):
        """Return what identifies the contact: normalised address and number."""
        partner = self.partner_id
        return {key for key in (partner.email_normalized, partner.phone_sanitized) if key}

    def _mark_related(self):
        """Mark afresh the lines that share an address or number with these."""
        keys = set().union(*(line._get_keys() for line in self))
        related = self.target_id.line_ids.filtered(lambda line: line in self or line._get_keys() & keys)
        related._mark_contacts()

    def _mark_contacts(self):
        """Mark the lines of one list whose contact data is missing, or doubled among the customers that take part."""
        counts = Counter(key for line in self if line.is_chosen for key in line._get_keys())
        plan = self.target_id.plan_id
        for line in self:
            partner = line.partner_id
            channels = partner.aftersale_channel_id | plan.channel_ids
            warns = plan.contact_class == "safety"
            state = False
            if not any(channel._is_possible(partner, warns) for channel in channels):
                state = "missing"
            elif line.is_chosen and any(counts[key] > 1 for key in line._get_keys()):
                state = "doubled"
            if line.contact_state != state:
                line.contact_state = state

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """Leave the last score empty where nobody rated: in a spreadsheet a 0 would count as a score."""
        rows = super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
        columns = [index for index, path in enumerate(fields) if path == ["last_score"]]
        for row in rows if columns else []:
            for column in columns:
                row[column] = row[column] or ""
        return rows
