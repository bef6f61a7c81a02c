import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .aftersale_plan import CONTACT_CLASSES, CUSTOMER_TYPES, SCENARIOS

# (from, to): by whom is decided by the callers; anything else raises.
TRANSITIONS = {
    "planned": {"ready", "skipped", "cancelled"},
    "ready": {"done", "unreachable", "refused", "expired", "cancelled"},
    "expired": {"done"},
    "unreachable": {"done"},
    # Revived with its order, and planned or, being too late by then, not asked.
    "cancelled": {"planned", "skipped"},
    "done": set(),
    "refused": set(),
    "skipped": set(),
}
OPEN_STATES = ("planned", "ready")
# Nothing more is asked. A link that expires in the middle of a call ends nothing: the answers can still be saved.
ENDED_STATES = ("done", "refused", "unreachable", "cancelled", "skipped")
# All that people may change by hand; the rest is the work of planning, contact and capture: whoever could write it over
# RPC could fake an answer or dodge the cap.
AGENT_FIELDS = {"channel_id"}
SUPERVISOR_FIELDS = AGENT_FIELDS | {"user_id", "team_id", "date_planned"}


class AftersaleFollowup(models.Model):
    _name = "aftersale.followup"
    _description = "Follow-up"
    _inherit = ["mail.thread", "aftersale.export.mixin"]
    _order = "date_planned, id"
    _check_company_auto = True
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name", search="_search_name")
    origin = fields.Char(
        required=True, copy=False, help="What led to this follow-up; unique per plan, so that nobody is planned twice."
    )
    plan_id = fields.Many2one("aftersale.plan", required=True, index=True, ondelete="restrict")
    contact_class = fields.Selection(CONTACT_CLASSES, "Rank", required=True)
    scenario = fields.Selection(SCENARIOS, required=True, index=True)
    # Empty once made anonymous; whoever is still to be asked has a name.
    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="restrict")
    # Not a related field: planning gives the value, so that a batch needs no second write.
    commercial_partner_id = fields.Many2one(
        "res.partner",
        "Commercial Entity",
        compute="_compute_commercial_partner_id",
        store=True,
        precompute=True,
        readonly=False,
        index=True,
    )
    customer_type = fields.Selection(CUSTOMER_TYPES, help="As it was when planned.")
    is_high_value = fields.Boolean("High-value Customer", help="Whether it was one when planned.")
    product_line_id = fields.Many2one(
        "product.category",
        ondelete="set null",
        help="As it was when planned: the highest category of the products, below All, Goods and the like; "
        "of a mixed order the one with the largest amount.",
    )
    order_id = fields.Many2one("sale.order", index="btree_not_null", ondelete="set null", check_company=True)
    picking_id = fields.Many2one("stock.picking", "Delivery Order", index="btree_not_null", ondelete="set null")
    date_received = fields.Date("Received On", help="Day the window counts from, in company time.")
    touchpoint_id = fields.Many2one("aftersale.touchpoint", index="btree_not_null", ondelete="set null")
    product_ids = fields.Many2many("product.product", string="Products", ondelete="restrict")
    issue_id = fields.Many2one("aftersale.issue", index="btree_not_null", ondelete="restrict", check_company=True)
    action_id = fields.Many2one(
        "aftersale.action",
        "Improvement Measure",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    user_id = fields.Many2one("res.users", "Agent", index=True, ondelete="restrict")
    team_id = fields.Many2one("crm.team", index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    channel_id = fields.Many2one("aftersale.channel", ondelete="restrict", help="How it goes out.")
    date_planned = fields.Date("Planned On", index=True)
    time_planned = fields.Datetime("Planned At", help="Only where the plan counts in hours.")
    date_deadline = fields.Date("Window Ends")
    date_next = fields.Datetime("Next Step At", copy=False, help="When the system looks at this follow-up again.")
    date_sent = fields.Datetime("Contacted At", copy=False)
    date_done = fields.Datetime("Done At", copy=False)
    date_expiry = fields.Datetime("Link Valid Until", copy=False)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("ready", "To contact"),
            ("done", "Answered"),
            ("unreachable", "Unreachable"),
            ("refused", "Refused"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
            ("skipped", "Not asked"),
        ],
        "Status",
        required=True,
        default="planned",
        copy=False,
        index=True,
    )
    skip_reason = fields.Selection(
        [
            ("contact_cap", "Contacted too often"),
            ("opt_out", "Opted out"),
            ("sampled_out", "Not in the sample"),
            ("no_contact", "No contact data"),
            ("duplicate", "Already asked"),
            ("merged", "Merged with another follow-up"),
            ("open_issue", "Has an open issue"),
            ("returned", "Goods returned"),
            ("too_old", "Too long ago"),
            ("staff", "Own staff"),
            ("plan_paused", "Plan paused"),
            ("archived", "Customer archived"),
        ],
        copy=False,
    )
    cancel_cause = fields.Selection(
        [
            ("order", "Order cancelled"),
            ("staff", "By a supervisor"),
            ("issue", "Issue reopened or ended"),
            ("erasure", "Customer's data erased"),
        ],
        copy=False,
        help="A follow-up cancelled with its order comes back when the order is confirmed again.",
    )
    merged_into_id = fields.Many2one("aftersale.followup", index="btree_not_null", ondelete="set null", copy=False)
    explanation = fields.Text("Why", help="Which rules led to this follow-up, its day and its agent.")
    attempt_ids = fields.One2many("aftersale.attempt", "followup_id", "Attempts")
    attempt_count = fields.Integer(compute="_compute_attempt_count")
    reminder_sent = fields.Integer("Reminders Sent", copy=False)
    lang = fields.Char("Language")
    access_token = fields.Char(copy=False, groups="base.group_system")
    # System only: agents find contact data where it is masked for who is not in charge.
    email_key = fields.Char(groups="base.group_system", help="Normalised e-mail address, for the contact cap.")
    phone_key = fields.Char(groups="base.group_system", help="Normalised phone number, for the contact cap.")
    sales_user_id = fields.Many2one("res.users", "Sold By", ondelete="set null")
    delivery_user_id = fields.Many2one("res.users", "Delivered By", ondelete="set null")
    user_input_id = fields.Many2one("survey.user_input", "Answers", index="btree_not_null", ondelete="set null")
    feedback_ids = fields.One2many("aftersale.feedback", "followup_id", "All Answers")
    feedback_id = fields.Many2one(
        "aftersale.feedback",
        compute="_compute_feedback_id",
    )
    error_count = fields.Integer("Errors in a Row", copy=False)
    error_message = fields.Text("Last Error", copy=False)

    _origin_unique = models.UniqueIndex("(plan_id, origin)", "This follow-up is already planned.")
    _cycle = models.Index("(split_part(origin, ':', 2)) WHERE starts_with(origin, 'cycle:')")
    # The last contact, the next planned one and the last cycle of each customer: see `CustomerCycles`.
    _last_sent = models.Index("(commercial_partner_id, company_id, date_sent) WHERE date_sent IS NOT NULL")
    _last_unsent = models.Index(
        "(commercial_partner_id, company_id, date_planned)"
        " WHERE state NOT IN ('skipped', 'cancelled') AND date_sent IS NULL"
    )
    _last_cycle = models.Index(
        "(commercial_partner_id, company_id, date_planned)"
        " WHERE starts_with(origin, 'cycle:') AND skip_reason IS DISTINCT FROM 'plan_paused'"
    )
    _token_unique = models.UniqueIndex("(access_token)", "A personal link belongs to one follow-up.")
    _due = models.Index("(state, date_next) WHERE state IN ('planned', 'ready')")
    _email_key = models.Index("(email_key) WHERE email_key IS NOT NULL")
    _phone_key = models.Index("(phone_key) WHERE phone_key IS NOT NULL")
    _load = models.Index("(company_id, date_planned, user_id) WHERE state IN ('planned', 'ready')")
    _skip_reason_given = models.Constraint(
        "CHECK((state = 'skipped') = (skip_reason IS NOT NULL))", "A follow-up that is not held needs a reason."
    )

    _window_given = models.Constraint(
        "CHECK(state NOT IN ('planned', 'ready') OR (date_planned IS NOT NULL AND date_deadline IS NOT NULL))",
        "An open follow-up needs a planned day and the end of its window.",
    )
    _open_has_customer = models.Constraint(
        "CHECK(state NOT IN ('planned', 'ready') OR partner_id IS NOT NULL)", "An open follow-up needs its customer."
    )
    _token_given = models.Constraint("CHECK(access_token IS NOT NULL)", "Every follow-up has its personal link.")

    @api.depends("partner_id.commercial_partner_id")
    def _compute_commercial_partner_id(self):
        for followup in self:
            followup.commercial_partner_id = followup.partner_id.commercial_partner_id

    def _compute_name(self):
        for followup in self:
            followup.name = f"FU/{followup.id:06d}" if followup.id else self.env._("No number yet")

    def _search_name(self, operator, value):
        if operator not in ("ilike", "in"):
            return NotImplemented
        values = [value] if isinstance(value, str) else value
        digits = ["".join(filter(str.isdigit, text or "")) for text in values]
        return [("id", "in", [int(text) for text in digits if text and len(text) < 10])]

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for followup in self:
            followup.display_name = f"{followup.name} {followup.partner_id.name or ''}".strip()

    @api.depends("attempt_ids")
    def _compute_attempt_count(self):
        tried = [("followup_id", "in", self.ids), ("is_passed_over", "=", False)]
        counts = dict(self.env["aftersale.attempt"]._read_group(tried, ["followup_id"], ["__count"]))
        for followup in self:
            followup.attempt_count = counts.get(followup, 0)

    @api.depends("feedback_ids.correction_of_id")
    def _compute_feedback_id(self):
        """The answer that counts: the latest correction, else the original."""
        for followup in self:
            followup.feedback_id = followup.feedback_ids.sorted("id")[-1:]

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [{**vals, "access_token": secrets.token_urlsafe(16)} for vals in vals_list]
        quiet = self.with_context(tracking_disable=True, mail_create_nosubscribe=True)
        return super(AftersaleFollowup, quiet).create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_role(vals)
        if "state" in vals:
            self._check_transition(vals["state"])
        result = super().write(vals)
        if "date_planned" in vals and not self.env.su:
            self.sudo()._reschedule()
        return result

    def _check_company(self, fnames=None):
        """Leave to Odoo, which checks record by record, only a batch in which more than one company occurs.

        A delivery of hundreds of orders plans all its follow-ups within one company.
        """
        names = [name for name, field in self._fields.items() if field.relational and field.check_company]
        if fnames is not None and {"company_id", *names}.isdisjoint(fnames):
            return
        followups = self.sudo()
        company = followups.company_id
        if len(company) != 1 or any(followups[name].company_id - company for name in names):
            super()._check_company(fnames)

    def _check_role(self, vals):
        supervisor = self.env.user.has_group("aftersale_followup.group_supervisor")
        if vals.keys() - (SUPERVISOR_FIELDS if supervisor else AGENT_FIELDS):
            raise AccessError(
                self.env._("The course of a follow-up is not edited. Use its buttons: call, send now, cancel.")
            )

    def _reschedule(self):
        """Follow a day that a supervisor moved: the contact goes out on that day, and the window reaches it."""
        for followup in self:
            if followup.state != "planned":
                raise UserError(self.env._("%s is no longer planned: its day cannot be moved.", followup.display_name))
            followup.write(
                {
                    "date_next": followup._get_opening(followup.date_planned),
                    "date_deadline": max(followup.date_deadline, followup.date_planned),
                    "time_planned": False,
                    "explanation": followup._explained(
                        self.env._("Moved to %(day)s by %(user)s.", day=followup.date_planned, user=self.env.user.name)
                    ),
                }
            )

    def _check_transition(self, state):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for followup in self:
            if state != followup.state and state not in TRANSITIONS[followup.state]:
                raise UserError(
                    self.env._(
                        "%(name)s is “%(from)s” and cannot become “%(to)s”.",
                        **{"name": followup.display_name, "from": labels[followup.state], "to": labels[state]},
                    )
                )

    @api.constrains("date_planned", "date_deadline", "state")
    def _check_window(self):
        for followup in self:
            if followup.state in OPEN_STATES and not (followup.date_planned and followup.date_deadline):
                raise ValidationError(self.env._("%s needs a planned day and the end of its window.", followup.name))

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Only supervisors read the messages, of the follow-ups they see: invitations hold the personal link."""
        supervises = self.env.user.has_group("aftersale_followup.group_supervisor")
        return dict.fromkeys(self, "read" if supervises else "unlink")  # nobody deletes follow-ups

    # ------------------------------------------------------------
    # Transitions
    # ------------------------------------------------------------

    def _set_state(self, state, **values):
        """Move the follow-ups to ``state`` with further ``values``; ended ones need no more attention."""
        if state not in OPEN_STATES:
            values = {"date_next": False, "date_call": False, **values}
        if state in ENDED_STATES:
            values = {"call_draft": False, **values}
        return self.sudo().write({"state": state, **values})

    def _skip(self, reason, note=None):
        """Mark the planned follow-ups as not held for ``reason`` (a key of ``skip_reason``), with ``note`` in words."""
        label = dict(self._fields["skip_reason"]._description_selection(self.env))[reason]
        for followup in self:
            followup._set_state(
                "skipped",
                skip_reason=reason,
                explanation=followup._explained(self.env._("Not asked: %s.", note or label)),
            )

    def _explained(self, sentence):
        """Return the explanation with one more ``sentence``."""
        self.ensure_one()
        return f"{self.explanation or ''}\n{sentence}".strip()

    def _cancel_for_order(self):
        """Cancel what was not sent yet; what was sent stays answerable until its link expires, without reminder.

        A follow-up that other orders were merged into goes on for those.
        """
        note = self.env._("The order was cancelled.")
        planned = self.filtered(lambda f: f.state == "planned")
        for followup in planned - planned._hand_on(note):
            followup._set_state("cancelled", cancel_cause="order", explanation=followup._explained(note))
        for followup in self.filtered(lambda f: f.state == "ready"):
            followup.date_next = followup.date_expiry

    def _get_contact_day(self):
        """Return the day that counts for the cap: when the customer was contacted, else when this is planned."""
        self.ensure_one()
        return self.company_id._aftersale_date(self.date_sent) if self.date_sent else self.date_planned

    def action_cancel(self):
        """Cancel follow-ups by hand; supervisors only."""
        if not self.env.user.has_group("aftersale_followup.group_supervisor"):
            raise UserError(
                self.env._("Only a supervisor cancels a follow-up. Ask yours, or log why it cannot be held.")
            )
        for followup in self:
            note = followup._explained(self.env._("Cancelled by %s.", self.env.user.name))
            followup._set_state("cancelled", cancel_cause="staff", explanation=note)
