"""Inside Odoo: invitations that are due, contacted and sent; and the same mails by Odoo's own means."""

import gc
import sys
import time
from pathlib import Path

from odoo import fields

sys.path.insert(0, str(Path(__file__).parent))

from _sql import clone, customers  # noqa: E402

BATCH = 100  # as the cron


def prepare(env, count, smtp_port):
    """Make as many follow-ups due now, each of a customer of its own, and a mail server that takes everything."""
    company = env.company
    today = company._aftersale_today()
    company.write({"aftersale_mail_day": 0, "aftersale_mail_hour": 0, "email": "service@example.com"})
    company.write({"aftersale_hour_from": 0, "aftersale_hour_to": 24})
    env["aftersale.workday"].create({"company_id": company.id, "date": today})
    env["ir.mail_server"].create({"name": "Sink", "smtp_host": "127.0.0.1", "smtp_port": smtp_port})
    plan = env.ref("aftersale_followup.plan_new")
    product = env["product.product"].create({"name": "Goods"})
    partners = customers(env, count)
    pattern = env["aftersale.followup"].create(
        {
            "origin": "bench:0",
            "plan_id": plan.id,
            "scenario": plan.scenario,
            "contact_class": plan.contact_class,
            "partner_id": env.user.partner_id.id,
            "lang": "en_US",
            "date_planned": today,
            "date_deadline": today,
            "date_next": fields.Datetime.now(),
        }
    )
    base = clone(
        env,
        pattern,
        count,
        partner_id=f"{partners} + n",
        commercial_partner_id=f"{partners} + n",
        origin="'bench:' || n",
        email_key="'c' || n || '@example.com'",
        phone_key="'+86138' || lpad(n::text, 8, '0')",
        access_token="lpad(n::text, 22, 'T')",
    )
    env.cr.execute(
        "INSERT INTO aftersale_followup_product_product_rel (aftersale_followup_id, product_product_id)"
        " SELECT %s + n, %s FROM generate_series(1, %s) n",
        [base, product.id, count],
    )
    pattern._skip("staff")
    env.cr.execute("ANALYZE")
    env.cr.commit()
    return list(range(base + 1, base + count + 1))


def _send_queue(env, count):
    """Send what was queued, as the queue does, but for its commits: what was sent is rolled back."""
    mails = env["mail.mail"].sudo().search([("state", "=", "outgoing")], order="id")
    assert len(mails) == count, len(mails)
    mails.send()
    env.flush_all()
    assert set(mails.mapped("state")) == {"sent"}


def contact(env, ids):
    """Contact the customers of these follow-ups as the cron does, and send; what it took. Rolled back."""
    followups = env["aftersale.followup"].sudo()  # as the cron
    env.invalidate_all()
    gc.collect()
    started = time.perf_counter()
    for start in range(0, len(ids), BATCH):
        followups.browse(ids[start : start + BATCH])._process_isolated()
        env.cr.flush()
        env.invalidate_all()  # as the commit after each batch does
    queued = time.perf_counter() - started
    _send_queue(env, len(ids))
    seconds = time.perf_counter() - started
    done = env["aftersale.attempt"].search_count([("followup_id", "in", ids), ("outcome", "=", "sent")])
    env.cr.rollback()
    return {"seconds": seconds, "queued": queued, "attempts": done}


def template(env, ids):
    """Send the same mails to the same customers with the template alone; what it took. Rolled back."""
    env.invalidate_all()
    gc.collect()
    started = time.perf_counter()
    env.ref("aftersale_followup.plan_new").mail_template_id.sudo().send_mail_batch(ids, force_send=False)
    env.flush_all()
    queued = time.perf_counter() - started
    env.invalidate_all()
    _send_queue(env, len(ids))
    seconds = time.perf_counter() - started
    env.cr.rollback()
    return {"seconds": seconds, "queued": queued}
