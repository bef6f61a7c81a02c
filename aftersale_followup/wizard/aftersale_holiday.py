from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

try:
    import holidays
except ImportError:
    # Optional: holidays can be entered by hand.
    holidays = None


class AftersaleHoliday(models.TransientModel):
    """Fills the working calendar of a company with a country's public holidays and make-up working days.

    Can be repeated: what is entered already, by hand or before, stays as it is and is not entered again.
    """

    _name = "aftersale.holiday"
    _description = "Enter Public Holidays"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    country_id = fields.Many2one(
        "res.country", required=True, compute="_compute_country_id", store=True, readonly=False, precompute=True
    )
    state_id = fields.Many2one(
        "res.country.state",
        "Region",
        domain="[('country_id', '=', country_id)]",
        compute="_compute_state_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Where regions have holidays of their own.",
    )
    year_from = fields.Integer(required=True, default=lambda self: fields.Date.context_today(self).year)
    year_to = fields.Integer(required=True, default=lambda self: fields.Date.context_today(self).year + 1)
    line_ids = fields.One2many(
        "aftersale.holiday.line", "wizard_id", "Days", compute="_compute_line_ids", store=True, readonly=False
    )
    new_count = fields.Integer("New Days", compute="_compute_new_count")

    @api.depends("company_id")
    def _compute_country_id(self):
        for wizard in self:
            wizard.country_id = wizard.company_id.country_id

    @api.depends("company_id", "country_id")
    def _compute_state_id(self):
        for wizard in self:
            state = wizard.company_id.state_id
            wizard.state_id = state if state.country_id == wizard.country_id else False

    @api.depends("company_id", "country_id", "state_id", "year_from", "year_to")
    def _compute_line_ids(self):
        for wizard in self:
            lines = []
            if wizard.company_id and wizard.country_id and 1950 < wizard.year_from <= wizard.year_to < 2200:
                taken = wizard._get_taken()
                lines = [
                    {"date": day, "name": name, "kind": kind, "is_new": (kind, day) not in taken}
                    for kind, day, name in wizard._get_days()
                ]
            wizard.line_ids = [Command.clear(), *map(Command.create, lines)]

    @api.depends("line_ids.is_new")
    def _compute_new_count(self):
        for wizard in self:
            wizard.new_count = len(wizard.line_ids.filtered("is_new"))

    def _get_days(self):
        """Return [(kind, date, name)] of the country's days off and make-up working days, the earliest first.

        Raises UserError when the library is missing or does not know the country.
        """
        self.ensure_one()
        if not holidays:
            raise UserError(
                self.env._(
                    "The Python package “holidays” is not installed. Install it beside Odoo (pip install holidays) and "
                    "restart, or enter the days by hand."
                )
            )
        code, years = self.country_id.code, range(self.year_from, self.year_to + 1)
        supported = holidays.list_supported_countries()
        if code not in supported:
            raise UserError(
                self.env._("The holidays of %s are not known. Enter the days by hand.", self.country_id.name)
            )
        region = (self.state_id.code or "").removeprefix(f"{code}-")
        region = region if region in supported[code] else None
        languages = holidays.list_localized_countries().get(code, ())
        language = next((one for one in (self.env.lang, (self.env.lang or "")[:2]) if one in languages), None)
        calendar = holidays.country_holidays(code, subdiv=region, years=years, language=language)
        days = [("holiday", day, name) for day, name in calendar.items()]
        reason = self.env._("Make-up working day")
        # The library names them for all the years it knows.
        days += [("workday", day, reason) for day in calendar.weekend_workdays if day.year in years]
        return sorted(days, key=lambda item: (item[1], item[0]))

    def _get_taken(self):
        """Return {(kind, date)} of what is entered already: public holidays as far as they reach, working days."""
        self.ensure_one()
        company = self.company_id.sudo()
        first, last = date(self.year_from, 1, 1), date(self.year_to, 12, 31)
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                Domain("resource_id", "=", False)
                & Domain("calendar_id", "in", [False, company.resource_calendar_id.id])
                & Domain("company_id", "in", [False, company.id])
                & Domain("date_from", "<", company._aftersale_moment(last, 24.0))
                & Domain("date_to", ">", company._aftersale_moment(first))
            )
        )
        taken = set()
        for leave in leaves:
            day = company._aftersale_date(leave.date_from)
            while day <= company._aftersale_date(leave.date_to):
                taken.add(("holiday", day))
                day += timedelta(days=1)
        workdays = self.env["aftersale.workday"].sudo().search(Domain("company_id", "=", company.id))
        return taken | {("workday", workday.date) for workday in workdays}

    def action_enter(self):
        """Enter the days shown that are not entered yet; managers of the company only."""
        self.ensure_one()
        self.env["aftersale.workday"].check_access("create")
        if self.company_id not in self.env.user.company_ids:
            raise UserError(self.env._("You do not work for %s.", self.company_id.sudo().name))
        company = self.company_id.sudo()
        calendar = company.resource_calendar_id
        if not calendar:
            raise UserError(
                self.env._("%s has no working schedule to enter holidays in. Choose one first.", company.name)
            )
        taken = self._get_taken()
        new = self.line_ids.filtered(lambda line: (line.kind, line.date) not in taken)
        self.env["resource.calendar.leaves"].sudo().with_company(company).create(
            [
                {
                    "name": line.name,
                    "company_id": company.id,
                    "calendar_id": calendar.id,
                    "date_from": company._aftersale_moment(line.date),
                    "date_to": company._aftersale_moment(line.date, 24.0) - timedelta(seconds=1),
                }
                for line in new
                if line.kind == "holiday"
            ]
        )
        self.env["aftersale.workday"].create(
            [{"date": line.date, "name": line.name, "company_id": company.id} for line in new if line.kind == "workday"]
        )
        message = self.env._("%(new)s days entered, %(old)s were there.", new=len(new), old=len(self.line_ids - new))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": {"type": "ir.actions.act_window_close"}},
        }
