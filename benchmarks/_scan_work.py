"""Inside Odoo: very many stored follow-ups of the last years, none of them due, and the daily scan."""

import sys
import time
from datetime import timedelta
from pathlib import Path

from odoo import fields

sys.path.insert(0, str(Path(__file__).parent))

from _sql import clone, customers  # noqa: E402

CUSTOMERS = 5_000
SCANS = 5
CRONS = ("ir_cron_contact", "ir_cron_sweep", "ir_cron_clocks", "ir_cron_periodic")


def prepare(env, count):
    """Store follow-ups: of a hundred, ninety ended, nine planned for later and one waiting for an answer."""
    partners = customers(env, CUSTOMERS)
    today = env.company._aftersale_today()
    soon = fields.Datetime.now() + timedelta(days=2)
    plan = env.ref("aftersale_followup.plan_new")
    pattern = env["aftersale.followup"].create(
        {
            "origin": "pattern",
            "plan_id": plan.id,
            "contact_class": plan.contact_class,
            "scenario": plan.scenario,
            "partner_id": env["res.partner"].search([("email", "=", "c1@example.com")]).id,
            "company_id": env.company.id,
            "date_planned": today,
            "date_deadline": today,
            "date_next": soon,
        }
    )
    customer = f"{partners} + 1 + n % {CUSTOMERS}"
    state = "CASE WHEN n % 100 = 0 THEN 'ready' WHEN n % 100 < 10 THEN 'planned' ELSE 'expired' END"
    clone(
        env,
        pattern,
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
    env.cr.execute("ANALYZE")
    env.cr.commit()


def scan(env):
    """Seconds that a scan takes: the scheduled actions one after the other, several times."""
    crons = [env.ref(f"aftersale_followup.{cron}", raise_if_not_found=False) for cron in CRONS]
    crons = [cron for cron in crons if cron]
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
