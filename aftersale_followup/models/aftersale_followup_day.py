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
        help="The planned day is over, and it is not the customer whose turn it is.",
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
        for followup in self:
            followup.is_late = (
                followup.state in OPEN_STATES
                and followup.date_planned < followup.company_id._aftersale_today()
                and not followup.is_postponed
                and (followup.state == "planned" or followup.date_call or not followup.channel_id.is_automatic)
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        return (
            Domain("state", "in", OPEN_STATES)
            & Domain("date_planned", "<", self.env.company._aftersale_today())
            & Domain("is_postponed", "=", False)
            & (Domain("state", "=", "planned") | self._get_by_people_domain())
        )

    def _search_is_postponed(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "=", "ready") & Domain("date_call", ">=", self._get_tomorrow(self.env.company))

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
