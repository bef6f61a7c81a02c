from odoo import fields, models
from odoo.fields import Command, Domain


class AftersaleAnalysis(models.Model):
    """Who gets an analysis, and the mail it comes with."""

    _inherit = "aftersale.analysis"

    def _default_recipients(self):
        """Partners with an address: those of the settings, else everybody whose work the analysis is about.

        These are the company's after-sales managers, the leaders of the teams with follow-ups in the period, and the
        heads of the departments with an open measure or one of the most frequent problems.
        """
        self.ensure_one()
        recipients = self.company_id.aftersale_report_recipient_ids
        if not recipients:
            users = self._get_managers() | self._get_team_leaders() | self._get_department_heads()
            recipients = users.filtered(
                lambda user: user.active and not user.share and self.company_id in user.company_ids
            ).partner_id
        return recipients.filtered("email")

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

    def _send(self):
        """Queue the mail with the PDF, one per language of the recipients. The mail queue sends it later."""
        self.ensure_one()
        template = self.env.ref("aftersale_followup.mail_template_analysis")
        default = self.company_id.partner_id.lang
        recipients = self.recipient_ids.filtered("email")
        for lang, partners in recipients.grouped(lambda partner: partner.lang or default).items():
            pdf = self._get_pdf(lang)
            template.with_context(aftersale_lang=lang).send_mail(
                self.id,
                email_values={
                    "recipient_ids": [Command.link(partner.id) for partner in partners],
                    "attachment_ids": [Command.link(pdf.id)],
                },
            )
        if recipients:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
            self.date_sent = fields.Datetime.now()
