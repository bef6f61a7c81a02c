from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import split_every

from .aftersale_issue import OPEN_STATES

# How far the alarm of a clock went: who responds is warned, then the supervisor hears of it, then a manager.
WARNED, TOLD, ESCALATED = 1, 2, 3
BATCH = 200


class AftersaleIssue(models.Model):
    """The clocks of an issue: when the customer is called, when it is solved, and who hears of it when it is late.

    They count in working days of the company. What they count from is kept, so that they can be counted again when the
    calendar changes. Those of the solution stand still while the customer is waited for.
    """

    _inherit = "aftersale.issue"

    contact_from = fields.Date(copy=False, export_string_translation=False)
    contact_days = fields.Integer(copy=False, export_string_translation=False)
    resolution_from = fields.Date(copy=False, export_string_translation=False)
    # In working days, those of waiting included; 0 where a supervisor chose the day.
    resolution_days = fields.Integer(copy=False, export_string_translation=False)
    waiting_date = fields.Date(
        "Waiting for Customer Since",
        copy=False,
        readonly=True,
        tracking=True,
        help="Meanwhile the clocks of the solution stand still. An answer of the customer starts them again.",
    )
    # {clock: [date, how far its alarm went]}: each step once, and anew for a new date.
    alarms = fields.Json(copy=False, export_string_translation=False)

    # ------------------------------------------------------------
    # Starting and counting
    # ------------------------------------------------------------

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
                    values.update(contact_deadline=deadline, contact_from=start, contact_days=days)
            days = company.aftersale_resolution_days if high else company.aftersale_resolution_days_normal
            deadline = company._aftersale_add_workdays(start, days)
            if not issue.resolution_deadline or (high and deadline < issue.resolution_deadline):
                values.update(resolution_deadline=deadline, resolution_from=start, resolution_days=days)
            if values:
                issue.sudo().write(values)

    def _get_counted(self):
        """Return the deadlines that differ when counted again in the company's calendar of today."""
        self.ensure_one()
        add, values = self.company_id._aftersale_add_workdays, {}
        if self.state == "done":
            deadline = self._get_verification_deadline(self.verification_deadline)
            return {"verification_deadline": deadline} if deadline != self.verification_deadline else {}
        if self.contact_days and not self.date_contacted:
            values["contact_deadline"] = add(self.contact_from, self.contact_days)
        if self.resolution_days:
            values["resolution_deadline"] = add(self.resolution_from, self.resolution_days)
        return {name: date for name, date in values.items() if date != self[name]}

    def _get_verification_deadline(self, latest):
        """Return the working day from ``latest`` on, but never one before the third after the issue was done."""
        company = self.company_id
        third = company._aftersale_add_workdays(company._aftersale_date(self.date_done), 3)
        return max(company._aftersale_next_workday(latest), third)

    # ------------------------------------------------------------
    # Waiting for the customer
    # ------------------------------------------------------------

    def action_wait(self):
        """Stop the clocks of the solution: the issues can only go on when the customer has answered."""
        self.check_access("write")
        for company, issues in self.grouped("company_id").items():
            waiting = issues.filtered(lambda issue: issue.state == "processing" and not issue.waiting_date)
            waiting.sudo().write({"waiting_date": company._aftersale_today()})

    def action_go_on(self):
        """Start the clocks again: the working days of waiting are added to the deadline of the solution."""
        self.check_access("write")
        self.sudo()._go_on()

    def _go_on(self):
        for issue in self.filtered("waiting_date"):
            company = issue.company_id
            waited = len(
                company._aftersale_workdays(issue.waiting_date + timedelta(days=1), company._aftersale_today())
            )
            values = {"waiting_date": False}
            if issue.resolution_days:
                days = issue.resolution_days + waited
                deadline = company._aftersale_add_workdays(issue.resolution_from, days)
                values.update(resolution_days=days, resolution_deadline=deadline)
            elif issue.resolution_deadline and waited:
                values["resolution_deadline"] = company._aftersale_add_workdays(issue.resolution_deadline, waited)
            issue.write(values)

    def _message_post_after_hook(self, message, msg_vals):
        """What the customer writes ends the waiting for it."""
        for issue in self.sudo().filtered("waiting_date"):
            if message.sudo().author_id.commercial_partner_id == issue.commercial_partner_id:
                issue._go_on()
        return super()._message_post_after_hook(message, msg_vals)

    # ------------------------------------------------------------
    # Alarms
    # ------------------------------------------------------------

    def _get_running_clocks(self):
        """Return the names of the deadlines that run now and are set."""
        self.ensure_one()
        names = []
        if self.state == "done":
            names = ["verification_deadline"]
        elif self.state in ("new", "processing"):
            names = [] if self.waiting_date else ["resolution_deadline", "promised_date"]
            names += [] if self.date_contacted else ["contact_deadline"]
        return [name for name in names if self[name]]

    def _get_next_clock(self):
        """Return name and date of the running clock that ends first; an overdue one is always the first."""
        dates = [(self[name], name) for name in self._get_running_clocks()]
        if not dates:
            return "", False
        date, name = min(dates)
        return self._fields[name]._description_string(self.env), date

    @api.model
    def _cron_clocks(self):
        """Count the clocks again where the calendar changed, and raise the alarms that are due, each once."""
        issues = self.search([("state", "in", OPEN_STATES)])
        left = len(issues)
        for batch in split_every(BATCH, issues.ids, self.browse):
            for issue in batch:
                # One issue that cannot be told about keeps nobody else from being told.
                with self.env["aftersale.plan"]._isolated():
                    if values := issue._get_counted():
                        issue.write(values)
                    issue._raise_alarms(issue.company_id._aftersale_today())
            left -= len(batch)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break

    def _raise_alarms(self, today):
        """Warn, tell and escalate what is due by ``today``, each clock's steps once for its date."""
        self.ensure_one()
        alarms = dict(self.alarms or {})
        for name in self._get_running_clocks():
            date = fields.Date.to_string(self[name])
            known, reached = alarms.get(name, ["", 0])
            level = self._get_alarm(self[name], today)
            if level <= (reached if known == date else 0):
                continue
            self._tell_alarm(name, level)
            alarms[name] = [date, level]
        if alarms != (self.alarms or {}):
            self.alarms = alarms

    def _get_alarm(self, deadline, today):
        """Return how far the alarm of ``deadline`` goes on ``today``.

        The responsible user hears of it one working day before, the supervisor after it, a manager one working day
        later.
        """
        add = self.company_id._aftersale_add_workdays
        if deadline < today:
            return ESCALATED if add(deadline, 1) < today else TOLD
        return WARNED if deadline <= add(today, 1) else 0

    def _tell_alarm(self, name, level):
        """Put the alarm of the clock ``name`` on the list of whom ``level`` concerns."""
        clock = {"clock": self._fields[name]._description_string(self.env), "issue": self.name, "day": self[name]}
        supervisor = self._get_supervisor()
        if level == WARNED:
            users, note = self.user_id or supervisor, self.env._("%(clock)s of %(issue)s: %(day)s.", **clock)
        else:
            users, note = supervisor, self.env._("%(clock)s of %(issue)s was %(day)s.", **clock)
        if level == ESCALATED:
            users |= self._get_managers()[:1]
        for user in users or self.env.user:
            self.activity_schedule("aftersale_followup.activity_type_issue", note=note, user_id=user.id)
