from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .aftersale_issue import OPEN_STATES

TRANSITIONS = {
    "new": {"processing", "cancelled"},
    "processing": {"done", "cancelled"},
    "done": {"closed", "processing", "cancelled"},
    "closed": {"processing"},
    "cancelled": set(),
}
# Who solves the problem writes down cause, solution and progress; who talks to the customer also what was promised and
# granted, and what it is about. What there is else is the supervisor's.
DEPARTMENT_FIELDS = {"root_cause", "solution", "whys", "lesson", "state", "credit_note_ids", "return_picking_ids"}
AGENT_FIELDS = DEPARTMENT_FIELDS | {
    "promised_date",
    "compensation",
    "compensation_kind",
    "tag_ids",
    "complaint_step_ids",
    "heard",
    "agreement",
}
DEPARTMENT_STATES = ("processing", "done")
# What only the life cycle itself sets, for nobody to rewrite: who solved it, how often it came back, what was when.
SYSTEM_FIELDS = {
    "name",
    "company_id",
    "solver_ids",
    "reopen_count",
    "confirmed_by_id",
    "verification_followup_ids",
    "contact_deadline",
    "verification_deadline",
    "date_contacted",
    "date_done",
    "date_closed",
    *("customer_notified_date", "notice"),
    *("contact_from", "contact_days", "resolution_from", "resolution_days", "waiting_date", "alarms", "merged_into_id"),
    *("compensation_state", "compensation_user_id", "compensation_date", "complaint_step_dates"),
}


