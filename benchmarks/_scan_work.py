"""Inside Odoo: very many stored follow-ups of the last years, none of them due, and the daily scan."""

import sys
import time
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.fields import Command

sys.path.insert(0, str(Path(__file__).parent))

from _sql import clone, customers  # noqa: E402

CUSTOMERS = 5_000
ASKED_DAYS = 60  # within as many days everybody was asked by the plan that asks twice a year
SCANS = 5
CRONS = ("ir_cron_contact", "ir_cron_sweep", "ir_cron_clocks", "ir_cron_periodic")


def prepare(env, count):
    """Store follow-ups of customers who buy: ninety in a hundred ended, nine are planned, one is out.

    The first ones are the last cycle of a running periodic plan, one for each customer: it looks at all of them every
    day and finds nobody due.
    """
    partners = customers(env, CUSTOMERS)
    _sell(env, partners)
    today = env.company._aftersale_today()
    soon = fields.Datetime.now() + timedelta(days=2)
    _store(env, partners, today, soon, count - CUSTOMERS)
    _ask(env, partners, today, soon)
    env.cr.execute("ANALYZE")
    env.cr.commit()


def _sell(env, partners):
    """Confirm an order of each customer, half a year ago."""
    product = env["product.product"].create({"name": "Goods", "type": "service", "list_price": 5})
    line = Command.create({"product_id": product.id, "product_uom_qty": 1})
    pattern = env["sale.order"].create({"partner_id": env.company.partner_id.id, "order_line": [line]})
    pattern.action_confirm()
    bought = fields.Datetime.now() - timedelta(days=180)
    ids = {"partner_id": f"{partners} + n", "partner_invoice_id": f"{partners} + n"}
    clone(env, pattern, CUSTOMERS, name="'B' || n", access_token="NULL", date_order=f"'{bought}'::timestamp", **ids)


def _ask(env, partners, today, soon):
    """Start the plan that asks existing customers; each was asked by it within the last weeks."""
    plan = env.ref("aftersale_followup.plan_existing")
    plan.write({"active": True, "date_start": today - timedelta(days=400)})
    assert len(plan._get_cycles(env.company).members) >= CUSTOMERS, "The plan is not about everybody."
    asked = f"'{today}'::date - n % {ASKED_DAYS}"
    clone(
        env,
        _pattern(env, plan, partners, today, soon),
        CUSTOMERS,
        origin=f"'cycle:' || {partners} + n || ':1'",
        partner_id=f"{partners} + n",
        commercial_partner_id=f"{partners} + n",
        email_key="'c' || n || '@example.com'",
        access_token="left(md5('cycle' || n), 22)",
        state="'expired'",
        date_next="NULL",
        date_planned=asked,
        date_sent=asked,
    )


def _pattern(env, plan, partners, today, soon):
    return env["aftersale.followup"].create(
        {
            "origin": "pattern",
            "plan_id": plan.id,
            "contact_class": plan.contact_class,
            "scenario": plan.scenario,
            "partner_id": partners + 1,
            "company_id": env.company.id,
            "date_planned": today,
            "date_deadline": today,
            "date_next": soon,
        }
    )


def _store(env, partners, today, soon, count):
    """Store what other plans asked in 900 days, and what is planned for the next 60."""
    customer = f"{partners} + 1 + n % {CUSTOMERS}"
    state = "CASE WHEN n % 100 = 0 THEN 'ready' WHEN n % 100 < 10 THEN 'planned' ELSE 'expired' END"
    clone(
        env,
        _pattern(env, env.ref("aftersale_followup.plan_new"), partners, today, soon),
        count,
        origin="'order:' || n || ':0'",
        partner_id=customer,
        commercial_partner_id=customer,
        email_key=f"'c' || (1 + n % {CUSTOMERS}) || '@example.com'",
        access_token="left(md5(n::text), 22)",
        state=state,
        date_next=f"CASE WHEN n % 100 < 10 THEN '{soon}'::timestamp + n % 86400 * interval '1 minute' END",
        date_expiry=f"CASE WHEN n % 100 = 0 THEN '{soon}'::timestamp + n % 86400 * interval '1 minute' END",
        date_planned=f"CASE WHEN n % 100 < 10 THEN '{soon}'::date + n % 60 ELSE '{today}'::date - n % 900 END",
        date_sent=f"CASE WHEN n % 100 < 10 THEN NULL ELSE '{today}'::date - n % 900 END",
    )


def scan(env):
    """Seconds that a scan takes: the scheduled actions one after the other, several times."""
    crons = [env.ref(f"aftersale_followup.{cron}") for cron in CRONS]
    moment = fields.Datetime.now()
    started = time.perf_counter()
    for _number in range(SCANS):
        env.invalidate_all()
        for cron in crons:
            cron.ir_actions_server_id.run()
        env.cr.flush()
    seconds = (time.perf_counter() - started) / SCANS
    assert not env["aftersale.followup"].search_count([("write_date", ">=", moment)]), "Something was due."
    env.cr.rollback()
    return seconds
