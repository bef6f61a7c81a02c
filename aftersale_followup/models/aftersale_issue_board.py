from odoo import api, fields, models


class AftersaleIssue(models.Model):
    """What the board and the form offer beside the steps of the life cycle."""

    _inherit = "aftersale.issue"

    @api.model
    def _group_expand_state(self, states, domain):
        """Show every column but "Cancelled", which nobody can drop an issue into without a reason."""
        return [state for state, _label in self._fields["state"].selection if state != "cancelled"]

    @api.model
    def _group_expand_user_id(self, users, domain):
        """On the triage board show everybody an issue can be given to: the teams of who looks, else after-sales."""
        if not self.env.context.get("aftersale_triage"):
            return users
        # sudo: supervisors without a Sales right read neither teams nor their members
        teams = self.env["crm.team"].sudo().search([("user_id", "=", self.env.uid)])
        teams = teams or self.env.companies.sudo().aftersale_team_id
        members = (teams.member_ids | teams.user_id).filtered(lambda user: user.active and not user.share)
        return users | members.with_env(self.env)

    @api.model
    def web_read_group(self, *args, opening_info=None, unfold_read_default_limit=80, **kwargs):
        """Open the column of nobody on the triage board: Odoo folds it, and there lies the work."""
        if self.env.context.get("aftersale_triage") and not opening_info:
            opening_info = [{"value": False, "folded": False, "offset": 0, "limit": unfold_read_default_limit}]
        return super().web_read_group(
            *args, opening_info=opening_info, unfold_read_default_limit=unfold_read_default_limit, **kwargs
        )

    may_handle = fields.Boolean(compute="_compute_may_change", export_string_translation=False)
    may_triage = fields.Boolean(compute="_compute_may_change", export_string_translation=False)

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_may_change(self):
        """Tell the views what the user may change: as an agent handles an issue, or all that a supervisor decides."""
        handles = self.env.user.has_group("aftersale_followup.group_agent")
        supervises = self._may_supervise()
        for issue in self:
            is_open = issue.state not in ("closed", "cancelled")
            issue.may_handle = handles and is_open
            issue.may_triage = supervises and is_open

    @api.depends("action_ids")
    def _compute_action_count(self):
        for issue in self:
            issue.action_count = len(issue.action_ids)

    def action_cancel(self):
        """Cancel issues; the guard asks for the reason."""
        self.write({"state": "cancelled"})

    def action_plan_measure(self):
        """Open a new measure against what the issues have in common."""
        tags = self.tag_ids.filtered("is_problem")
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_action_action")
        action["views"] = [(False, "form")]
        action["context"] = {
            "default_issue_ids": self.ids,
            "default_tag_ids": tags.ids,
            "default_product_ids": self.product_id.ids,
            "default_department_id": (self.department_id or tags.department_id)[:1].id,
            "default_team_id": self.team_id[:1].id,
            "default_company_id": self.company_id[:1].id,
        }
        return action

    def action_view_actions(self):
        """Open the measures against the cause of this issue."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersale_followup.aftersale_action_action")
        action.update(domain=[("issue_ids", "in", self.ids)], context={"default_issue_ids": self.ids})
        return action