class AftersaleIssue(models.Model):
    """The life cycle: guards that see every way in, and what each step entails."""

    _inherit = "aftersale.issue"

    # ------------------------------------------------------------
    # CRUD: the guards see every way in
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        default = self.default_get(["state"])
        for vals in vals_list:
            if not self.env.su:
                self._strip_system_values(vals)
            # The state may come as a default of the context, too.
            self.browse()._check_guards(default | vals)
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            number = self.env["ir.sequence"].sudo().with_company(company).next_by_code("aftersale.issue")
            vals["name"] = number or self.env._("No number yet")
        issues = super().create(vals_list)
        issues._remember_solvers()
        issues._start_clocks()
        return issues

    def write(self, vals):
        """Check the guards with the values of this very write, whatever the way in, then do what a step entails.

        Checked before anything is written: code that catches the error leaves nothing behind.
        """
        if not self.env.su:
            self._check_role(vals)
            if "resolution_deadline" in vals:
                vals = {**vals, "resolution_days": 0}  # chosen, no longer counted
        moving = self.filtered(lambda issue: issue.state != vals.get("state", issue.state))
        before = {issue: issue.state for issue in moving}
        for issue in moving:
            issue._check_guards(vals)
            if vals["state"] == "closed":
                # Told to the database first: it holds no closed issue without a confirmation or a waiver.
                super(AftersaleIssue, issue.sudo()).write({"confirmed_by_id": issue._get_confirmation().id})
        result = super().write(vals)
        if moving:
            super(AftersaleIssue, moving.sudo()).write(self._get_step_values(vals["state"]))
        if {"user_id", "state"} & vals.keys():
            self._remember_solvers()
        if {"priority", "tag_ids"} & vals.keys() and "state" not in vals:
            self._start_clocks()
        moving._after_step(before)
        return result

    def _check_role(self, vals):
        """Departments and agents work on issues; assigning, waiving, cancelling, closing, reopening are a supervisor's.

        A safety hazard stays one until a supervisor decided otherwise: the clock and the checks hang on its tag.
        """
        if SYSTEM_FIELDS & vals.keys():
            raise AccessError(self.env._("Dates, clocks and history of an issue follow from its steps."))
        if {"waiver_reason", "waiver_note"} & vals.keys() and "closed" in self.mapped("state"):
            raise AccessError(self.env._("The waiver that closed an issue stays as it was written. Reopen the issue."))
        if self._may_supervise():
            return
        is_agent = self.env.user.has_group("aftersale_followup.group_agent")
        foreign = vals.keys() - (AGENT_FIELDS if is_agent else DEPARTMENT_FIELDS)
        ending = "state" in vals and (
            vals["state"] not in DEPARTMENT_STATES
            or any(issue.state in ("done", "closed") and issue.state != vals["state"] for issue in self)
        )
        if foreign or ending:
            raise AccessError(
                self.env._(
                    "You enter cause, solution and progress of an issue. What it is about, who works on it, closing, "
                    "waiving, cancelling and reopening are for supervisors. Ask yours to do it."
                )
            )
        if "tag_ids" in vals and any(issue._loses_safety_tag(vals["tag_ids"]) for issue in self):
            raise AccessError(self.env._("Only a supervisor decides that a problem is no safety hazard. Ask yours."))

    def _loses_safety_tag(self, commands):
        """Return whether the x2many ``commands`` would take a safety tag away."""
        self.ensure_one()
        kept = self._fields["tag_ids"].convert_to_cache(commands, self)
        return any((self.tag_ids - self.tag_ids.browse(kept)).mapped("is_safety"))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        raise UserError(self.env._("An issue is kept, with what the customer said. Cancel it with a reason instead."))

    @staticmethod
    def _strip_system_values(vals):
        """Drop from ``vals``, in place, what nobody may set when entering an issue; the company is part of it."""
        for name in SYSTEM_FIELDS - {"company_id"}:
            vals.pop(name, None)
        return vals

    @staticmethod
    def _get_step_values(state):
        """Return the values that entering ``state`` sets."""
        now = fields.Datetime.now()
        return {
            "done": {"date_done": now, "waiting_date": False},
            "closed": {"date_closed": now},
            "processing": {
                "date_done": False,
                "date_closed": False,
                "verification_deadline": False,
                "confirmed_by_id": False,
                "waiver_reason": False,
                "waiver_note": False,
                "alarms": False,
            },
        }.get(state, {})

    def _check_guards(self, vals):
        """Raise what is missing for the step that ``vals`` make, in words that help.

        Called on one issue before a write, or on the empty recordset before a create.
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        before, after = self.state or "new", vals.get("state", "new")
        name = self.name or vals.get("title") or self.env._("The issue")
        if after != before and after not in TRANSITIONS[before]:
            raise UserError(
                self.env._(
                    "%(name)s is “%(from)s” and cannot become “%(to)s” in one step.",
                    **{"name": name, "from": labels[before], "to": labels[after]},
                )
            )
        missing = {
            "processing": self._missing_for_processing,
            "done": self._missing_for_done,
            "closed": self._missing_for_closed,
            "cancelled": self._missing_for_cancelled,
        }.get(after, lambda vals: [])(vals)
        if missing:
            raise UserError(
                self.env._(
                    "%(name)s cannot become “%(state)s” yet. Missing: %(missing)s.",
                    name=name,
                    state=labels[after],
                    missing=", ".join(missing),
                )
            )

    def _lacks(self, name, vals):
        """Return whether field ``name`` would be empty after writing ``vals``."""
        value = vals[name] if name in vals else self[name]
        return not (value.strip() if isinstance(value, str) else value)

    def _missing_for_processing(self, vals):
        return [self.env._("a responsible user")] if self._lacks("user_id", vals) else []

    def _missing_for_done(self, vals):
        missing = self._missing_for_processing(vals)
        if self._lacks("root_cause", vals):
            missing.append(self.env._("the root cause"))
        if self._lacks("solution", vals):
            missing.append(self.env._("the solution"))
        return missing

    def _missing_for_closed(self, vals):
        """A passed verification of this resolution, or a supervisor's written waiver."""
        missing = self._missing_for_done(vals)
        if self and self._is_verified():
            return missing
        if self._lacks("waiver_reason", vals):
            return missing + [self.env._("the customer's confirmation in a second follow-up, or a supervisor's waiver")]
        if not self._may_supervise():
            missing.append(self.env._("a supervisor, who alone may waive the verification"))
        if self._lacks("waiver_note", vals):
            missing.append(self.env._("the note of the waiver"))
        return missing

    def _missing_for_cancelled(self, vals):
        missing = [self.env._("the reason for cancelling")] if self._lacks("cancel_reason", vals) else []
        if not self._may_supervise():
            missing.append(self.env._("a supervisor, who alone may cancel an issue"))
        return missing

    def _may_supervise(self):
        return self.env.user.has_group("aftersale_followup.group_supervisor")

    def _verification_origin(self):
        self.ensure_one()
        return f"issue:{self.id}:{self.reopen_count}"

    def _is_verified(self):
        """Return whether the verification of the present resolution passed."""
        return bool(self._get_confirmation())

    def _get_confirmation(self):
        """Return the answer that confirms the present resolution (in sudo), if there is one."""
        self.ensure_one()
        followups = self.sudo().verification_followup_ids.filtered(lambda f: f.origin == self._verification_origin())
        return followups.feedback_id.filtered(lambda feedback: feedback._is_passed())[:1]

    def _remember_solvers(self):
        for issue in self.filtered("user_id"):
            if issue.state in OPEN_STATES and issue.user_id not in issue.solver_ids:
                issue.sudo().solver_ids = [Command.link(issue.user_id.id)]

    def _after_step(self, before):
        """Plan the verification when an issue is done, answer the customer when it is closed."""
        done = self.filtered(lambda issue: issue.state == "done")
        for issue in done:
            company = issue.company_id
            today = company._aftersale_date(issue.date_done)
            latest = today + timedelta(days=company.aftersale_verification_days)
            issue.sudo().verification_deadline = issue._get_verification_deadline(latest)
        if done:
            self.env["aftersale.plan"]._plan_isolated("resolution", done)
            done._tell_unassigned_verifications()
        reopened = self.filtered(lambda issue: issue.state == "processing" and before[issue] in ("done", "closed"))
        reopened._drop_verifications()
        for issue in reopened:
            # A new opening: only who works on it from now on is barred from verifying.
            issue.sudo().write(
                {
                    "reopen_count": issue.reopen_count + 1,
                    "priority": "2",
                    "solver_ids": [Command.set(issue.user_id.ids)],
                    "contact_deadline": False,
                    "date_contacted": False,
                    "resolution_deadline": False,
                }
            )
            issue._start_clocks(fields.Datetime.now())
            issue._tell_reopened()
        ended = self.filtered(lambda issue: issue.state in ("closed", "cancelled"))
        ended._drop_verifications()
        ended.sudo().activity_unlink(
            [f"aftersale_followup.activity_type_{name}" for name in ("issue", "call_customer", "department")]
        )

    def _drop_verifications(self):
        """Cancel the verifications nobody needs any more: the issue was reopened, waived or cancelled."""
        self._get_open_checks()._set_state("cancelled", cancel_cause="issue")

    def _get_open_checks(self):
        """Return the verifications that are still to be held (in sudo)."""
        return self.sudo().verification_followup_ids.filtered(
            lambda f: f.scenario == "resolution_check" and f.state in ("planned", "ready")
        )

    def _tell_unassigned_verifications(self):
        """Put a verification that nobody may hold, because all worked on the issue, on the supervisor's list."""
        for issue in self.sudo():
            checks = issue.verification_followup_ids.filtered(lambda f: f.state == "planned" and not f.user_id)
            if checks:
                issue._tell_supervisor(self.env._("Nobody is free to verify %s: choose who does.", issue.display_name))

    def _tell_reopened(self):
        """Tell the supervisor that the issue came back; from the second time on the manager as well."""
        self.ensure_one()
        note = self.env._("%s was reopened.", self.display_name)
        users = self._get_supervisor()
        if self.reopen_count > 1:
            users |= self._get_managers()[:1]
        for user in users or self.env.user:
            self.sudo().activity_schedule("aftersale_followup.activity_type_issue", note=note, user_id=user.id)

    # ------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------

    def action_process(self):
        """Start working on the issues; who takes an unassigned one is responsible for it."""
        self.check_access("write")
        unassigned = self.filtered(lambda issue: not issue.user_id)
        unassigned.sudo().write({"user_id": self.env.uid})
        self.write({"state": "processing"})

    def action_done(self):
        """Mark the issues as solved; the verification is planned."""
        self.write({"state": "done"})

    def action_close(self):
        """Close verified (or waived) issues."""
        self.write({"state": "closed"})

    def action_reopen(self):
        """Take the issues up again."""
        self.write({"state": "processing"})

    def action_contacted(self):
        """Log that a supervisor reached the customer by phone: this attempt stops the contact clock."""
        if not self._may_supervise():
            raise UserError(self.env._("Only a supervisor's call counts here. Ask yours to contact the customer."))
        self.check_access("write")
        for issue in self.sudo().filtered(lambda issue: not issue.date_contacted):
            issue.date_contacted = issue._log_reached()
        self.activity_feedback(["aftersale_followup.activity_type_call_customer"])

    def _log_reached(self):
        """Log the call on the follow-up the problem was reported in, else in the issue's chatter; return its moment."""
        self.ensure_one()
        phone = self.env["aftersale.channel"]._by_code("phone")
        if followup := self.feedback_ids.followup_id.sorted("id")[-1:]:
            return followup._log_attempt("reached", channel=phone, note=self.display_name).date
        self.message_post(body=self.env._("%(user)s reached the customer by phone.", user=self.env.user.name))
        return fields.Datetime.now()
