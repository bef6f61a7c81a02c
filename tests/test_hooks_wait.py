"""Design invariant 2: a sale or a delivery never waits for what somebody else is doing to our records.

Another connection holds the rows that the hooks would write, as the contact cron or an agent's form does while it
works. The seller's click comes back all the same, and what could not be planned is planned by the sweep.
"""

import threading
from contextlib import contextmanager

import pytest
from loop_clock import Clock
from loop_company import Company

PATIENCE = 20  # seconds; a click takes less than one, a lock is held until the click came back


@pytest.fixture(scope="module")
def shop(databases, database, server):
    """A company with one kind of goods, whose plans look at sales and deliveries."""
    served = server(database(demo=False, lang="zh_CN"), "--max-cron-threads=1")
    company = Company(served).set_up()
    company.clock = Clock(databases, served)
    company.clock.sql("UPDATE ir_cron SET active = false WHERE cron_name NOT LIKE 'After-sales%%'")
    # Nobody but the test is to have an issue in hand.
    company.clock.sql("UPDATE res_company SET aftersale_tell_customers = false")
    company.plan = company.ref("plan_new")
    company.call("aftersale.plan", "write", [company.plan], {"date_start": "2020-01-01", "occurrence": "every"})
    company.on_sale = company.call("aftersale.plan", "copy", [company.plan])[0]
    company.goods = company.product("Drip coffee machine", "滴滤咖啡机")
    sale = {"trigger": "sale", "active": True, "contact_class": "safety", "product_ids": [(6, 0, [company.goods])]}
    company.call("aftersale.plan", "write", [company.on_sale], sale)
    return company


@pytest.fixture
def held(databases, shop):
    """Context: held("table", ids) while another transaction has these rows in hand, as any update has."""

    @contextmanager
    def hold(table, ids):
        connection = databases.server.connect(shop.server.database)
        connection.autocommit = False
        try:
            cursor = connection.cursor()
            cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) FOR NO KEY UPDATE NOWAIT", [list(ids)])
            assert cursor.rowcount == len(ids) > 0, f"nothing to hold in {table}"
            yield
        finally:
            connection.rollback()
            connection.close()

    return hold


def at_once(work, *arguments):
    """What the work returns; it must come back while the others still hold their rows."""
    outcome = {}

    def run():
        try:
            outcome["value"] = work(*arguments)
        except Exception as error:
            outcome["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert outcome, "it waits for somebody else's transaction"
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def customer(shop, number):
    return shop.customer(f"Customer {number}", f"wait{number}@example.com")


def confirm(shop, order):
    return shop.call("sale.order", "action_confirm", [order])


def deliver(shop, order):
    return shop.call("stock.picking", "button_validate", shop.deliveries(order))


def planned(shop, order, plan, *domain):
    return shop.followups(["order_id", "=", order], ["plan_id", "=", plan], *domain)


def test_confirming_does_not_wait_for_plan_team_customer_or_issue(shop, held):
    partner = customer(shop, 1)
    order = shop.order(partner, shop.goods)
    issue = shop.call("aftersale.issue", "create", {"title": "The lid leaks", "partner_id": partner})
    with (
        held("aftersale_plan", [shop.plan, shop.on_sale]),
        held("crm_team", [shop.team]),
        held("res_partner", [partner]),
        held("aftersale_issue", [issue]),
    ):
        at_once(confirm, shop, order)
        assert len(planned(shop, order, shop.on_sale)) == 1


def test_validating_does_not_wait_for_plan_team_customer_or_followup(shop, held):
    partner = customer(shop, 2)
    order = shop.order(partner, shop.goods, confirm=True)
    [other] = planned(shop, order, shop.on_sale)
    with (
        held("aftersale_plan", [shop.plan, shop.on_sale]),
        held("crm_team", [shop.team]),
        held("res_partner", [partner]),
        held("aftersale_followup", [other]),
    ):
        at_once(deliver, shop, order)
        assert len(planned(shop, order, shop.plan)) == 1


def test_validating_does_not_wait_for_the_followup_that_it_would_join(shop, held):
    """The customer's planned follow-up takes the goods of the next delivery; just now it is being contacted."""
    partner = customer(shop, 3)
    products = [shop.product(f"Milk frother {number}", f"奶泡机 {number}") for number in range(3)]
    first, joining, late = (shop.order(partner, product, confirm=True) for product in products)
    deliver(shop, first)
    [survivor] = planned(shop, first, shop.plan, ["state", "=", "planned"])
    deliver(shop, joining)
    [merged] = planned(shop, joining, shop.plan)
    assert shop.read("aftersale.followup", merged, "merged_into_id") == survivor, "else nothing is proved below"
    with held("aftersale_followup", [survivor]):
        at_once(deliver, shop, late)
    shop.clock.run("ir_cron_sweep")
    assert len(planned(shop, late, shop.plan)) == 1, "dropped silently"


def test_confirming_again_does_not_wait_for_the_row_that_it_would_revive(shop, held):
    order = shop.order(customer(shop, 4), shop.goods, confirm=True)
    [row] = planned(shop, order, shop.on_sale)
    shop.call("sale.order", "action_cancel", [order])
    assert shop.read("aftersale.followup", row, "state") == "cancelled"
    shop.call("sale.order", "action_draft", [order])
    with held("aftersale_followup", [row]):
        at_once(confirm, shop, order)
        assert shop.read("aftersale.followup", row, "state") == "cancelled"
    shop.clock.run("ir_cron_sweep")
    assert shop.read("aftersale.followup", row, "state") == "planned"


def test_cancelling_and_entering_a_receipt_do_not_wait(shop, held):
    order = shop.order(customer(shop, 5), shop.goods, confirm=True)
    deliver(shop, order)
    rows = planned(shop, order, shop.plan) + planned(shop, order, shop.on_sale)
    with held("aftersale_followup", rows):
        receipt = {"aftersale_receipt_date": "2026-03-02"}
        at_once(shop.call, "stock.picking", "write", shop.deliveries(order), receipt)
        undelivered = shop.order(customer(shop, 6), shop.goods, confirm=True)
        with held("aftersale_followup", planned(shop, undelivered, shop.on_sale)):
            at_once(shop.call, "sale.order", "action_cancel", [undelivered])
    assert shop.read("sale.order", undelivered, "state") == "cancel"


def test_nothing_of_it_is_an_error(shop):
    assert shop.server.errors() == []
