from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command

# When a meeting is proposed: working days from now, and the hour in the company.
DAYS, HOUR = 3, 10.0


class AftersaleAnalysis(models.Model):
    """The meeting that talks an analysis over: an event of Odoo's calendar with the measures as agenda."""

    _inherit = "aftersale.analysis"

    meeting_id = fields.Many2one(
        "calendar.event", "Review Meeting", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    meeting_start = fields.Datetime("Review Meeting On", related="meeting_id.start", export_string_translation=False)
    # As it was when the report was printed; the event can be moved later.
    meeting_date = fields.Datetime("Meeting as Printed", readonly=True, copy=False)

    def action_meeting(self):
        """Open the meeting about this analysis, and make it first where there is none."""
        self.ensure_one()
        self.check_access("read")
        # sudo: issued analyses are written by nobody; of two who press at once one makes the meeting
        analysis = self.sudo()
        analysis.lock_for_update()
        if not analysis.meeting_id.active:
            if analysis.state == "draft" and not analysis.figures:
                analysis._compute_figures()
            analysis.meeting_id = (
                self.env["calendar.event"].with_context(skip_contact_description=True).create(self._prepare_meeting())
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "calendar.event",
            "res_id": analysis.meeting_id.id,
            "views": [(False, "form")],
        }

    def _prepare_meeting(self):
        """Return the values of the event: whoever gets the analysis is invited."""
        company, analysis = self.company_id, self.sudo()
        start = company._aftersale_moment(company._aftersale_add_workdays(company._aftersale_today(), DAYS), HOUR)
        people = analysis.recipient_ids | analysis.head_ids
        people = people or analysis._default_recipients() | analysis._default_heads()
        agenda = analysis._get_agenda()
        return {
            "name": self.env._("Review meeting: %s", self.title),
            "start": start,
            "stop": start + timedelta(hours=1),
            "partner_ids": [Command.set((people | self.env.user.partner_id).ids)],
            "description": agenda,  # goes with the invitation
            "notes": agenda,  # what the event shows first
            "privacy": "private",  # others than those invited may not open the analysis, and the agenda tells of it
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
        }

    def _get_agenda(self):
        """Return the agenda in the language of the environment: the first problems, then the measures."""
        page = self.env["report.aftersale_followup.report_analysis"]._get_page(self)
        return self.env["ir.qweb"]._render("aftersale_followup.analysis_agenda", {"page": page})

    def _issue_one(self):
        """Freeze the day of the meeting with what is printed."""
        if self.state == "draft":
            self.meeting_date = self.meeting_id.active and self.meeting_id.start
        return super()._issue_one()
