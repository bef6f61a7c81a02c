from datetime import date, timedelta

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

SWEEP = "odoo.addons.aftersale_followup.models.aftersale_plan_sweep"


@tagged("post_install", "-at_install")
class TestPeriodicWorkers(TransactionCase):
    """Two workers with connections of their own plan the same cycle at the same moment."""

    def setUp(self):
        super().setUp()
        with self._worker() as env:
            customer = env["res.partner"].create({"name": "Twice", "email": "twice@example.com", "lang": "en_US"})
            product = env["product.product"].create({"name": "Advice", "type": "service"})
            line = Command.create({"product_id": product.id})
            order = env["sale.order"].create({"partner_id": customer.id, "order_line": [line]})
            order.action_confirm()
            order.date_order = date.today() - timedelta(days=200)
            plan = env.ref("aftersale_followup.plan_existing").copy(
                {"name": "Twice", "active": True, "partner_domain": f"[('id', '=', {customer.id})]"}
            )
            self.customer_id, self.plan_id = customer.id, plan.id
            self.addCleanup(self._clean, plan.id, order.id, product.id, customer.id)

    def _worker(self):
        return Worker(self.registry)

    def _clean(self, plan_id, order_id, product_id, customer_id):
        with self._worker() as env:
            env["aftersale.followup"].search([("plan_id", "=", plan_id)]).unlink()
            env["aftersale.plan"].browse(plan_id).unlink()
            order = env["sale.order"].browse(order_id)
            order._action_cancel()
            order.unlink()
            env["product.product"].browse(product_id).unlink()
            env["res.partner"].browse(customer_id).unlink()

    def _count(self):
        with self._worker() as env:
            return env["aftersale.followup"].search_count([("plan_id", "=", self.plan_id)])

    def _plan(self, env, how):
        plan, customer = env["aftersale.plan"].browse(self.plan_id), env["res.partner"].browse(self.customer_id)
        return how(plan, customer)

    def test_second_worker_leaves_one_row(self):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self._worker() as late:
            late.cr.execute("SELECT 1")  # its view of the database is from before the first one's row
            with self._worker() as early:
                self._plan(early, lambda plan, customer: plan._plan_followups("periodic", customer))
            self.assertEqual(self._count(), 1)
            self._plan(late, lambda plan, customer: plan._plan_followups("periodic", customer))
            late.flush_all()
        self.assertEqual(self._count(), 1)

    def test_the_sweep_takes_it_for_done_and_parks_nobody(self):
        with mute_logger("odoo.sql_db", SWEEP), self._worker() as late:
            late.cr.execute("SELECT 1")
            with self._worker() as early:
                self._plan(early, lambda plan, customer: plan._sweep_batch(customer))
            self._plan(late, lambda plan, customer: plan._sweep_batch(customer))
            self.assertFalse(late["aftersale.plan"].browse(self.plan_id).failed_records)
        self.assertEqual(self._count(), 1)


class Worker:
    """An environment on a connection of its own; committed at the end unless something failed."""

    def __init__(self, registry):
        self._cursor = registry.cursor()

    def __enter__(self):
        self._cursor.__enter__()
        return api.Environment(self._cursor, SUPERUSER_ID, {})

    def __exit__(self, *failure):
        return self._cursor.__exit__(*failure)
