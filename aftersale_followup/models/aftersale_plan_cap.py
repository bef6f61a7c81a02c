from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .contact_cap import ContactCap
from .contact_ledger import Contact, ContactLedger
from .human_contact import read_human_contacts

LEDGER_FIELDS = ("id", "email_key", "phone_key", "commercial_partner_id", "company_id", "date_sent", "date_planned") + (
    *("contact_class", "plan_id", "order_id", "target_id", "scenario", "state"),
)


class AftersalePlan(models.Model):
    """How often a customer may be contacted: the cap over all plans and channels."""

    _inherit = "aftersale.plan"

    # ------------------------------------------------------------
    # The ledger
    # ------------------------------------------------------------

    def _get_ledger(self, rows):
        """Return the `ContactLedger` of the last year for the customers of ``rows`` (records or dictionaries).

        Counts who was contacted and who is planned, as planning does, and who lost a turn. Four queries at most.
        """
        ledger = ContactLedger()
        Followup = self.env["aftersale.followup"].sudo()
        for keys, contact in self._read_contacts(Followup, self._get_ledger_domain(rows)):
            ledger.add_contact(keys, contact)
        self._read_human(ledger, rows)
        self._read_starved(ledger, rows)
        return ledger

    def _get_contacted_ledger(self, rows):
        """Return the `ContactLedger` of who was contacted in the last year, as at sending time.

        Called under the advisory locks of these customers. A transaction does not see what others committed since
        its first query, so a second cursor reads what the last holder of the locks has just sent.
        """
        ledger = ContactLedger()
        domain = self._get_ledger_domain(rows) & Domain("state", "!=", "planned")
        Followup = self.env["aftersale.followup"].sudo()
        known = list(self._read_contacts(Followup, domain))
        with self.env.registry.cursor() as fresh:
            others = domain & Domain("id", "not in", [contact.ref for _keys, contact in known])
            known += self._read_contacts(Followup.with_env(Followup.env(cr=fresh)), others)
        for keys, contact in known:
            ledger.add_contact(keys, contact)
        self._read_human(ledger, rows)
        return ledger

    def _read_contacts(self, followups, domain):
        """Return (keys, `Contact`) of the stored follow-ups of ``domain``; the day is the one sent, else planned."""
        query = followups._search(domain)
        columns = [followups._field_to_sql(followups._table, name, query) for name in LEDGER_FIELDS]
        companies = self.env["res.company"].sudo()
        found = []
        for row in followups.env.execute_query(query.select(*columns)):
            ref, email, phone, customer_id, company_id, sent, day, *kind, scenario, state = row
            if sent:
                day = companies.browse(company_id)._aftersale_date(sent)
            contact = Contact(day, *kind, scenario, company_id, state, ref)
            found.append(([key for key in (email, phone, customer_id) if key], contact))
        return found

    def _read_human(self, ledger, rows):
        """Note on ``ledger`` when somebody spoke to the customers of ``rows`` outside of follow-ups."""
        company = self.env.company
        if not company.aftersale_quiet_days:
            return
        since = fields.Datetime.now() - timedelta(days=company.aftersale_quiet_days + 1)
        for customer_id, moment in read_human_contacts(self.env, self._get_customer_ids(rows), since):
            ledger.add_human(customer_id, company._aftersale_date(moment))

    def _read_starved(self, ledger, rows):
        """Note on ``ledger`` which kinds of contact lost their last turn with the customers of ``rows``."""
        customers = self._get_customer_ids(rows)
        if not customers:
            return
        self.env["aftersale.followup"].flush_model(["commercial_partner_id", "contact_class", "state", "lost_turn"])
        found = self.env.execute_query(
            SQL(
                """SELECT commercial_partner_id, contact_class FROM aftersale_followup
                    WHERE commercial_partner_id IN %s AND state <> 'cancelled' AND date_planned >= %s
                 GROUP BY commercial_partner_id, contact_class
                   HAVING MAX(id) FILTER (WHERE lost_turn) > COALESCE(MAX(id) FILTER (WHERE state <> 'skipped'), 0)""",
                tuple(customers),
                self._get_ledger_start(),
            )
        )
        for customer_id, contact_class in found:
            ledger.add_starved(customer_id, contact_class)

    def _get_ledger_start(self):
        return self.env.company._aftersale_today() - timedelta(days=365)

    @staticmethod
    def _get_customer_ids(rows):
        return sorted({key for row in rows for key in ContactLedger.keys(row) if not isinstance(key, str)})

    def _get_ledger_domain(self, rows):
        texts = sorted({key for row in rows for key in ContactLedger.keys(row) if isinstance(key, str)})
        return (
            (
                Domain("email_key", "in", texts)
                | Domain("phone_key", "in", texts)
                | Domain("commercial_partner_id", "in", self._get_customer_ids(rows))
            )
            & Domain("date_planned", ">=", self._get_ledger_start())
            # Whoever was written to was contacted, even if it was cancelled afterwards.
            & (Domain("state", "not in", ("skipped", "cancelled")) | Domain("date_sent", "!=", False))
        )

    # ------------------------------------------------------------
    # The rules
    # ------------------------------------------------------------

    def _get_cap(self, ledger, row, **options):
        """Return the `ContactCap` of ``row``, as ``ledger`` stands now; ``options`` are those of the class."""
        self.ensure_one()
        return ContactCap(self, ledger, row, **options)

    def _is_same_series(self, row, contact):
        """Return whether ``contact`` is another touchpoint of this plan for the same order, or target list."""
        if not self._get_touchpoints() or contact.plan_id != self.id:
            return False
        names = ("order_id", "target_id")
        own = [row.get(name) if isinstance(row, dict) else row[name].id for name in names]
        # What is empty is None in a row of the database, and False in a record.
        return any(own) and [one or None for one in own] == [getattr(contact, name) or None for name in names]

    def _get_periodic_days(self):
        days = self.env.company.aftersale_cap_periodic_days
        return min(days, self.interval_months * 30 - 1) if self.interval_months else days

    # ------------------------------------------------------------
    # Days
    # ------------------------------------------------------------

    def _get_free_days(self, row, facts, cap):
        """Return the days of the window of ``row`` on which its ``cap`` allows the contact.

        A kind of contact that lost its last turn with the customer to another kind gets its window extended to its
        first free day, within one interval of its own: so it never waits longer than that.
        """
        days, deadline, _time = row["window"]
        free = cap.free(days)
        if free or not facts.ledger.is_starved(row):
            return free
        later = facts.windows.between(max(deadline, days[-1]) + timedelta(days=1), days[-1] + self._get_patience())
        day = cap.first(later)
        if not day:
            return []
        # The window no longer counts in working days from the receipt.
        row.update(date_deadline=day, window_from=0, window_to=0)
        row["why"] += "\n" + self.env._(
            "This kind of contact lost its last turn with the customer to another: the window goes on until %s.", day
        )
        return [day]

    def _make_room(self, row, facts):
        """Return the day for ``row`` that a follow-up of lower rank leaves free by moving inside its window, if any.

        Who moves, and to which day, is noted in the row; it is written with the row.
        """
        lower = facts.get_lower(row)
        if not lower:
            return []
        for day in self._get_cap(facts.ledger, row, without=lower.ids).free(row["window"][0]):
            facts.ledger.add(row, day)
            caps = {followup: followup.plan_id._get_cap(facts.ledger, followup) for followup in lower}
            facts.ledger.remove(row)
            hit = [followup for followup in lower if caps[followup].rule(followup.date_planned)]
            if len(hit) != 1:  # of several, each would have to know where the others go
                continue
            days = facts.windows.between(hit[0].date_planned, hit[0].date_deadline)
            if free := caps[hit[0]].free(days):
                _user, later = facts.agents.pick(free, hit[0].user_id)
                facts.ledger.move(hit[0], later)
                row["moved"] = (hit[0], later)
                return [day]
        return []

    def _get_patience(self):
        """Return how long this kind of contact may be kept waiting by others: its own interval."""
        if self.contact_class == "periodic":
            return timedelta(days=self._get_periodic_days())
        return timedelta(days=self.env.company.aftersale_cap_same_days)

    def _loses_turn(self, ledger, row, days):
        """Return whether contacts of other kinds alone keep ``row`` from all ``days``."""
        return self._get_cap(ledger, row, own=True).first(days) is not None
