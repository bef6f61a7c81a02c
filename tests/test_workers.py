"""Two of everything at once: two servers confirm and validate the same orders, two workers run the same scheduled job.

Design invariants 1 and 2: one follow-up for each plan and order, one invitation for each follow-up, no error.
"""

import re
import threading
from contextlib import closing

import odoorpc
import pytest
from conftest import wait_for
from loop_clock import Clock
from loop_company import Company
from loop_inside import at_once, sell_in_bulk, waiting

BULK = 240  # delivered orders for the scheduled jobs: more than a batch of either
ORDERS = 6


@pytest.fixture(scope="module")
def shop(databases, database, server, smtp):
    """A company on two servers without scheduled jobs of their own; a plan for sales and one for deliveries."""
    name = database(demo=False, lang="zh_CN")
    servers = [server(name, "--max-cron-threads=0", smtp_port=smtp.port) for _number in range(2)]
    company = Company(servers[0]).set_up()
    company.servers, company.name = servers, name
    company.clock = Clock(databases, servers[0])
    company.bulk = sell_in_bulk(databases, name, BULK)
    company.clock.open_today()
    company.delivered = company.ref("plan_new")
    company.sold = company.call("aftersale.plan", "copy", [company.delivered])[0]
    company.goods = [company.product(f"Coffee machine {number}", f"咖啡机 {number}") for number in range(2)]
    sale = {"trigger": "sale", "active": True, "occurrence": "every", "contact_class": "safety"}
    company.call("aftersale.plan", "write", [company.sold], {**sale, "product_ids": [(6, 0, company.goods)]})
    company.call("aftersale.plan", "write", [company.delivered], {"occurrence": "every"})
    company.twice = [company, Company(servers[1])]
    return company


def rows(shop, plan, orders):
    """{order: number of follow-ups} under a plan."""
    query = "SELECT order_id, count(*) FROM aftersale_followup WHERE plan_id = %s AND order_id = ANY(%s) GROUP BY 1"
    return dict(shop.clock.sql(query, plan, list(orders)))


def both(databases, shop, held, works):
    """Let both do their work with what they read before either wrote; their errors.

    Another transaction holds the rows, given as {table: ids}, until both wait for them.
    """
    errors = []

    def run(work):
        try:
            work()
        except odoorpc.error.RPCError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    with closing(databases.server.connect(shop.name)) as connection:
        connection.autocommit = False
        cursor = connection.cursor()
        for table, ids in held.items():
            cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) FOR NO KEY UPDATE NOWAIT", [list(ids)])
            assert cursor.rowcount > 0, f"nothing to hold in {table}"
        for thread in threads:
            thread.start()
        waiting(databases, shop.name, len(works))
        connection.rollback()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return errors


def sell(shop, first):
    """Quotations of both goods for as many customers."""
    orders = []
    for number in range(first, first + ORDERS):
        partner = shop.customer(f"Customer {number}", f"both{number}@example.com")
        lines = [(0, 0, {"product_id": product, "product_uom_qty": 1}) for product in shop.goods]
        orders.append(shop.call("sale.order", "create", {"partner_id": partner, "order_line": lines}))
    return orders


def test_two_workers_sweeping_leave_one_row_each(databases, shop):
    log = at_once(databases, shop.name, "aftersale.plan", "_cron_sweep")
    assert "aftersale_followup_origin_unique" in log, "the two did not meet: this proved nothing"
    assert rows(shop, shop.delivered, shop.bulk) == dict.fromkeys(shop.bulk, 1)
    assert shop.read("aftersale.plan", shop.delivered, "error_count", "failed_records") == (0, False)


def test_two_workers_contacting_send_one_mail_each(databases, shop, smtp):
    before = len(smtp.messages)
    followups = shop.followups(["order_id", "in", shop.bulk])
    shop.clock.make_due(followups)
    log = at_once(databases, shop.name, "aftersale.followup", "_cron_contact")
    # Whoever came second may have met only what the first one had in hand, and left it to the next run.
    log += at_once(databases, shop.name, "aftersale.followup", "_cron_contact")
    assert "Traceback" not in log
    assert shop.followups(["id", "in", followups], ["state", "!=", "ready"]) == []
    mails = (
        "SELECT count(*), count(DISTINCT message.res_id) FROM mail_mail mail"
        " JOIN mail_message message ON message.id = mail.mail_message_id WHERE message.model = 'aftersale.followup'"
    )
    assert shop.clock.sql(mails) == [(BULK, BULK)]
    sent = "SELECT count(*), count(DISTINCT followup_id) FROM aftersale_attempt WHERE outcome = 'sent'"
    assert shop.clock.sql(sent) == [(BULK, BULK)]
    shop.call("ir.cron", "method_direct_trigger", [shop.ref("mail.ir_cron_mail_scheduler_action")])
    received = wait_for(lambda: _bulk_mails(smtp.messages[before:]), 60, "the mails")
    assert len(received) == len(set(received)) == BULK


def _bulk_mails(messages):
    """Addresses of customers that got one of these mails, once as many did as were asked."""
    received = [message.envelope_to[0] for message in messages if re.match(r"c\d+@", message.envelope_to[0])]
    return received if len(set(received)) >= BULK else None


def test_two_servers_confirming_and_validating_the_same_orders(databases, shop):
    orders = sell(shop, 0)
    works = [lambda c=c: c.call("sale.order", "action_confirm", orders) for c in shop.twice]
    assert len(both(databases, shop, {"sale_order": orders}, works)) <= 1  # one is told that they are confirmed
    assert rows(shop, shop.sold, orders) == dict.fromkeys(orders, 1)

    pickings = shop.deliveries(*orders)
    works = [lambda c=c: c.call("stock.picking", "button_validate", pickings) for c in shop.twice]
    assert len(both(databases, shop, _moves(shop, pickings), works)) <= 1
    assert shop.find("stock.picking", ["id", "in", pickings], ["state", "!=", "done"]) == []
    assert rows(shop, shop.delivered, orders) == dict.fromkeys(orders, 1)
    at_once(databases, shop.name, "aftersale.plan", "_cron_sweep")
    assert rows(shop, shop.delivered, orders) == rows(shop, shop.sold, orders) == dict.fromkeys(orders, 1)


def test_two_servers_validating_the_halves_of_the_same_orders(databases, shop):
    """Each sees the other's half as open, so to neither the order seems delivered: it is, and it is asked once."""
    orders = sell(shop, ORDERS)
    shop.call("sale.order", "action_confirm", orders)
    halves = shop.deliveries(*orders), _split(shop, orders)
    works = [
        lambda c=c, h=h: c.call("stock.picking", "button_validate", h) for c, h in zip(shop.twice, halves, strict=True)
    ]
    assert both(databases, shop, _moves(shop, halves[0] + halves[1]), works) == []
    assert shop.find("stock.picking", ["id", "in", halves[0] + halves[1]], ["state", "!=", "done"]) == []
    at_once(databases, shop.name, "aftersale.plan", "_cron_sweep")
    assert rows(shop, shop.delivered, orders) == dict.fromkeys(orders, 1)


def _moves(shop, pickings):
    return {"stock_move": shop.find("stock.move", ["picking_id", "in", pickings])}


def _split(shop, orders):
    """Put the second goods of each order into a delivery of its own; return these."""
    made = []
    for picking in shop.deliveries(*orders):
        [half] = shop.call("stock.picking", "copy", [picking], {"move_ids": [], "move_line_ids": []})
        moves = shop.find("stock.move", ["picking_id", "=", picking], ["product_id", "=", shop.goods[1]])
        lines = shop.find("stock.move.line", ["move_id", "in", moves])
        shop.call("stock.move", "write", moves, {"picking_id": half})
        shop.call("stock.move.line", "write", lines, {"picking_id": half})
        made.append(half)
    return made


def test_nothing_of_it_is_an_error(shop):
    assert [error for served in shop.servers for error in served.errors()] == []
