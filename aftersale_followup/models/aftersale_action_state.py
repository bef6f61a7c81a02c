from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

TRANSITIONS = {
    "planned": {"in_progress", "cancelled"},
    "in_progress": {"planned", "done", "cancelled"},
    "done": {"in_progress"},
    "cancelled": {"planned"},
}
# What the owner leaves to the supervisor: who does what by when, what it shall reach, and giving up.
SUPERVISOR_FIELDS = {
    "name",
    "kind",
    "user_id",
    "team_id",
    "department_id",
    "department_ids",
    "date_deadline",
    "expected_effect",
    "target_rate",
    "tag_ids",
    "product_ids",
    "issue_ids",
    "suggestion_ids",
    "cancel_reason",
    "company_id",
}
# Measured, not claimed; and done is a measure when it is marked as done.
EFFECT_FIELDS = {
    "rate_before",
    "rate_after",
    "sample_before",
    "sample_after",
    "change_low",
    "change_high",
    "effect",
    "date_effect",
}


class AftersaleAction(models.Model):
    """The life cycle of a measure: guards that see every way in, and what each step entails."""

    _inherit = "aftersale.action"

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        # These may come as defaults of the context, too.
        default = self.default_get(["state", "date_done", *EFFECT_FIELDS])
        for vals in vals_list:
            self._check_measured(default | vals)
            self.browse()._check_guards(default | vals)
            if (default | vals)["state"] == "done":
                vals.setdefault("date_done", fields.Datetime.now())
        actions = super().create(vals_list)
        actions._plan_improved()
        return actions

    def write(self, vals):
        """Check the guards with the values of this very write, whatever the way in, then do what a step entails."""
        self._check_role(vals)
        moving = self.filtered(lambda action: action.state != vals.get("state", action.state))
        for action in moving:
            action._check_guards(vals)
        result = super(AftersaleAction, self - moving).write(vals)
        if moving:
            super(AftersaleAction, moving).write(self._get_step_values(vals["state"]) | vals)
            if vals["state"] == "done":
                moving._plan_improved()
        return result

    def _check_measured(self, vals):
        if EFFECT_FIELDS & vals.keys() and not self.env.su:
            raise AccessError(self.env._("The effect of a measure is measured from feedback and cannot be entered."))
        if "date_done" in vals and not self.env.su:
            raise AccessError(self.env._("A measure is done on the day it is marked as done; no other can be entered."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_recorded(self):
        raise UserError(self.env._("A measure is kept, with what it was to change. Cancel it with a reason instead."))

    def _check_role(self, vals):
        """Owner and departments carry a measure out; what was agreed about it is the supervisor's."""
        self._check_measured(vals)
        if self.env.su or self._may_supervise():
            return
        changed = {
            name
            for name in SUPERVISOR_FIELDS & vals.keys()
            if any(self._is_changed(action, name, vals[name]) for action in self)
        }
        ending = vals.get("state") == "cancelled" or ("state" in vals and self.filtered(lambda a: a.state == "done"))
        if changed or ending:
            raise AccessError(
                self.env._(
                    "Measure, owner, departments, deadline and goal are agreed with a supervisor, who alone cancels or "
                    "resumes a measure. Ask yours to change it."
                )
            )

    @staticmethod
    def _is_changed(action, name, value):
        field = action._fields[name]
        return field.type == "many2many" or field.convert_to_write(action[name], action) != value

    @staticmethod
    def _get_step_values(state):
        """Return the values that entering ``state`` sets; the vals of the write come on top."""
        if state == "done":
            return {"date_done": fields.Datetime.now()}
        return dict.fromkeys(EFFECT_FIELDS | {"date_done"}, False)

    def _check_guards(self, vals):
        """Raise what is missing for the step that ``vals`` make, in words that help.

        Called on one measure before a write, or on the empty recordset before a create; imports may start anywhere.
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        after = vals.get("state", "planned")
        name = self.name or vals.get("name") or self.env._("The measure")
        if self and after != self.state and after not in TRANSITIONS[self.state]:
            raise UserError(
                self.env._(
                    "“%(name)s” is “%(from)s” and cannot become “%(to)s” in one step.",
                    **{"name": name, "from": labels[self.state], "to": labels[after]},
                )
            )
        missing = self._get_missing(after, vals)
        if missing:
            raise UserError(
                self.env._(
                    "“%(name)s” cannot become “%(state)s” yet. Missing: %(missing)s.",
                    name=name,
                    state=labels[after],
                    missing=", ".join(missing),
                )
            )

    def _get_missing(self, state, vals):
        """Return in words what entering ``state`` with ``vals`` lacks."""
        missing = []
        if state in ("in_progress", "done"):
            if self._lacks("user_id", vals):
                missing.append(self.env._("an owner"))
            if self._lacks("date_deadline", vals):
                missing.append(self.env._("a deadline"))
        if state == "cancelled" and self._lacks("cancel_reason", vals):
            missing.append(self.env._("the reason for cancelling"))
        return missing

    def _lacks(self, name, vals):
        """Return whether field ``name`` would be empty after writing ``vals``."""
        value = vals[name] if name in vals else self[name]
        return not (value.strip() if isinstance(value, str) else value)

    def _may_supervise(self):
        return self.env.user.has_group("aftersale_followup.group_supervisor")
