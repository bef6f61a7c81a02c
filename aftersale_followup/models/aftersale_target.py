import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .aftersale_plan import CUSTOMER_TYPES
from .partner_filter import read_partner_domain

# Whom to choose. With the customers drawn they are the evidence of a sample, so they freeze when it is planned.
CRITERIA = (
    "plan_id",
    "partner_domain",
    "only_customers",
    "product_ids",
    "product_category_ids",
    "date_from",
    "date_to",
    "team_ids",
    "customer_type",
    "customer_value",
    "complaint",
    "complaint_months",
    "sample_method",
    "sample_size",
    "sample_percent",
    "is_stratified",
    "seed",
    "about_product_ids",
    "date_start",
)
EDITABLE = {*CRITERIA, "name", "user_id", "line_ids"}


class AftersaleTarget(models.Model):
    """Customers chosen for a plan that runs by hand: kept, so that the sample can be shown and drawn again."""

    _name = "aftersale.target"
    _description = "Target List"
    _inherit = ["aftersale.export.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, compute="_compute_name", store=True, readonly=False, precompute=True)
    plan_id = fields.Many2one(
        "aftersale.plan",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain=[("trigger", "=", "manual")],
    )
    issue_id = fields.Many2one(
        "aftersale.issue",
        "Because of Issue",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        copy=False,
        readonly=True,
        help="The list holds the other buyers of what this issue is about.",
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    user_id = fields.Many2one("res.users", "Responsible", required=True, default=lambda self: self.env.user)
    state = fields.Selection(
        [("draft", "Choosing"), ("planning", "Being planned"), ("planned", "Planned")],
        "Status",
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        index=True,
    )
    # whom
    partner_domain = fields.Char(
        "Customer Filter", default="[]", help="Fits when the contact who ordered fits, or the company they belong to."
    )
    only_customers = fields.Boolean(
        "Only Those Who Bought",
        default=True,
        help="Without it, and without a criterion on purchases, contacts with no confirmed order are chosen, too.",
    )
    product_ids = fields.Many2many(
        "product.product", "aftersale_target_product_rel", string="Bought", ondelete="restrict"
    )
    product_category_ids = fields.Many2many("product.category", string="Bought from Category")
    date_from = fields.Date("Bought Since", help="By the date of the order; of other buyers by the day of delivery.")
    date_to = fields.Date("Bought Until")
    team_ids = fields.Many2many("crm.team", string="Sales Teams", help="Team of the last order that fits.")
    customer_type = fields.Selection([("any", "Any customer"), *CUSTOMER_TYPES], required=True, default="any")
    customer_value = fields.Selection(
        [("any", "Any value"), ("high", "High-value customers"), ("other", "All but high-value customers")],
        "Value",
        required=True,
        default="any",
    )
    complaint = fields.Selection(
        [("any", "With or without"), ("had", "Complained"), ("none", "Did not complain")],
        "Complaints",
        required=True,
        default="any",
    )
    complaint_months = fields.Integer("Within (months)", default=12)
    # how many
    sample_method = fields.Selection(
        [("all", "All of them"), ("size", "A number"), ("percent", "A share")], "Sample", required=True, default="all"
    )
    sample_size = fields.Integer(default=50)
    sample_percent = fields.Float("Sample Share (%)", default=10.0)
    is_stratified = fields.Boolean(
        "Same Share of Each Sales Team", help="Each sales team is in the sample as it is among the matching customers."
    )
    seed = fields.Integer(
        required=True,
        default=lambda self: 100_000 + secrets.randbelow(900_000),
        copy=False,
        help="The same number draws the same customers again; another number draws others.",
    )
    # what for
    about_product_ids = fields.Many2many(
        "product.product",
        "aftersale_target_about_rel",
        string="About",
        ondelete="restrict",
        help="Products the customers are asked about; empty: those of the choice above that they bought.",
    )
    date_start = fields.Date(
        "Contacts Count From",
        required=True,
        default=lambda self: self.env.company._aftersale_today(),
        copy=False,
        help="Day from which the plan counts, such as the day the trial begins.",
    )
    # what came out
    line_ids = fields.One2many("aftersale.target.line", "target_id", "Customers", copy=False)
    date_drawn = fields.Datetime("Drawn At", readonly=True, copy=False)
    drawn_by = fields.Json(readonly=True, copy=False, help="The criteria the present customers were drawn by.")
    is_stale = fields.Boolean("Criteria Changed", compute="_compute_is_stale")
    candidate_count = fields.Integer("Matching Customers", readonly=True, copy=False)
    strata = fields.Text("Sample by Sales Team", readonly=True, copy=False)
    line_count = fields.Integer("Drawn", compute="_compute_line_counts")
    chosen_count = fields.Integer("Chosen", compute="_compute_line_counts")
    contact_count = fields.Integer("To Be Contacted", compute="_compute_line_counts")
    excluded_count = fields.Integer("Not Contacted", compute="_compute_line_counts")
    missing_count = fields.Integer("No Contact Data", compute="_compute_line_counts")
    doubled_count = fields.Integer("Doubled", compute="_compute_line_counts")
    done_share = fields.Float("Progress (%)", compute="_compute_line_counts")
    summary = fields.Text(compute="_compute_summary")
    date_confirmed = fields.Datetime("Released At", readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", "Released By", readonly=True, copy=False)
    followup_ids = fields.One2many("aftersale.followup", "target_id", "Follow-ups")
    followup_count = fields.Integer("Follow-up Count", compute="_compute_followup_counts", compute_sudo=True)
    answered_count = fields.Integer("Answered", compute="_compute_followup_counts", compute_sudo=True)

    _sample_size_positive = models.Constraint("CHECK(sample_size > 0)", "A sample holds at least one customer.")
    _sample_percent_range = models.Constraint(
        "CHECK(sample_percent > 0 AND sample_percent <= 100)", "The share of a sample lies between 0 and 100 %."
    )
    _complaint_months_positive = models.Constraint(
        "CHECK(complaint_months > 0)", "Complaints are looked for in at least one month."
    )
    _period_order = models.Constraint("CHECK(date_from <= date_to)", "The end of a period cannot lie before its start.")

    @api.depends("plan_id", "issue_id")
    def _compute_name(self):
        for target in self:
            if target.issue_id:
                target.name = self.env._("Other buyers: %s", target.issue_id.display_name)
            elif target.plan_id:
                target.name = f"{target.plan_id.name} {fields.Date.to_string(target.company_id._aftersale_today())}"

    @api.depends("drawn_by", *CRITERIA)
    def _compute_is_stale(self):
        for target in self:
            target.is_stale = bool(target.drawn_by) and target.drawn_by != target._get_criteria()

    @api.depends("line_ids.is_chosen", "line_ids.skip_reason", "line_ids.contact_state", "line_ids.is_done")
    def _compute_line_counts(self):
        groups = self.env["aftersale.target.line"]._read_group(
            [("target_id", "in", self.ids)],
            ["target_id", "is_chosen", "skip_reason", "contact_state", "is_done"],
            ["__count"],
        )
        for target in self:
            own = [group[1:] for group in groups if group[0] == target]
            chosen = [group for group in own if group[0]]
            target.line_count = sum(count for *_facts, count in own)
            target.chosen_count = sum(count for *_facts, count in chosen)
            target.excluded_count = sum(count for _c, reason, _s, _d, count in chosen if reason)
            target.contact_count = target.chosen_count - target.excluded_count
            target.missing_count = sum(count for _c, _r, state, _d, count in chosen if state == "missing")
            target.doubled_count = sum(count for _c, _r, state, _d, count in chosen if state == "doubled")
            done = sum(count for *_facts, is_done, count in chosen if is_done)
            target.done_share = 100.0 * done / target.chosen_count if target.chosen_count else 0.0

    @api.depends("state", "date_drawn", "line_ids.is_chosen", "line_ids.skip_reason", "line_ids.contact_state")
    @api.depends_context("lang")
    def _compute_summary(self):
        """Say in whole sentences what was drawn and what becomes of it."""
        for target in self:
            sentences = [
                target.env._(
                    "%(drawn)s of %(all)s matching customers were drawn; %(chosen)s take part.",
                    drawn=target.line_count,
                    all=target.candidate_count,
                    chosen=target.chosen_count,
                ),
                target.env._(
                    "%(contacted)s of them are contacted, %(not_contacted)s are not; the list says why.",
                    contacted=target.contact_count,
                    not_contacted=target.excluded_count,
                ),
            ]
            if target.missing_count:
                sentences.append(target.env._("Without contact data: %s.", target.missing_count))
            if target.doubled_count:
                sentences.append(
                    target.env._("With an address or number that another of them has: %s.", target.doubled_count)
                )
            if target.state == "planning":
                sentences = [
                    target.env._(
                        "The follow-ups are being planned in the background; %s %% are done. You may go on working.",
                        round(target.done_share),
                    )
                ]
            target.summary = "\n".join(sentences)

    def _compute_followup_counts(self):
        groups = self.env["aftersale.followup"]._read_group(
            [("target_id", "in", self.ids)], ["target_id", "state"], ["__count"]
        )
        for target in self:
            states = {state: count for owner, state, count in groups if owner.id == target.id}
            target.followup_count = sum(states.values())
            target.answered_count = states.get("done", 0)

    @api.constrains("partner_domain")
    def _check_partner_domain(self):
        for target in self:
            target._get_partner_domain()

    def _get_partner_domain(self):
        """Return the customer filter as a Domain; raise ValidationError when it cannot be used."""
        self.ensure_one()
        return read_partner_domain(self.env, self.partner_domain, self.name)

    def _get_criteria(self):
        """Return the criteria in a form that can be stored and compared."""
        self.ensure_one()
        values = {}
        for name in CRITERIA:
            value = self[name]
            if isinstance(value, models.BaseModel):
                value = sorted(value._origin.ids)
            values[name] = str(value) if self._fields[name].type == "date" else value
        return values

    # ------------------------------------------------------------
    # CRUD: what a list proves is not written by hand
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            allowed = EDITABLE - {"line_ids"} | {"company_id"}
            vals_list = [{name: value for name, value in vals.items() if name in allowed} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - EDITABLE:
                raise AccessError(self.env._("What a target list tells follows from its buttons."))
            if set(CRITERIA) & vals.keys():
                self._check_draft()
        return super().write(vals)

    def _check_draft(self):
        for target in self:
            if target.state != "draft":
                raise UserError(self.env._("“%s” is planned already. Copy it to choose customers anew.", target.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_planned(self):
        for target in self:
            if target.state != "draft":
                raise UserError(
                    self.env._("“%s” is planned: it shows how its customers were chosen, and is kept.", target.name)
                )

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_draw(self):
        """Choose the customers by the criteria and the seed, and show what planning would do; plans nothing."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        self._draw()

    def action_check(self):
        """Show afresh what planning would do with the chosen customers."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        self.sudo()._preview()

    def action_drop_doubles(self):
        """Take out every customer who shares address or number with an earlier one of the list."""
        self.ensure_one()
        self.check_access("write")
        self._check_draft()
        self.sudo()._drop_doubles()

    def action_view_lines(self):
        """Open the customers as a list of their own, from which they are exported."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_target_line_action")
        action["domain"] = [("target_id", "=", self.id)]
        if self.env.context.get("aftersale_excluded"):
            action["context"] = {"search_default_excluded": 1}
        return action

    def action_view_followups(self):
        """Open what was planned for these customers."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_followup_action")
        action.update(domain=list(Domain("target_id", "=", self.id)), context={"create": False})
        return action
