from odoo import api, fields, models

from .aftersale_issue import OPEN_STATES


class AftersaleIssue(models.Model):
    """The clocks of an issue: when the customer is called, when it is solved, and who hears of it when it is late."""

    _inherit = "aftersale.issue"

    overdue_told_date = fields.Date("Supervisor Told On", copy=False, readonly=True)

    def _start_clocks(self, since=None):
        """Set the deadlines that priority and day give; a date once set only comes nearer.

        :param since: naive UTC moment the clocks run from, default the opening of the issue
        """
        for issue in self.filtered(lambda i: i.state in ("new", "processing")):
            company = issue.company_id
            start = company._aftersale_date(since or issue.create_date or fields.Datetime.now())
            high = issue.priority > "0"
            values = {}
            if high and not issue.date_contacted:
                safety = any(issue.tag_ids.mapped("is_safety"))
                days = company.aftersale_contact_days_safety if safety else company.aftersale_contact_days
                deadline = company._aftersale_add_workdays(start, days)
                if not issue.contact_deadline or deadline < issue.contact_deadline:
                    values["contact_deadline"] = deadline
            days = company.aftersale_resolution_days if high else company.aftersale_resolution_days_normal
            deadline = company._aftersale_add_workdays(start, days)
            if not issue.resolution_deadline or (high and deadline < issue.resolution_deadline):
                values["resolution_deadline"] = deadline
            if values:
                issue.sudo().write(values)

    @api.model
    def _cron_clocks(self):
        """Tell the supervisor of each overdue issue, once per opening."""
        groups = self._read_group([("state", "in", OPEN_STATES), ("overdue_told_date", "=", False)], ["company_id"])
        for (company,) in groups:
            today = company._aftersale_today()
            domain = [("company_id", "=", company.id), ("overdue_told_date", "=", False)]
            late = self.search(self._get_due_date_domain(today) & fields.Domain(domain), limit=500)
            for issue in late:
                # One issue that cannot be told about keeps nobody else from being told.
                with self.env["aftersale.plan"]._isolated():
                    issue._tell_overdue()
                issue.overdue_told_date = today
            self.env["ir.cron"]._commit_progress(len(late))

    def _tell_overdue(self):
        self.ensure_one()
        clock, deadline = self._get_next_clock()
        note = self.env._("%(clock)s of %(issue)s was %(day)s.", clock=clock, issue=self.name, day=deadline)
        self._tell_supervisor(note)
