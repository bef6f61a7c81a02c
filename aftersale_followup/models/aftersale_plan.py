from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from .aftersale_touchpoint import DELAY_UNITS
from .partner_filter import read_partner_domain

CONTACT_CLASSES = [
    ("safety", "Safety"),
    ("verification", "Verification"),
    ("new", "New customer"),
    ("pilot", "Pilot"),
    ("periodic", "Periodic"),
]
# The lower the number, the earlier its turn.
RANK = {code: rank for rank, (code, _label) in enumerate(CONTACT_CLASSES)}
SCENARIOS = [
    ("new_customer", "New customer"),
    ("existing_customer", "Existing customer"),
    ("resolution_check", "Is it solved?"),
    ("pilot", "Pilot"),
    ("other", "Other"),
]
CUSTOMER_TYPES = [("new", "New customer"), ("existing", "Existing customer")]
CLASS_OF_SCENARIO = {
    "new_customer": "new",
    "existing_customer": "periodic",
    "resolution_check": "verification",
    "pilot": "pilot",
    "other": "periodic",
}
# A plan whose every run failed this often is parked until somebody looks at it.
ERROR_LIMIT = 3
# What crons note on a plan; writing it is no work on the plan.
HEALTH_FIELDS = {"error_count", "error_message", "failed_records", "sweep_date", "anonymous_dropped"}


