from odoo import fields, models
from odoo.exceptions import UserError


class AftersaleFollowup(models.Model):
    """Visits: arranged with the customer, put into the calendar, and answered like a call."""

    _inherit = "aftersale.followup"

    def action_plan_visit(self):
        """Ask when the customer is visited."""
        self._check_call()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan a Visit"),
            "res_model": "aftersale.visit",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_followup_id": self.id},
        }

    def _plan_visit(self, start, hours, note=None):
        """Have the customer visited at ``start`` (naive UTC) for so many ``hours``, by who is responsible.

        The follow-up waits for that hour; a meeting stands on the customer and, where Odoo's calendar is installed, in
        the calendar of who goes there. The customer is not invited by mail: the visit was agreed in person.
        """
        self._check_call()
        if self.state != "ready":
            raise UserError(self.env._("%s is not open any more: no visit is needed.", self.name))
        if start < fields.Datetime.now():
            raise UserError(self.env._("That hour is over: enter a time to come."))
        followup = self.sudo()
        followup.channel_id = followup.env["aftersale.channel"]._by_code("visit")
        followup._call_again(start)
        user = followup.user_id or self.env.user
        summary = self.env._("Visit: %s", followup.display_name)
        activity = followup.partner_id.activity_schedule(
            "mail.mail_activity_data_meeting",
            date_deadline=followup.company_id._aftersale_date(start),
            user_id=user.id,
            summary=summary,
            note=note,
        )
        if "calendar.event" in self.env:
            followup._put_in_calendar(activity, user, start, hours)
        return activity

    def _put_in_calendar(self, activity, user, start, hours):
        """Enter the visit of ``activity`` into the calendar of ``user``."""
        quiet = self.env["calendar.event"].with_context(no_mail_to_attendees=True, dont_notify=True)
        event = quiet.create(
            {
                "name": activity.summary,
                "start": start,
                "stop": fields.Datetime.add(start, hours=hours),
                "user_id": user.id,
                "partner_ids": user.partner_id.ids,
                "location": self.partner_id._display_address(without_company=True).replace("\n", ", ").strip(", "),
                "description": activity.note,
            }
        )
        activity.calendar_event_id = event
