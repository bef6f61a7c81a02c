from datetime import date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo.tests import freeze_time

from .common import AftersaleCase


class PeriodicCase(AftersaleCase):
    """Customers with a past, and days that pass: the cron runs on each of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan_existing = cls.env.ref("aftersale_followup.plan_existing")
        cls.plan_key = cls.env.ref("aftersale_followup.plan_key")
        cls.plan_loyal = cls.env.ref("aftersale_followup.plan_loyal")
        # The orders of the database are nobody's here.
        cls.env.cr.execute("UPDATE sale_order SET state = 'cancel' WHERE state = 'sale'")
        cls.env.invalidate_all()
        cls.service = cls.env["product.product"].create({"name": "Advice", "type": "service", "list_price": 100.0})

    @classmethod
    def _customer(cls, name="Customer", first=None, amount=100.0, **values):
        """Return a customer; with one order confirmed on the day ``first``."""
        cls.number = getattr(cls, "number", 0) + 1
        email = f"periodic{cls.number}@example.com"
        customer = cls.env["res.partner"].create({"name": f"{name} {cls.number}", "email": email, **values})
        if first:
            cls._order_on(customer, first, amount)
        return customer

    @classmethod
    def _order_on(cls, customer, day, amount=100.0, product=None, **values):
        order = cls._order(partner=customer, products=product or cls.service, **values)
        order.order_line.price_unit = amount
        order.date_order = datetime.combine(day, time(3))
        cls.env.flush_all()
        return order

    @classmethod
    def _start(cls, plan, day, **values):
        """Switch ``plan`` on, on ``day``."""
        with freeze_time(datetime.combine(day, time(6))):
            plan.write({"active": True, **values})
        return plan

    def _run(self, day):
        """Let the daily cron run on ``day``."""
        with freeze_time(datetime.combine(day, time(6))), self.enter_registry_test_mode():
            self.env.ref("aftersale_followup.ir_cron_periodic").method_direct_trigger()
        self.env.invalidate_all()

    def _run_days(self, first, last, step=1):
        day = first
        while day <= last:
            self._run(day)
            day += timedelta(days=step)

    def _contacted(self, customer, day, **values):
        """Return a contact of ``customer`` on ``day``, under the plan for new customers."""
        row = self._planned(partner=customer, date_planned=day, date_deadline=day, **values)
        row._set_state("ready", date_sent=f"{day} 12:00:00", date_expiry=f"{months(day, 1)} 12:00:00")
        row._set_state("expired")
        return row

    def _rows(self, customers=None, plan=None):
        domain = [("origin", "like", "cycle:")]
        if customers:
            domain.append(("commercial_partner_id", "in", customers.commercial_partner_id.ids))
        if plan:
            domain.append(("plan_id", "=", plan.id))
        return self.env["aftersale.followup"].search(domain, order="id")


def months(day, count):
    """Return the same day ``count`` months later."""
    return day + relativedelta(months=count)


def workdays(first, last):
    """Return the days from Monday to Friday, both ends included; counted here, without the add-on."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


MONDAY = date(2026, 3, 2)
