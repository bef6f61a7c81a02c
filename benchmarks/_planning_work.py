"""Inside Odoo: delivered orders, planned in batches; and helpdesk tickets for the same customers."""

import gc
import sys
import time
from pathlib import Path

from odoo.fields import Command

sys.path.insert(0, str(Path(__file__).parent))

from _sql import clone, customers  # noqa: E402

AGENTS = 20


def prepare(env, count):
    """Make as many orders, each delivered just now to a customer of its own; one plan looks at them."""
    team = env["crm.team"].create({"name": "After-sales"})
    agents = [{"name": f"Agent {n}", "login": f"agent{n}", "email": f"agent{n}@example.com"} for n in range(AGENTS)]
    team.member_ids = env["res.users"].with_context(no_reset_password=True).create(agents)
    env.company.aftersale_team_id = team
    plans = env["aftersale.plan"].search([("trigger", "=", "delivery")])
    assert plans == env.ref("aftersale_followup.plan_new")
    plans.active = False  # whoever delivers the pattern plans nothing
    product = env["product.product"].create({"name": "Goods", "list_price": 5})
    line = Command.create({"product_id": product.id, "product_uom_qty": 1})
    pattern = env["sale.order"].create(
        {"partner_id": env["res.partner"].create({"name": "Pattern"}).id, "order_line": [line]}
    )
    pattern.action_confirm()
    pattern.picking_ids.button_validate()
    assert pattern.picking_ids.state == "done"
    plans.active = True
    partners = customers(env, count)
    order = clone(env, pattern, count, partner_id=f"{partners} + n", name="'B' || n", access_token="NULL")
    order_line = clone(env, pattern.order_line, count, order_id=f"{order} + n", order_partner_id=f"{partners} + n")
    picking = clone(
        env, pattern.picking_ids, count, partner_id=f"{partners} + n", sale_id=f"{order} + n", name="'BP' || n"
    )
    clone(
        env,
        pattern.picking_ids.move_ids,
        count,
        picking_id=f"{picking} + n",
        sale_line_id=f"{order_line} + n",
        partner_id=f"{partners} + n",
    )
    env.cr.execute("ANALYZE")
    env.cr.commit()


def plan(env, count, batch):
    """Plan the newest orders in batches, as the sweep does; what it took. Rolled back: the next time is the same."""
    orders = env["sale.order"].search([], order="id desc", limit=count)
    env.invalidate_all()
    gc.collect()
    queries, started = env.cr.sql_log_count, time.perf_counter()
    rows = env["aftersale.followup"].sudo()
    for start in range(0, count, batch):
        rows |= env["aftersale.plan"]._plan_followups("delivery", orders[start : start + batch])
        env.cr.flush()
        env.invalidate_all()  # as the commit after each batch does
    taken = {"seconds": time.perf_counter() - started, "queries": (env.cr.sql_log_count - queries) * batch / count}
    taken["planned"] = len(rows.filtered(lambda row: row.state == "planned" and row.user_id and row.explanation))
    env.cr.rollback()
    return taken


def tickets(env, count):
    """Create a ticket for each of as many customers; what it took. Rolled back."""
    partners = env["res.partner"].search([("email", "=like", "c%@example.com")], limit=count)
    users = env["res.users"].search([("login", "=like", "agent%")])
    team = env["helpdesk.ticket.team"].search([], limit=1)
    values = [
        {
            "name": f"Call {partner.name}",
            "description": "How is the product?",
            "partner_id": partner.id,
            "user_id": users[number % AGENTS].id,
            "team_id": team.id,
        }
        for number, partner in enumerate(partners)
    ]
    env.invalidate_all()
    gc.collect()
    started = time.perf_counter()
    created = env["helpdesk.ticket"].create(values)
    env.cr.flush()
    seconds = time.perf_counter() - started
    assert len(created) == count
    env.cr.rollback()
    return {"seconds": seconds}
