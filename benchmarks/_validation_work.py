"""Inside Odoo: a warehouse, a batch of confirmed orders, and the validation of their deliveries."""

import gc
import time

from odoo.fields import Command


def prepare(env, count, fitting):
    """Confirm `count` orders of one line, each of a new customer; three plans look at their delivery, `fitting` fit."""
    env.company.stock_text_confirmation = False
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    products = env["product.product"].create(
        [{"name": f"Goods {number}", "is_storable": True, "list_price": 5} for number in range(20)]
    )
    for product in products:
        env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 1000)
    partners = env["res.partner"].create(
        [{"name": f"Customer {n}", "email": f"c{n}@example.com", "phone": f"+8613800{n:06d}"} for n in range(count)]
    )
    lines = [Command.create({"product_id": products[n % 20].id, "product_uom_qty": 1}) for n in range(count)]
    orders = env["sale.order"].create(
        [{"partner_id": partner.id, "order_line": [line]} for partner, line in zip(partners, lines, strict=True)]
    )
    orders.action_confirm()
    if fitting:
        env.company.aftersale_team_id = env["crm.team"].create({"name": "After-sales"})
        plan = env.ref("aftersale_followup.plan_new")
        others = plan.copy({"occurrence": "every"}) | plan.copy({"occurrence": "first_of_customer"})
        assert env["aftersale.plan"].search_count([("trigger", "=", "delivery")]) == 3
        if fitting == 1:
            others.customer_type = "existing"
    return orders.ids


def validate(env, orders):
    """Validate the deliveries as a stock user does; what it took. Rolled back: the next time is the same again."""
    pickings = env["sale.order"].browse(orders).picking_ids.with_context(skip_sms=True)
    gc.collect()
    env.invalidate_all()
    queries, started = env.cr.sql_log_count, time.perf_counter()
    assert pickings.button_validate() is True
    env.cr.flush()  # what a commit does before it commits: writing, and the messages about tracked changes
    taken = {"seconds": time.perf_counter() - started, "queries": env.cr.sql_log_count - queries}
    assert set(pickings.mapped("state")) == {"done"}
    planned = "aftersale.followup" in env and env["aftersale.followup"].search_count([("order_id", "in", orders)])
    env.cr.rollback()
    return {**taken, "rows": planned}
