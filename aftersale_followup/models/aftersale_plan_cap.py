from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from .contact_ledger import ContactLedger

EXEMPT_CLASSES = ("safety", "verification")


class AftersalePlan(models.Model):
    """How often a customer may be contacted: the cap over all plans and channels."""

    _inherit = "aftersale.plan"

    def _get_ledger(self, rows):
        """Return the `ContactLedger` of the last year for the customers of ``rows`` (records or dictionaries).

        Counts who was contacted and who is planned, as planning does.
        """
        ledger = ContactLedger()
        for followup in self.env["aftersale.followup"].sudo().search(self._get_ledger_domain(rows)):
            ledger.add(followup, followup._get_contact_day())
        return ledger

    def _get_contacted_ledger(self, rows):
        """Return the `ContactLedger` of who was contacted in the last year, as at sending time.

        Called under the advisory locks of these customers. A transaction does not see what others committed since
        its first query, so a second cursor reads what the last holder of the locks has just sent.
        """
        ledger = ContactLedger()
        domain = self._get_ledger_domain(rows) & Domain("state", "!=", "planned")
        Followup = self.env["aftersale.followup"].sudo()
        known = Followup.search(domain)
        for followup in known:
            ledger.add(followup, followup._get_contact_day())
        with self.env.registry.cursor() as fresh:
            for followup in Followup.with_env(Followup.env(cr=fresh)).search(
                domain & Domain("id", "not in", known.ids)
            ):
                ledger.add(followup, followup._get_contact_day())
        return ledger

    def _get_ledger_domain(self, rows):
        keys = [key for row in rows for key in ContactLedger.keys(row)]
        texts = [key for key in keys if isinstance(key, str)]
        customers = [key for key in keys if not isinstance(key, str)]
        since = self.env.company._aftersale_today() - timedelta(days=365)
        return (
            (
                Domain("email_key", "in", texts)
                | Domain("phone_key", "in", texts)
                | Domain("commercial_partner_id", "in", customers)
            )
            & Domain("date_planned", ">=", since)
            & Domain("state", "not in", ("skipped", "cancelled"))
        )

    def _get_cap_rule(self, ledger, row, day):
        """Return in words which rule forbids contacting the customer of ``row`` on ``day``, or None.

        One contact in 7 days; the same kind once in 30, touchpoints of one order excepted; a periodic one once in 90
        or in the plan's own interval where that is shorter; 6 a year. The numbers are settings of the company.
        """
        self.ensure_one()
        if self.contact_class in EXEMPT_CLASSES:
            return None
        company, order_id = self.env.company, self._order_of(row)
        contacts = ledger.contacts(row)
        if not contacts:
            return None
        same_kind = [
            contact
            for contact in contacts
            if contact.contact_class == self.contact_class
            and not (self.touchpoint_ids and contact.plan_id == self.id and contact.order_id == order_id)
        ]
        periodic_days = company.aftersale_cap_periodic_days
        if self.interval_months:
            periodic_days = min(periodic_days, self.interval_months * 30 - 1)
        checks = [
            (contacts, company.aftersale_cap_days, self.env._("one contact in %s days")),
            (same_kind, company.aftersale_cap_same_days, self.env._("one contact of the same kind in %s days")),
        ]
        if self.contact_class == "periodic":
            checks.append((same_kind, periodic_days, self.env._("one periodic contact in %s days")))
        for others, days, text in checks:
            if any(abs((day - other.day).days) < days for other in others):
                return text % days
        year = [other for other in contacts if 0 <= (day - other.day).days < 365]
        if len([other for other in year if other.contact_class not in EXEMPT_CLASSES]) >= company.aftersale_cap_year:
            return self.env._("%s contacts a year", company.aftersale_cap_year)
        return None

    @staticmethod
    def _order_of(row):
        return row.get("order_id") if isinstance(row, dict) else row.order_id.id

    def _get_free_day(self, ledger, row, date_from, date_to):
        """Return the first working day of the window on which the cap allows the contact, or None."""
        if not date_to:
            return None
        days = self.env.company._aftersale_workdays(date_from, date_to)
        return next((day for day in days if not self._get_cap_rule(ledger, row, day)), None)