class AftersalePlan(models.Model):
    _name = "aftersale.plan"
    _description = "Follow-up Plan"
    _inherit = ["mail.thread", "aftersale.export.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", index=True, help="Empty: the plan serves every company.")
    scenario = fields.Selection(
        SCENARIOS,
        required=True,
        default="new_customer",
        tracking=True,
    )
    objective = fields.Char(translate=True, help="What this plan wants to learn, in one sentence.")
    focus_ids = fields.Many2many("aftersale.focus", help="At most three areas the questions are about.")
    # when
    trigger = fields.Selection(
        [
            ("delivery", "When an order is delivered"),
            ("sale", "When an order is confirmed"),
            ("periodic", "At regular intervals"),
            ("resolution", "When something is resolved"),
            ("manual", "By hand"),
        ],
        required=True,
        default="delivery",
        tracking=True,
    )
    resolution_of = fields.Selection(
        [("issue", "An issue"), ("action", "An improvement measure")],
        "What Is Resolved",
        required=True,
        default="issue",
        tracking=True,
        help="A resolved issue is verified with its customer; a finished measure is asked about with all who reported "
        "the problem.",
    )
    date_start = fields.Date(
        "Start",
        required=True,
        default=lambda self: self._default_date_start(),
        help="What happened before this day is not looked at.",
    )
    occurrence = fields.Selection(
        [
            ("every", "Every time"),
            ("first_of_product", "The first time a customer receives a product"),
            ("first_of_customer", "Only the customer's first time"),
        ],
        "Ask",
        required=True,
        default="every",
    )
    delay_min = fields.Integer("From", default=3, tracking=True)
    delay_max = fields.Integer("To", default=7, tracking=True)
    delay_unit = fields.Selection(DELAY_UNITS, "Unit", required=True, default="working_days")
    touchpoint_ids = fields.One2many("aftersale.touchpoint", "plan_id", "Touchpoints", copy=True)
    interval_months = fields.Integer(
        "Interval (months)", help="From the customer's last contact under any plan to the next one."
    )
    counts_from = fields.Selection(
        [("confirmation", "The confirmation of the order"), ("service", "The end of its services")],
        required=True,
        default="confirmation",
        help="A service has ended when its delivered quantity has reached the ordered one. Orders without services are "
        "left out then.",
    )
    # whom
    customer_type = fields.Selection(
        [("any", "Any customer"), ("new", "New customers"), ("existing", "Existing customers")],
        "Customers",
        required=True,
        default="any",
    )
    customer_value = fields.Selection(
        [("any", "Any value"), ("high", "High-value customers"), ("other", "All but high-value customers")],
        required=True,
        default="any",
        help="By the revenue of the last 12 months and the threshold in the settings.",
    )
    partner_domain = fields.Char(
        "Customer Filter", default="[]", help="Fits when the contact who ordered fits, or the company they belong to."
    )
    # Restricted: a filter that lost its last product, category or team would mean all of them.
    product_category_ids = fields.Many2many("product.category", string="Product Categories", ondelete="restrict")
    product_ids = fields.Many2many("product.product", string="Products", ondelete="restrict")
    team_ids = fields.Many2many(
        "crm.team",
        string="Sales Teams",
        ondelete="restrict",
        help="Team of the order; at regular intervals, of the customer's last order.",
    )
    amount_min = fields.Float(
        "Minimum Amount",
        help="Order total including taxes, in the company's currency; at regular intervals, that of the last order.",
    )
    sampling_rate = fields.Float(
        "Sample (%)", default=100.0, help="Share of the matching customers that is asked. The draw is reproducible."
    )
    # how
    channel_ids = fields.Many2many(
        "aftersale.channel",
        string="Channels",
        ondelete="restrict",
        help="Channels this plan may use. The customer's preferred one comes first, then their order in the settings.",
    )
    phone_first = fields.Boolean("Call Before Writing", help="Phone comes before the automatic channels.")
    survey_id = fields.Many2one(
        "survey.survey",
        "Questionnaire",
        domain=[("survey_type", "=", "aftersale")],
        index="btree_not_null",
        ondelete="restrict",
    )
    script = fields.Text(translate=True, help="Phone script. Words in [brackets] are filled with the customer's data.")
    mail_template_id = fields.Many2one(
        "mail.template", "E-mail Template", domain=[("model", "=", "aftersale.followup")], ondelete="restrict"
    )
    sms_template_id = fields.Many2one(
        "sms.template", "SMS Template", domain=[("model", "=", "aftersale.followup")], ondelete="restrict"
    )
    assign_method = fields.Selection(
        [("balance", "Balance within the team"), ("salesperson", "Salesperson"), ("user", "One agent")],
        "Assign To",
        required=True,
        default="balance",
    )
    user_id = fields.Many2one("res.users", "Agent", domain=[("share", "=", False)])
    team_id = fields.Many2one("crm.team", check_company=True, help="Empty: the after-sales team in the settings.")
    reminder_count = fields.Integer("Reminders", default=1)
    reminder_days = fields.Integer("Remind After (working days)", default=3)
    expire_days = fields.Integer("Link Valid (days)", default=14)
    contact_class = fields.Selection(
        CONTACT_CLASSES,
        "Rank",
        required=True,
        compute="_compute_contact_class",
        store=True,
        readonly=False,
        precompute=True,
        help="Which contact goes first when a customer may not be contacted more often.",
    )
    legal_basis = fields.Selection(
        [("interest", "Legitimate interest"), ("consent", "Consent"), ("contract", "Contract")], default="interest"
    )
    notice = fields.Text("Privacy Notice", translate=True, help="Shown above the questions; empty = the standard text.")
    allow_anonymous = fields.Boolean(
        "Anonymous Answers",
        tracking=True,
        help="Customers may answer without their name. Such answers wait until five or more are there, are released "
        "together, and lead to no issue and no call.",
    )
    anonymous_dropped = fields.Integer(
        "Given Up", readonly=True, copy=False, help="Anonymous answers that found too few others in 90 days."
    )
    # health
    error_count = fields.Integer("Errors in a Row", readonly=True, copy=False)
    error_message = fields.Text("Last Error", readonly=True, copy=False)
    failed_records = fields.Json(copy=False, help="Records that fail under this plan, with the number of tries.")
    sweep_date = fields.Datetime("Last Sweep", readonly=True, copy=False)
    followup_ids = fields.One2many("aftersale.followup", "plan_id", "Follow-ups")

    _delay_order = models.Constraint(
        "CHECK(delay_min >= 0 AND delay_max >= delay_min)", "The end of a window cannot lie before its start."
    )
    _sampling_range = models.Constraint(
        "CHECK(sampling_rate BETWEEN 0 AND 100)", "The sample must lie between 0 and 100 %."
    )
    _reminder_range = models.Constraint(
        "CHECK(reminder_count BETWEEN 0 AND 2)", "A customer is reminded at most twice."
    )
    _interval_given = models.Constraint(
        "CHECK(trigger <> 'periodic' OR interval_months > 0)", "A plan at regular intervals needs its interval."
    )
    _anonymous_unverified = models.Constraint(
        "CHECK(NOT allow_anonymous OR scenario <> 'resolution_check')",
        "Whether a problem is solved only its customer can say: such a plan takes no anonymous answers.",
    )
    _expire_positive = models.Constraint("CHECK(expire_days > 0)", "A link must be valid for at least one day.")

    @api.model
    def _default_date_start(self):
        """Return today where the day began last: no company may find that its own today is before the start."""
        companies = self.env["res.company"].sudo().search([("active", "=", True)])
        return min(company._aftersale_today() for company in companies)

    @api.depends("scenario")
    def _compute_contact_class(self):
        for plan in self:
            plan.contact_class = CLASS_OF_SCENARIO.get(plan.scenario, "periodic")

    @api.constrains("focus_ids")
    def _check_focus(self):
        for plan in self:
            if len(plan.focus_ids) > 3:
                raise ValidationError(
                    self.env._("Plan “%s” has more than three focus areas. Keep the three that matter most.", plan.name)
                )

    @api.constrains("partner_domain")
    def _check_partner_domain(self):
        for plan in self:
            plan._get_partner_domain()

    @api.constrains("active", "survey_id", "trigger")
    def _check_survey(self):
        for plan in self:
            if plan.active and not plan.survey_id:
                raise ValidationError(
                    self.env._("Plan “%s” has no questionnaire. Choose one, or archive the plan.", plan.name)
                )

    @api.constrains("assign_method", "user_id")
    def _check_user(self):
        for plan in self:
            if plan.assign_method == "user" and not plan.user_id:
                raise ValidationError(
                    self.env._("Plan “%s” assigns to one agent, but names none. Choose the agent.", plan.name)
                )

    @api.model
    @ormcache("trigger")
    def _get_live_plan_ids(self, trigger):
        """Return the ids of the live plans of ``trigger``; cached, because every delivery and sale asks."""
        domain = [("trigger", "=", trigger), ("active", "=", True), ("error_count", "<", ERROR_LIMIT)]
        return tuple(self.sudo().search(domain)._ids)

    @api.model
    def _get_live_plans(self, trigger):
        return self.browse(self._get_live_plan_ids(trigger)).sudo()

    @ormcache("self.id")
    def _get_criteria(self):
        """Return the ids that decide whether an order concerns this plan, as (teams, products, categories)."""
        plan = self.sudo().with_context(active_test=False)
        return frozenset(plan.team_ids.ids), frozenset(plan.product_ids.ids), frozenset(plan.product_category_ids.ids)

    @ormcache("self.id")
    def _get_touchpoint_ids(self):
        return self.sudo().touchpoint_ids.sorted()._ids

    def _get_touchpoints(self):
        """Return the touchpoints, in their order; from the cache, because every delivery asks."""
        return self.env["aftersale.touchpoint"].browse(self._get_touchpoint_ids())

    def _get_partner_domain(self):
        """Return the customer filter as a Domain; raise ValidationError when it cannot be used."""
        self.ensure_one()
        return read_partner_domain(self.env, self.partner_domain, self.name)

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        self.env.registry.clear_cache()
        return plans

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def write(self, vals):
        if not vals.keys() <= HEALTH_FIELDS | {"sequence", "message_follower_ids"}:
            # Somebody worked on the plan: give it a new chance.
            vals = {**vals, "error_count": 0, "error_message": False, "failed_records": False}
        result = super().write(vals)
        if vals.keys() - (HEALTH_FIELDS - {"error_count"}):
            self.env.registry.clear_cache()
        if vals.get("active") is False:
            self.env["aftersale.followup"].sudo().search(
                [("plan_id", "in", self.ids), ("state", "=", "planned")]
            )._skip("plan_paused")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["aftersale.followup"].sudo()._read_group([("plan_id", "in", self.ids)], ["plan_id"])
        if used:
            names = ", ".join(plan.name for (plan,) in used)
            raise UserError(
                self.env._("Customers were already planned under “%s”. Archive the plan instead of deleting it.", names)
            )
