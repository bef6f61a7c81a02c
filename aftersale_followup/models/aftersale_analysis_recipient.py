from odoo import fields, models
from odoo.fields import Domain


class AftersaleAnalysis(models.Model):
    """Who gets an analysis: managers and team leaders all of it, heads of departments their part."""

    _inherit = "aftersale.analysis"

    head_ids = fields.Many2many(
        "res.partner",
        "aftersale_analysis_head_rel",
        "analysis_id",
        "partner_id",
        "Heads of Departments",
        help="They get the problems and the measures of their departments only. "
        "Empty, without recipients: those whom the settings ask for.",
    )

    def _default_recipients(self):
        """Partners who get all of it by the settings, and want one as often as this: by role, and by address."""
        self.ensure_one()
        company = self.company_id
        users = self.env["res.users"]
        if company.aftersale_report_managers:
            users |= self._get_managers()
        if company.aftersale_report_leaders:
            users |= self._get_team_leaders()
        partners = self._get_able(users).partner_id | company.aftersale_report_recipient_ids
        return partners.filtered(lambda partner: partner._aftersale_wants_report(self.period))

    def _default_heads(self):
        """Partners at the head of a department with an open measure or one of the most frequent problems."""
        self.ensure_one()
        if not self.company_id.aftersale_report_heads:
            return self.env["res.partner"]
        heads = self._get_able(self._get_department_heads()).partner_id
        return heads.filtered(lambda partner: partner._aftersale_wants_report(self.period))

    def _get_able(self, users):
        """Return those of the users who work in the company."""
        return users.filtered(lambda user: user.active and not user.share and self.company_id in user.company_ids)

    def _get_managers(self):
        return self.env.ref("aftersale_followup.group_manager").all_user_ids

    def _get_team_leaders(self):
        """Leaders of the analysis' team, else of all teams that had to contact somebody in the period."""
        if self.team_id:
            return self.team_id.user_id
        due = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("date_planned", ">=", self.date_from)
            & Domain("date_planned", "<=", self.date_to)
        )
        teams = [team.id for (team,) in self.env["aftersale.followup"]._read_group(due, ["team_id"])]
        return self.env["crm.team"].browse(teams).user_id

    def _get_department_heads(self):
        """Users at the head of the departments concerned, as Employees has them."""
        measures = Domain("company_id", "=", self.company_id.id) & Domain("state", "in", ("planned", "in_progress"))
        if self.team_id:
            measures &= Domain("team_id", "=", self.team_id.id)
        measures = self.env["aftersale.action"].search(measures)
        problems = (self.figures or {}).get("top_problems", [])
        tags = self.env["aftersale.tag"].browse([problem["tag_id"] for problem in problems]).exists()
        departments = measures.department_id | measures.department_ids | tags.department_id
        # sudo: of an employee nothing is read but the user
        return departments.sudo().manager_id.user_id.sudo(False)

    def _get_departments(self, partner):
        """Departments of the company, or of all companies, that a partner is the head of."""
        # sudo: of an employee nothing is read but the user
        departments = self.env["hr.department"].sudo()
        return departments.search(
            [
                ("manager_id.user_id.partner_id", "=", partner.id),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )
