from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .aftersale_followup import OPEN_STATES
from .aftersale_plan import CONTACT_CLASSES
from .masking import mask_phone


class AftersaleFollowup(models.Model):
    """What people find on their list: what is late, what waits for an agreed time, and what goes first."""

    _inherit = "aftersale.followup"

    is_late = fields.Boolean(
        "Overdue",
        compute="_compute_is_late",
        search="_search_is_late",
        help="The time agreed for a call has come or, where none is agreed, the planned day is over; and it is not the "
        "customer whose turn it is.",
    )
    is_postponed = fields.Boolean(
        "Agreed for Later",
        compute="_compute_is_postponed",
        search="_search_is_postponed",
        help="To be called again on a later day: as agreed with the customer, or because nobody answered.",
    )
    # Of its own, since the next step of the system goes on to the end of the link once this time has come.
    date_call = fields.Datetime(
        "Call Again At", copy=False, readonly=True, help="When the customer is to be called again."
    )

    contact_number = fields.Char(
        "Phone Number", compute="_compute_contact_number", compute_sudo=True, help="Masked as the contact data is."
    )

    @api.depends("partner_id.phone", "is_contact_masked")
    @api.depends_context("uid")
    def _compute_contact_number(self):
        for followup in self:
            number = followup.partner_id.phone_sanitized or followup.partner_id.phone
            followup.contact_number = mask_phone(number) if followup.is_contact_masked else number

    @api.depends("state", "date_call")
    def _compute_is_postponed(self):
        for followup in self:
            tomorrow = followup._get_tomorrow(followup.company_id)
            followup.is_postponed = bool(
                followup.state == "ready" and followup.date_call and followup.date_call >= tomorrow
            )

    @api.depends("state", "date_planned", "date_call", "channel_id")
    def _compute_is_late(self):
        """An agreed time counts to the minute, a planned day to its end in company time."""
        now = fields.Datetime.now()
        for followup in self:
            if followup.state not in OPEN_STATES:
                followup.is_late = False
            elif followup.date_call:
                followup.is_late = followup.date_call <= now
            else:
                is_over = followup.date_planned < followup.company_id._aftersale_today()
                by_people = followup.state == "planned" or not followup.channel_id.is_automatic
                followup.is_late = is_over and by_people

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        agreed = Domain("date_call", "<=", fields.Datetime.now())
        is_over = self._by_company(lambda company: Domain("date_planned", "<", company._aftersale_today()))
        by_people = Domain("state", "=", "planned") | self._get_by_people_domain()
        planned = Domain("date_call", "=", False) & is_over & by_people
        return Domain("state", "in", OPEN_STATES) & (agreed | planned)

    def _search_is_postponed(self, operator, value):
        if operator != "in":
            return NotImplemented
        later = self._by_company(lambda company: Domain("date_call", ">=", self._get_tomorrow(company)))
        return Domain("state", "=", "ready") & later

    def _by_company(self, make_domain):
        """Return ``make_domain(company)`` for the follow-ups of each company the user works in: their days differ.

        Record rules show no others; where these do not apply, the day of the current company counts for the rest.
        """
        others = self.env.companies - self.env.company
        domains = [Domain("company_id", "=", company.id) & make_domain(company) for company in others]
        return Domain.OR([Domain("company_id", "not in", others.ids) & make_domain(self.env.company), *domains])

    @staticmethod
    def _get_tomorrow(company):
        """Return the naive UTC moment at which the next day of ``company`` begins."""
        return company._aftersale_moment(company._aftersale_today() + timedelta(days=1), 0.0)

    @staticmethod
    def _get_by_people_domain():
        """Return the domain of what people contact; the rest is sent, and then the customer's turn."""
        by_people = Domain("channel_id", "=", False) | Domain("channel_id.is_automatic", "=", False)
        return by_people | Domain("date_call", "!=", False)

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Sort ranks as they go before one another, not by their names."""
        if field_name != "contact_class":
            return super()._order_field_to_sql(alias, field_name, direction, nulls, query)
        ranks = [code for code, _label in CONTACT_CLASSES]
        column = self._field_to_sql(alias, field_name, query)
        return SQL("array_position(%s::varchar[], %s) %s %s", ranks, column, direction, nulls)
